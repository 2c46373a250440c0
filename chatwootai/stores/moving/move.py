"""A move, in steps that each may be run again: the end is the same wherever an earlier run was cut off.

How far it is stands in two marks (`cw:moved:{account}`), set in this order:

| source | target | what has been done |
|---|---|---|
| | arriving | begun |
| left | arriving | held: nothing is admitted, no turn starts; then copied |
| left | arrived | the copy is whole: from here on the target has the account, and messages may come there |
| left | | its turns run on the target; what lies on the source is removed |

The source keeps its mark: a door of an older configuration would write there else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chatwootai.stores import keys
from chatwootai.stores.moving.account_data import AccountData
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner


class NotOpened(Exception):
    """Data that would be removed is not known to be elsewhere."""


class Occupied(Exception):
    """The target holds keys of the account that no move has left there: a copy would remove them. `count`: how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} keys")
        self.count = count


class Stage(StrEnum):
    """Progress of a move."""

    NEW = "new"
    COPYING = "copying"
    COPIED = "copied"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Running:
    """Work that a move waits for. `turns`: jobs that run; `ingest`: an ingest of the account's knowledge does."""

    turns: tuple[str, ...] = ()
    ingest: bool = False

    def __bool__(self) -> bool:
        """Tell whether anything runs."""
        return bool(self.turns) or self.ingest

    def __str__(self) -> str:
        """Return it in words."""
        said = (
            f"{len(self.turns)} turns" if self.turns else "",
            "an ingest of its knowledge" if self.ingest else "",
        )
        return ", ".join(part for part in said if part) or "nothing"


async def marks(shards: Mapping[str, Connection], account: str) -> dict[str, str]:
    """Return the mark of an account on each shard that has one.

    Raises:
        StoreUnavailable: a Redis is away.
    """
    found = {}
    for name, connection in shards.items():
        (mark,) = await batch(connection, ("GET", keys.moved(account)))
        if mark:
            found[name] = mark.decode()
    return found


async def accounts_gone(connection: Connection, accounts: Sequence[str]) -> dict[str, str]:
    """Return, of these accounts, those that have left a shard, each with the name of the one they left it for.

    Raises:
        StoreUnavailable: Redis is away.
    """
    if not accounts:
        return {}
    (found,) = await batch(connection, ("MGET", *map(keys.moved, accounts)))
    said = ((account, (mark or b"").decode().partition(" ")) for account, mark in zip(accounts, found, strict=True))
    return {account: there for account, (state, _, there) in said if state == "left"}


class Move:
    """One account on its way from one shard to another, each by name and connection."""

    def __init__(self, account: str, source: tuple[str, Connection], target: tuple[str, Connection]) -> None:
        self.account = account
        self.source, self._from = source
        self.target, self._to = target
        self.kept = AccountData(self._from, account)
        self.copied = AccountData(self._to, account)

    async def stage(self, place: str) -> Stage:
        """Return how far it is; `place`: the shard on which the configuration in force has the account.

        Raises:
            StoreUnavailable: one of the two is away.
        """
        known = await marks({self.source: self._from, self.target: self._to}, self.account)
        match known.get(self.target, ""):
            case mark if mark == f"arriving {self.source}":
                return Stage.COPYING
            case mark if mark == f"arrived {self.source}":
                return Stage.COPIED
        left = known.get(self.source) == f"left {self.target}"
        return Stage.OPENED if place == self.target and left else Stage.NEW

    async def count_own(self) -> int:
        """Return how many keys the target holds by itself, which neither this move nor one away from it left there.

        Raises:
            StoreUnavailable: it is away.
        """
        (mark,) = await batch(self._to, ("GET", keys.moved(self.account)))
        ours = {f"{state} {self.source}".encode() for state in ("arriving", "arrived", "left")}
        return 0 if mark in ours else await self.copied.count()

    async def begin(self, *, replace: bool = False) -> None:
        """Announce the account to the target, which takes nothing of it yet.

        `replace`: what the target holds of it by itself may be removed.

        Raises:
            Occupied: it holds something by itself; nothing is changed.
            StoreUnavailable: it is away.
        """
        (before,) = await batch(self._to, ("GET", keys.moved(self.account)))
        if not replace and (count := await self.count_own()):
            raise Occupied(count)
        await self._mark(self._to, f"arriving {self.source}")
        if not replace and before is None and (count := await self.copied.count()):  # admitted just before the mark
            await batch(self._to, ("DEL", keys.moved(self.account)))
            raise Occupied(count)

    async def hold(self) -> Running:
        """Let the source admit nothing more and start no turn; return what runs there still.

        Raises:
            StoreUnavailable: it is away.
        """
        leased = await Runner.of(self._from).run("hold", account=self.account, target=self.target)
        stock = await self._run_by_stock_workers()
        (ingest,) = await batch(self._from, ("EXISTS", keys.knowledge_ingest(self.account)))
        return Running((*(job.decode() for job in leased), *stock), bool(ingest))

    async def _run_by_stock_workers(self) -> list[str]:
        """Return the jobs that workers run which take no lease."""
        convs = [conv.decode() for conv, _ in await self.kept.members(keys.OPEN)]
        jobs = await batch(self._from, *(("HGET", keys.state(conv), "job") for conv in convs)) if convs else []
        names = [job.decode() for job in jobs if job]
        found = await batch(self._from, *(("EXISTS", f"arq:in-progress:{job}") for job in names)) if names else []
        return [job for job, runs in zip(names, found, strict=True) if runs]

    async def copy(self) -> int:
        """Copy the account to the target, without what an earlier copy left there; return how many keys.

        From its end on messages may be admitted there.

        Raises:
            StoreUnavailable: one of the two is away.
        """
        await self.copied.remove()
        count = await self.kept.copy_to(self._to)
        await self._mark(self._to, f"arrived {self.source}")
        return count

    async def open(self) -> int:
        """Let turns begin on the target; return how many jobs wait there.

        Raises:
            StoreUnavailable: it is away.
        """
        return int(await Runner.of(self._to).run("open_account", account=self.account))

    async def clear(self) -> int:
        """Bring the records of turns after the account, and remove what the source still has; return how many keys.

        Raises:
            NotOpened: the source does not say that the account has left it, or the target that it is there.
            StoreUnavailable: one of the two is away.
        """
        known = await marks({self.source: self._from, self.target: self._to}, self.account)
        if known != {self.source: f"left {self.target}"}:
            raise NotOpened(f"the marks of {self.account} are {known or 'gone'}")
        await self.kept.copy_records_to(self._to)
        return await self.kept.remove()

    async def undo(self) -> None:
        """Let the source go on as before; what the target has of the account is removed.

        Raises:
            StoreUnavailable: one of the two is away.
        """
        await self._mark(self._to, f"arriving {self.source}")  # what was whole is taken apart: nobody may use it
        await self.copied.remove()
        await Runner.of(self._from).run("open_account", account=self.account)
        await self._mark(self._to, f"left {self.source}")

    async def _mark(self, connection: Connection, mark: str) -> None:
        with store_errors(connection):
            await connection.set(keys.moved(self.account), mark)
