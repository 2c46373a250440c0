"""The check of Redis before a process relies on it: its version, its kind, the rights of its user."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Final

from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.data_format import agree
from chatwootai.stores.server.errors import NOPERM, StoreMisused, StoreUnavailable, understood
from chatwootai.stores.server.scripts import Runner, names, script, sources
from chatwootai.stores.server.state import state_of

RULE: Final = "~cw:* ~arq:* &cw:* +@all -@dangerous +info"
"""What our user of Redis must be allowed at least (ACL SETUSER)."""
_PLAIN: Final = (
    "ping", "multi", "exec", "time", "evalsha x 0", "eval x 0", "blpop cw:probe 1", "zscan cw:probe 0",
    "subscribe cw:probe", "unsubscribe cw:probe", "zrange arq:probe 0 0", "psetex arq:probe 1 1", "hvals cw:probe",
    "hgetall cw:probe", "mget cw:probe", "scan 0", "unlink cw:probe", "script exists x", "script load x",
)  # fmt: skip
"""Commands that are sent outside scripts; those inside are read from the scripts."""
_CALLED: Final = re.compile(r"""redis\.call\(['"]([A-Z]+)['"]""")
_ARGUMENTS: Final = {
    "TIME": "",
    "PUBLISH": " cw:probe 1",
    "COPY": " cw:probe cw:probe",
    "DEL": " cw:probe",
    "EXISTS": " cw:probe",
    "UNLINK": " cw:probe",
}
_MOST_NAMED: Final = 6
_CLUSTER: Final = ("MOVED", "ASK", "CROSSSLOT")


class CannotUse(Exception):
    """This Redis cannot be used as it is; the message is a sentence for an operator that says what to change."""


async def probe(connection: Connection) -> None:
    """Ask for a sign of life that means something: a script ran, and wrote.

    Raises:
        StoreUnavailable: Redis is away, or refuses.
    """
    await Runner.of(connection).run("probe")
    state_of(connection).fullness.note_room()


async def examine(connection: Connection, setting: str = "REDIS_URL") -> None:
    """Find what no waiting mends before anything is begun, and load all scripts: one that is full has no room for them.

    A Redis that is away passes: it is waited for. `setting`: where its address is written, for the error.

    Raises:
        CannotUse: the user's rights are too narrow, the server is older than 7.0, it is a cluster, or a later release
            wrote what this one cannot read.
    """
    try:
        # Past store_errors: an outage is told of by whoever meets it next.
        refused = await connection.eval(script("probe").source, 1, "cw:{all}", *needed())  # type: ignore[misc]  # redis-py: an answer or its awaitable
    except Exception as error:
        meant = understood(error)
        if meant is None:
            raise
        if reason := _hopeless(meant):
            raise CannotUse(f"{setting}: {reason}") from None
        return
    if refused:
        raise CannotUse(f"{setting}: {_narrow(_list_names([name.decode().strip() for name in refused]))}")
    await _load(connection)
    with suppress(StoreUnavailable):
        if await agree(connection) > 1:
            raise CannotUse(f"{setting}: a later release wrote into this Redis, in a form that this one cannot read")


async def _load(connection: Connection) -> None:
    """Have all scripts known. Where that is not allowed, each is loaded as it is first run."""
    scripts = [script(name) for name in names()]
    with suppress(StoreUnavailable):
        known = await batch(connection, ("SCRIPT", "EXISTS", *(one.digest for one in scripts)))
        missing = [one for one, there in zip(scripts, known[0], strict=True) if not there]
        if missing:
            await batch(connection, *(("SCRIPT", "LOAD", one.source) for one in missing))


def _list_names(refused: list[str]) -> str:
    more = len(refused) - _MOST_NAMED
    return "it may not " + ", ".join(refused[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _hopeless(meant: StoreUnavailable | StoreMisused) -> str:
    """Return why waiting does not help; empty where it may."""
    if isinstance(meant, StoreMisused):
        if "compiling" in meant.reason:
            return "this Redis is too old: 7.0 or later is needed, or Valkey 7.2 or later"
        return f"this Redis cannot run our scripts ({meant.reason})"
    if meant.code == NOPERM:
        return _narrow(meant.reason)
    return "this is a Redis Cluster; what is needed is one, alone or behind Sentinel" if meant.code in _CLUSTER else ""


def _narrow(why: str) -> str:
    return f"the rights of this user of Redis are too narrow ({why}): they must be at least {RULE}"


@cache
def needed() -> tuple[str, ...]:
    """Return every command that we send, each once with a key of ours and a key of arq's."""
    called = {name for file in sources().values() for name in _CALLED.findall(file.read_text(encoding="utf-8"))}
    return tuple(sorted({*_PLAIN, *(_sample(name) for name in called), *_of_arq(called)}))


def _sample(name: str) -> str:
    return name.lower() + _ARGUMENTS.get(name, " cw:probe 1 1 1")


def _of_arq(called: Iterable[str]) -> list[str]:
    return [f"{name.lower()} arq:probe" for name in ("ZADD", "ZREM", "SET", "DEL", "GET", "EXISTS") if name in called]
