"""Connects a verb to what runs: the Redis that REDIS_URL names, an account's Chatwoot. Errors are sentences."""

import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ops.printing import complain, listening, naming_shard, shard_name

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection, StoreUnavailable
    from chatwootai.stores.server.shards import Shard
    from config.snapshot import Account
    from workers.chatwoot.client import Chatwoot

Answer = TypeVar("Answer")
_acting: ContextVar[str] = ContextVar("acting", default="")
_shard: ContextVar["Shard | None"] = ContextVar("shard", default=None)
_at_once: ContextVar["Sequence[Shard]"] = ContextVar("at_once", default=())

_MOVED = "ACCOUNT_MOVED"  # as in chatwootai.stores.server.errors
_REFUSED = {
    "NOPERM": "the user in {setting} needs at least the rights that docs/reference/redis.md names",
    "NOAUTH": "{setting} must hold a password",
    "WRONGPASS": "the name or the password in {setting} is not right",
    "CERTIFICATE_VERIFY_FAILED": "{setting} must name the host of its certificate, and its authority (?ssl_ca_certs=)",
}
"""Remedies by the word with which a Redis refuses. `{setting}`: the variable that holds its address."""


class CommandError(Exception):
    """It cannot be done; the message says why, and what to do. `code`: the exit code."""

    code = 1


class UsageError(CommandError):
    """It was called wrongly: what was given does not go together."""

    code = 2


class NotFound(CommandError):
    """Nothing has the name that was given."""

    code = 3


class ChatwootRefused(CommandError):
    """Chatwoot refuses what is needed for it, or does not answer."""

    code = 4


REDIS_AWAY = 5


@contextmanager
def on_shard(shard: "Shard", *, alone: bool) -> Iterator[None]:
    """Work on one of several Redis until the end of the block. `alone`: no other's output is between."""
    before = _shard.set(shard)
    try:
        with naming_shard("" if alone else shard.name):
            yield
    finally:
        _shard.reset(before)


@contextmanager
def run_at_once(shards: "Sequence[Shard]") -> Iterator[None]:
    """Let `with_redis` do its work on all of these at the same time until the end of the block."""
    before = _at_once.set(shards)
    try:
        yield
    finally:
        _at_once.reset(before)


def current_shard() -> "Shard | None":
    """Return the shard that is worked on; None where there is one Redis, or none was chosen."""
    return _shard.get()


def sum_up(codes: Sequence[int]) -> int:
    """Return the exit code of work on several shards: what all say; found on one is found; a part is a failure."""
    told = {code for code in codes if code != NotFound.code} or {NotFound.code}
    if len(told) == 1:
        return told.pop()
    return next((code for code in codes if code not in {0, NotFound.code, REDIS_AWAY}), 1)


def with_redis(work: "Callable[[Connection], Awaitable[int]]") -> int:
    """Do some work on Redis; an error's exit code, and a sentence, where that cannot be.

    Raises:
        CommandError: the work does.
    """
    import asyncio  # a tenth of a start: not for the verbs that ask nobody

    from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable
    from chatwootai.telemetry import log

    try:
        log.configure(os.environ.get("LOG_LEVEL") or "ERROR", os.environ.get("LOG_FORMAT") or None, process="ops")
        if shards := _at_once.get():
            return asyncio.run(_with_each(shards, work))
        return asyncio.run(_with_connection(work))
    except StoreUnavailable as error:
        complain(away_message(error))
        return REDIS_AWAY
    except (BadRedisUrl, log.LogSettingsError) as error:
        complain(error)
    return 1


def ask_redis(work: "Callable[[Connection], Awaitable[Answer]]", url: str) -> "Answer | None":
    """Return what the Redis at a URL answers within a second; None where it does not."""
    import asyncio

    from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable
    from chatwootai.telemetry import log

    log.configure("CRITICAL", None, process="ops")
    try:
        return asyncio.run(asyncio.wait_for(_with_connection(work, url), timeout=1.0))
    except (BadRedisUrl, StoreUnavailable, TimeoutError):
        return None


