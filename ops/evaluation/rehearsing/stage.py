"""Stage of a rehearsal: a worker's own parts, with a Chatwoot that says nothing and a Redis that is never asked."""

import aiohttp

from chatwootai.model.message.delivery import Contact, Delivery, Message
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.server.connection import Connection
from config.evaluation.case import Case
from config.snapshot import Account, Snapshot
from crews.answer.draft import Crews
from crews.understanding.message_reader import MessageReader
from workers.account.turn_budget import Asking, TurnBudget
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.records import Conversation
from workers.context import WorkerContext

_NOBODY = 1


class SilentChatwoot(Chatwoot):
    """A Chatwoot in which nobody has spoken and nothing is posted."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(session, url="http://127.0.0.1:9", account=_NOBODY, bot_token="none")  # noqa: S106 - nobody is asked

    async def conversation(self, conversation: int, *, deadline: float | None = None) -> Conversation:
        """Return a pending conversation without messages."""
        return Conversation(
            id=conversation, inbox=None, status="pending", channel=None, can_reply=True, muted=False, blocked=False,
            labels=(), priority=None, assignee_type=None, assignee_id=None, team=None, contact=None, updated_at=None,
            waiting_since=None, attributes={}, custom={}, last=(),
        )  # fmt: skip

    async def create_message(self, conversation: int, content: str, **_: object) -> int:
        """Return a message's id, and post nothing."""
        return _NOBODY


class _NoBudget(TurnBudget):
    """Counts no turn."""

    async def take(self, turn: Asking) -> None:
        """Let the turn's crew begin."""


class Stage(WorkerContext):
    """Resources of rehearsed turns."""

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        crews: Crews,
        session: aiohttp.ClientSession,
        reader: MessageReader,
    ) -> None:
        super().__init__(
            worker_id="rehearsal", connection=connection, snapshot=snapshot, crews=crews, session=session, reader=reader
        )
        self.turn_budget = _NoBudget(connection)
        self._silent = SilentChatwoot(session)

    def _client(self, account: Account) -> Chatwoot:
        return self._silent


def deliveries_of(account: Account, case: Case, burst: tuple[str, ...], now: float) -> tuple[Delivery, ...]:
    """Return a burst as it would come from the door."""
    contact = Contact(id=_NOBODY, phone=case.phone, verified=True)
    return tuple(
        Delivery(
            account=account.key,
            conversation=0,
            inbox=case.inbox,
            channel=case.channel,
            message=Message(id=number, text=text, at=now),
            contact=contact,
            received_at=now,
        )
        for number, text in enumerate(burst, 1)
    )


def turn_start(account: Account, deliveries: tuple[Delivery, ...], past: tuple[Exchange, ...]) -> TurnStart:
    """Return a conversation as a job that begins on it reads it. `past`: exchanges, oldest first."""
    return TurnStart(
        lease=FencedLease(f"{account.key}:0", "rehearsal", 1),
        sequence=len(deliveries),
        tries=0,
        deliveries=deliveries,
        broken=(),
        outbox=(),
        context=past,
        burst="rehearsal",
    )
