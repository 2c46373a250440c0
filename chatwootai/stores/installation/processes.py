"""The processes of an installation: each says every few seconds that it lives, and which configuration it serves."""

import time
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, store_errors
from chatwootai.stores.server.scripts import Runner

EVERY_SECONDS: Final = 5.0
GONE_SECONDS: Final = 15.0
"""A process that has been silent for so long is gone: killed, cut off, or held up."""
WARMING_SECONDS: Final = 60.0
"""The same of one that is still loading what it needs, which may hold it up for long."""
_FORGOTTEN_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process as it described itself. `kind`: ingress or worker; `started` and `seen`: unix seconds.

    `version` and `digest`: the configuration that it serves, as it was written (no version: not compared with Redis
    yet); `effective`: a digest of what that means with the secrets of this process. `problems`: what it refused of its
    folder, the first few of `refused`. `release`: of this program.
    `slots`: turns that a worker runs at once; 0: not told. `canary`: the version that it serves beside; 0: none.
    `warming`: it is still loading, and takes nothing yet.
    """

    name: str
    kind: str
    host: str
    pid: int
    release: str
    started: float
    seen: float
    version: int | None
    digest: str
    effective: str
    refused: int
    problems: tuple[str, ...] = ()
    slots: int = 0
    canary: int = 0
    warming: bool = False

    @property
    def gone(self) -> bool:
        """Tell whether it has been silent for too long to live."""
        return time.time() - self.seen > (WARMING_SECONDS if self.warming else GONE_SECONDS)


class Processes:
    """The processes of one installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._runner = Runner.of(connection)

    async def report(self, process: Process) -> None:
        """Keep what a process says of itself.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("report_process", process.name, orjson.dumps(asdict(process)))

    async def leave(self, name: str) -> None:
        """Forget a process that ends in good order.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            await self._connection.hdel(keys.PROCESSES, name)

    async def all(self) -> list[Process]:
        """Return all that were heard of within a day, by kind and name; older ones are forgotten.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw: dict[bytes, bytes] = await self._connection.hgetall(keys.PROCESSES)
        found = [_process(each) for each in raw.values()]
        old = [each.name for each in found if time.time() - each.seen > _FORGOTTEN_SECONDS]
        if old:
            with store_errors(self._connection):
                await self._connection.hdel(keys.PROCESSES, *old)
        return sorted((each for each in found if each.name not in old), key=lambda each: (each.kind, each.name))


def _process(raw: bytes) -> Process:
    said = orjson.loads(raw)
    known = {name: said[name] for name in Process.__slots__ if name in said}  # a newer release may say more
    return Process(**{**known, "problems": tuple(known.get("problems") or ())})
