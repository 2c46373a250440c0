"""Canaries in Redis: a version that serves some conversations beside the one in force, and what both came to."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from chatwootai.model.canary.terms import CanaryTerms, Side, read_terms
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.installation.config_versions import KEPT, ConfigVersion
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner


class Result(StrEnum):
    """Ends of a canary."""

    PROMOTED = "promoted"  # it is in force everywhere
    STOPPED = "stopped"  # a person stopped it
    BACK = "back"  # its outcomes broke a rule
    EXPIRED = "expired"  # its time was up
    REFUSED = "refused"  # a worker could not load it
    REPLACED = "replaced"  # another version was put in force


@dataclass(frozen=True, slots=True)
class Over:
    """The end of a canary. `at`: unix seconds; `by`: a person or a process."""

    at: float
    by: str
    result: Result
    why: str


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary. `base`: the version in force beside it; `over`: None while it runs."""

    terms: CanaryTerms
    base: int
    digest: str
    at: float
    by: str
    over: Over | None


class CannotStart(Exception):
    """No canary can begin now; the message says why."""


_REFUSALS: Final = {
    0: "another version was put in force just now",
    -1: "a canary runs already: `chatwootai config canary` shows it, `config canary stop` ends it",
}


class Canaries:
    """The canaries of one installation: at most one at a time, of which the newest is kept."""

    def __init__(self, connection: Connection) -> None:
        self.connection: Any = connection
        self._runner = Runner.of(connection)

    async def start(
        self, digest: str, packed: bytes, terms: Mapping[str, Any], base: ConfigVersion, *, by: str, why: str,
        accounts: int,
    ) -> int:  # fmt: skip
        """Begin a canary beside the version in force and return its version. `terms`: as `CanaryTerms.as_json`.

        A folder that says just this is not put in force at a start, as one that a rollback has set aside.

        Raises:
            CannotStart: one runs already, or another version than `base` is in force.
            StoreUnavailable: Redis is away.
        """
        now = time.time()
        about = {"digest": digest, "at": now, "by": by, "why": why, "accounts": accounts, "overrules": ()}
        base_about = {**asdict(base), "overrules": sorted({*base.overrules, digest})}
        del base_about["number"]
        version = await self._runner.run(
            "canary",
            digest=digest,
            packed=packed,
            about=orjson.dumps(about),
            base=base.number,
            base_about=orjson.dumps(base_about),
            terms=orjson.dumps({**terms, "at": now, "by": by}),
            kept=KEPT,
        )
        if version <= 0:
            raise CannotStart(_REFUSALS[version])
        return int(version)

    async def newest(self) -> Canary | None:
        """Return the canary that runs, or the last one; None: there was none yet.

        Raises:
            StoreUnavailable: Redis is away.
        """
        asked = ("version", "base", "digest", "terms", "over")
        (found,) = await batch(self.connection, ("HMGET", keys.CONFIG_CANARY, *asked))
        version, base, digest, terms, over = found
        if not version:
            return None
        said = orjson.loads(terms)
        return Canary(
            read_terms(int(version), said), int(base), digest.decode(), float(said["at"]), str(said["by"]), _over(over)
        )

    async def running(self) -> Canary | None:
        """Return the canary that runs; None: there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await self.newest()
        return found if found is not None and found.over is None else None

    async def end(self, version: int, result: Result, *, by: str, why: str = "") -> bool:
        """End a canary, and tell whether this has: False where it was over already.

        Raises:
            StoreUnavailable: Redis is away.
        """
        over = {"at": time.time(), "by": by, "result": result, "why": why}
        return bool(await self._runner.run("canary_over", version=version, over=orjson.dumps(over)))

    async def counts(self, version: int) -> dict[Side, Mapping[str, int]]:
        """Return what the turns of both sides came to, as fields that `read_counts` reads.

        Raises:
            StoreUnavailable: Redis is away.
        """
        asked = [("HGETALL", keys.canary_counts(version, side)) for side in Side]
        return {side: _fields(raw) for side, raw in zip(Side, await batch(self.connection, *asked), strict=True)}

    async def due(self) -> bool:
        """Tell whether it is time to look at the outcomes: true for one process in two seconds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            return bool(await self.connection.set(keys.CONFIG_CANARY_LOOK, "1", nx=True, px=lifetimes.CANARY_LOOK_MS))


def _over(raw: bytes | None) -> Over | None:
    if not raw:
        return None
    said = orjson.loads(raw)
    return Over(float(said["at"]), str(said["by"]), Result(said["result"]), str(said["why"]))


def _fields(raw: Any) -> dict[str, int]:
    pairs: Sequence[Any] = list(raw.items() if isinstance(raw, dict) else zip(*[iter(raw)] * 2, strict=True))
    return {name.decode("utf-8", "replace"): int(value) for name, value in pairs}