def away_message(error: "StoreUnavailable") -> str:
    """Return what to say when Redis cannot be asked: why, as far as it is known, and what to do."""
    shard = _shard.get()
    setting = shard.setting if shard else "REDIS_URL"
    if error.code in _REFUSED:
        return f"Redis refuses ({error}): {_REFUSED[error.code].format(setting=setting)}"
    if error.code == _MOVED:
        return "the account is on its way to another shard: run it again when `accounts move` has ended"
    return f"Redis does not answer ({error}): start it, or let {setting} name the one that workers use"


async def _with_each(shards: "Sequence[Shard]", work: "Callable[[Connection], Awaitable[int]]") -> int:
    import asyncio

    return sum_up(await asyncio.gather(*(_with_shard(each, work) for each in shards)))


async def _with_shard(shard: "Shard", work: "Callable[[Connection], Awaitable[int]]") -> int:
    from chatwootai.stores.server.connection import StoreUnavailable

    with on_shard(shard, alone=False):
        try:
            return await _with_connection(work, shard.url)
        except CommandError as error:
            complain(error)
            return error.code
        except StoreUnavailable as error:
            complain(away_message(error))
            return REDIS_AWAY


async def _with_connection(work: "Callable[[Connection], Awaitable[Answer]]", url: str | None = None) -> "Answer":
    from chatwootai.stores.server.connection import DEFAULT_URL, connect

    if url is None and _shard.get() is None and os.environ.get("CHATWOOTAI_REDIS_SHARDS"):
        raise CommandError("this verb does not say which of several Redis it speaks to: ops/shards/reach.py lists them")
    connection = connect(url or os.environ.get("REDIS_URL") or DEFAULT_URL, timeout=5.0)
    try:
        return await work(connection)
    finally:
        await connection.aclose()


def sound_accounts(folder: Path) -> "dict[str, Account]":
    """Return the accounts of a configuration, as far as it is sound: half of it is better than none."""
    from config.loading.loader import inspect

    return dict(inspect(folder, os.environ).snapshot.accounts)


@asynccontextmanager
async def chatwoot_clients() -> "AsyncIterator[Callable[[Account], Chatwoot]]":
    """Yield a function that makes a client of an account, all on one session."""
    import aiohttp

    from workers.chatwoot.client import Chatwoot

    async with aiohttp.ClientSession() as session:

        def client(account: "Account") -> Chatwoot:
            token = account.user_token
            return Chatwoot(
                session,
                url=account.installation.url,
                account=account.id,
                bot_token=account.bot_token.reveal(),
                user_token=token.reveal() if token else None,
            )

        yield client


@contextmanager
def acting(name: str) -> Iterator[list[str]]:
    """Act for a person who is not at this terminal; yields a list of what is told meanwhile, none of it printed."""
    before = _acting.set(name)
    try:
        with listening() as told:
            yield told
    finally:
        _acting.reset(before)


def operator_name() -> str:
    """Return who works here, as histories and the audit name it: the person that is acted for, else user@machine.

    The user is who called sudo, where somebody did.
    """
    if name := _acting.get():
        return name
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or "operator"
    return f"{user}@{socket.gethostname()}"


def can_ask() -> bool:
    """Tell whether somebody is there who could be asked."""
    return sys.stdin.isatty()


def confirm(question: str, *, yes: bool, undoable: bool = False) -> bool:
    """Tell whether the operator says yes, beforehand or when asked. What is `undoable` is done where nobody is there.

    Raises:
        CommandError: nobody can be asked.
    """
    if yes or (undoable and not can_ask()):
        return True
    asked = f"{question} [y/N] "
    if name := shard_name():  # stdout is joined of what all shards print, which may be JSON
        print(f"shard {name}: {asked}", end="", file=sys.stderr, flush=True)
        asked = ""
    try:
        return input(asked).strip().lower() in {"y", "yes"}
    except EOFError:
        raise CommandError("nothing was done: there is nobody to ask here. Add --yes if you mean it") from None
