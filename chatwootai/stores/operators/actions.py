"""Actions of operators on conversations: have them answered again, at once, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.priority import DEFAULT, boost_ms, lane_of
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.entries import job_blob, pack_delivery
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


class RunNowResult(StrEnum):
    """The result of running a job at once."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    GONE = "gone"


class DropResult(StrEnum):
    """The result of dropping a conversation's work."""

    DROPPED = "dropped"
    RUNNING = "running"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Dropped:
    """The work that was dropped: messages that waited, actions that were decided and not delivered."""

    fate: DropResult
    messages: int = 0
    actions: int = 0


class OperatorActions:
    """Actions on one conversation; each is one atomic script, so two operators at once do no harm.

    `by`: who acts, which stands in the conversation's history with what was done.
    """

    def __init__(self, connection: Connection, by: str = "") -> None:
        self._runner = Runner.of(connection)
        self._by = "".join(each for each in by if each.isprintable())[:100]

    async def admit(
        self, conv: str, deliveries: Sequence[Delivery], *, now: float, letter: str = "", priority: int = DEFAULT
    ) -> int | None:
        """Put deliveries into the mailbox although they were admitted before; their clock starts anew at `now`.

        What waits in the mailbox already is left alone. With `letter`, the dead letter of that name is spent by it.

        Returns:
            How many were put there; None if the letter was spent already, and nothing was done.

        Raises:
            StoreUnavailable: Redis is away.
        """
        account, _ = keys.split_conv(conv)
        fresh = [replace(delivery, received_at=now) for delivery in deliveries]
        pairs = [part for one in fresh for part in (one.message.id, pack_delivery(one))]
        put = await self._runner.run(
            "readmit",
            *pairs,
            conv=conv,
            account=account,
            letter=letter,
            lane=lane_of(priority),
            boost_ms=boost_ms(priority),
            blob=job_blob(conv, int(now * 1000)),
            job_ms=lifetimes.JOB_MS,
            seen_ms=lifetimes.SEEN_MESSAGE_MS,
            state_ms=lifetimes.STATE_MS,
            by=self._by,
        )
        return None if put < 0 else int(put)

    async def run_now(self, job: str) -> RunNowResult:
        """Make a job that was put off ready now.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return RunNowResult((await self._runner.run("run_now", job=job, by=self._by)).decode())

    async def drop(self, conv: str) -> Dropped:
        """Give up all that a conversation has to do, unless a worker is at it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        fate, messages, actions = await self._runner.run("drop", conv=conv, state_ms=lifetimes.STATE_MS, by=self._by)
        return Dropped(DropResult(fate.decode()), messages, actions)

    async def drop_letter(self, conv: str, turn: str) -> bool:
        """Throw a dead letter of a conversation away; False if it was gone already.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("drop_letter", conv=conv, turn=turn, by=self._by))
