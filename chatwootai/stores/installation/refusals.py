"""Tokens that Chatwoot does not take: known to all workers, so that one asks for all, and the others' turns wait."""

from dataclasses import dataclass
from typing import Final

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner

_FIRST_MS: Final = 1000
_LONGEST_MS: Final = 30_000
_OVERDUE_MS: Final = 15_000
"""Beyond its time, after which another conversation looks: whoever was to has been dropped."""
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A token that is not taken. `owner`: bot or user; `since`: unix seconds; `conv`: the conversation that looks.

    `digest` tells one token from another; `operation`, `status` and `words` are what Chatwoot refused, and how;
    `place`: file and line where the token is configured. `overdue`: nobody has looked for too long.
    """

    account: str
    owner: str
    digest: str
    conv: str
    operation: str
    status: int
    words: str
    since: float
    place: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """The result of noting a refusal. `first`: the token was taken until now; `since`: unix seconds.

    `again`: seconds after which this conversation is to look; None: another looks.
    """

    first: bool
    again: float | None
    since: float


class Refusals:
    """All tokens that are not taken now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def read(self, account: str, owner: str) -> Refusal | None:
        """Return what is known of an account's token; None: it is taken.

        Raises:
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("refusal", account=account, owner=owner, overdue_ms=_OVERDUE_MS)
        return _refusal(account, owner, answer) if answer else None

    async def note(
        self, account: str, owner: str, *, digest: str, conv: str, operation: str, status: int, words: str
    ) -> Noted:
        """Note that a token was refused, and return who looks again, and when.

        Raises:
            StoreUnavailable: Redis is away.
        """
        first, again, since = await self._runner.run(
            "refuse",
            account=account,
            owner=owner,
            digest=digest,
            conv=conv,
            operation=operation,
            status=status,
            words=words,
            first_ms=_FIRST_MS,
            longest_ms=_LONGEST_MS,
            keep_ms=lifetimes.REFUSED_MS,
            overdue_ms=_OVERDUE_MS,
        )
        return Noted(bool(first), None if again < 0 else again / 1000, since / 1000)

    async def place(self, account: str, owner: str, place: str) -> None:
        """Note where a refused token is configured, for operators; nothing where it is taken by now.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("place", account=account, owner=owner, place=place)

    async def accept(self, account: str, owner: str) -> tuple[float | None, int]:
        """Note that a token is taken again: turns that waited for it run now.

        Returns:
            Since when it was refused (unix seconds; None: it was not), and how many turns had waited.

        Raises:
            StoreUnavailable: Redis is away.
        """
        first, waited = await self._runner.run("accept", account=account, owner=owner, most=_AT_ONCE)
        more = waited
        while more:
            _, more = await self._runner.run("accept", account=account, owner=owner, most=_AT_ONCE)
            waited += more
        return (first / 1000 if first else None), waited

    async def nudge(self, account: str) -> bool:
        """Let one conversation look now; False if none waits, or one does already.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await self._runner.run("nudge", account) is not None

    async def all(self) -> list[Refusal]:
        """Return every token that is not taken, sorted by account and owner.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (names,) = await batch(self._connection, ("SMEMBERS", keys.REFUSED))
        found = []
        for name in sorted(names or ()):
            account, _, owner = name.decode().rpartition(":")
            refusal = await self.read(account, owner)
            if refusal is not None:
                found.append(refusal)
        return found


def _refusal(account: str, owner: str, answer: list[bytes]) -> Refusal:
    overdue, *rest = answer
    held = dict(zip(rest[::2], rest[1::2], strict=True))
    said = {name.decode(): value.decode("utf-8", "replace") for name, value in held.items()}
    return Refusal(
        account=account,
        owner=owner,
        digest=said["digest"],
        conv=said["conv"],
        operation=said["operation"],
        status=int(said["status"]),
        words=said["words"],
        since=float(said["since"]) / 1000,
        place=said.get("place", ""),
        overdue=bool(overdue),
    )
