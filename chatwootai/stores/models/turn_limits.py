"""Turns of crews by account and day, and by conversation: each burst once, however often it is tried."""

from dataclasses import dataclass

from chatwootai.stores.conversation.lease import FencedLease, Stale
from chatwootai.stores.models.budgets import SpendingAccount
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of taking a turn for a burst.

    `reached`: the limit that leaves none, "day" or "conversation"; None: it has one. `passed`: the number, from 0, of
    the day's threshold that was passed just now.
    """

    reached: str | None = None
    passed: int | None = None


class TurnLimits:
    """Counters of turns in Redis."""

    def __init__(self, connection: Connection) -> None:
        self._runner = Runner.of(connection)

    async def take(
        self, lease: FencedLease, first: int, last: int, *, day: SpendingAccount | None, per_conversation: int | None
    ) -> Taken:
        """Take a turn for the burst of the messages `first` to `last`, unless a limit is reached.

        `day`: the account's counter of turns, None: no limit.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away; taking again is safe.
        """
        answer = await self._runner.run(
            "take_turn",
            **lease.named,
            first=first,
            last=last,
            day=day.name if day else "",
            day_most=day.ceiling if day else -1,
            day_ms=day.keep_ms if day else 0,
            conversation_most=-1 if per_conversation is None else per_conversation,
            thresholds=",".join(map(str, day.thresholds)) if day else "",
        )
        if isinstance(answer, int):
            return Taken(passed=answer - 1 if answer else None)
        return Taken(reached=_unless_stale(answer, lease))

    async def give_back(self, lease: FencedLease, first: int) -> None:
        """Count the burst that begins with message `first` no more: no crew has answered it.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away; giving back again is safe.
        """
        answer = await self._runner.run("give_turn_back", **lease.named, first=first)
        if not isinstance(answer, int):
            _unless_stale(answer, lease)


def _unless_stale(answer: bytes, lease: FencedLease) -> str:
    if answer == b"stale":
        raise Stale(lease.conv)
    return answer.decode()
