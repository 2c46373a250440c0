"""The surroundings of a turn's steps, in memory: an outbox, a Chatwoot, an account's standing.

Each notes what it was asked for and answers as a test says. What Redis and Chatwoot do themselves is tested with them.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Question
from chatwootai.stores.conversation.decision import Commit, Decision, Pending, Post
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from config.settings.settings import Settings
from tests.builders import account
from workers.away import AccountClosed
from workers.chatwoot import records
from workers.chatwoot.client import MarkPresence, MarkSearch
from workers.chatwoot.errors import Gone, TokenRefused

LEASE = FencedLease("1:25", "j", 1)


def start(**changes: Any) -> TurnStart:
    """Return a job's start on conversation 25 of account 1, with nothing in its mailbox or outbox."""
    usual: dict[str, Any] = {"deliveries": (), "broken": (), "outbox": (), "context": (), "sequence": 1, "tries": 0}
    return TurnStart(lease=LEASE, **(usual | changes))


def action(kind: ActionKind = ActionKind.REPLY, text: str = "Sim.", **changes: Any) -> Action:
    """Return an action of turn `t` in inbox 17, which answers message 7 and is due now."""
    usual: dict[str, Any] = {"turn": "t", "part": 1, "inbox": 17, "channel": "whatsapp", "after": 7, "due": time.time()}
    return Action(kind=kind, text=text, **(usual | changes))


def conversation(**changes: Any) -> records.Conversation:
    """Return conversation 25 as Chatwoot shows one that is ours: pending, with no message but the contact's."""
    found = records.conversation({"id": 25, "status": "pending"})
    assert found is not None
    return replace(found, **changes)


def message(number: int, kind: int = 0, **changes: Any) -> records.Message:
    """Return a message as Chatwoot lists it. `kind`: 0 incoming, 1 outgoing, 2 activity, 3 template."""
    found = records.message({"id": number, "message_type": kind, "content": "x", **changes})
    assert found is not None
    return found


@dataclass
class Outbox:
    """The conversations of a turn. `begun`: that to begin on; `fault`: raised by each write.

    `rights`: answers to requests to post, GO where none is left.
    """

    rights: deque[Post] = field(default_factory=deque)
    answer: Commit = Commit.COMMITTED
    begun: TurnStart | None = None
    fault: Exception | None = None
    waiting: Sequence[Delivery] = ()
    done: list[str] = field(default_factory=list)
    replaced: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    forced: list[bool] = field(default_factory=list)
    again_in: list[dict[str, Any]] = field(default_factory=list)

    async def begin(self, _conv: str, _job: str, _worker: str, *, lost: bool = False) -> TurnStart | None:
        return self.begun

    async def ask_to_post(self, _lease: FencedLease, _pending: Pending) -> tuple[Post, float]:
        self.done.append("asked")
        return (self.rights.popleft() if self.rights else Post.GO), 1e12

    async def sent(self, _lease: FencedLease, _pending: Pending, *, arrived: bool = True) -> None:
        self.done.append("sent" if arrived else "surely not sent")

    async def replace(self, _lease: FencedLease, pending: Pending, **how: Any) -> None:
        self.done.append("replaced")
        self.replaced.append({"instead": (), "drop_turn": False, "dead": None, "cause": ""} | how)

    async def commit(
        self, _lease: FencedLease, _sequence: int, decision: Decision, _limits: object, *, force: bool = False
    ) -> Commit:
        if self.fault is not None:
            raise self.fault
        self.decisions.append(decision)
        self.forced.append(force)
        return self.answer

    async def read(self, _lease: FencedLease) -> tuple[int, Sequence[Delivery]]:
        return 9, self.waiting

    async def discard(self, _lease: FencedLease, entries: Sequence[bytes], *, name: str, dead: bytes) -> None:
        self.done.append(f"discarded {len(entries)} as {name}")

    async def again(self, _lease: FencedLease, **how: Any) -> None:
        if self.fault is not None:
            raise self.fault
        self.again_in.append(how)

    async def finish(self, _lease: FencedLease) -> bool:
        self.done.append("finished")
        return False


@dataclass
class Desk:
    """A Chatwoot that shows `shown` and takes what is posted. `faults`: raised by operations, one a call."""

    shown: records.Conversation = field(default_factory=conversation)
    marks: deque[MarkPresence] = field(default_factory=deque)
    faults: dict[str, deque[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    def fails(self, operation: str, *errors: Exception) -> None:
        """Let the next calls of an operation fail, one with each error."""
        self.faults.setdefault(operation, deque()).extend(errors)

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if faults := self.faults.get(operation):
            raise faults.popleft()

    async def conversation(self, _number: int, *, deadline: float) -> records.Conversation:
        assert deadline > 0
        self._called("show")
        return self.shown

    async def find_mark(self, *_: object, history: bool = True, **__: object) -> MarkSearch:
        self._called("find_mark" if history else "find_mark without history")
        return MarkSearch(self.marks.popleft() if self.marks else MarkPresence.ABSENT)

    async def create_message(self, _number: int, text: str, **how: Any) -> int:
        self._called("create_message")
        self.posts.append({"text": text, "private": False} | how)
        return 100 + len(self.posts)

    async def add_labels(self, _number: int, values: Sequence[str], *, deadline: float) -> None:
        self._called(f"add_labels {','.join(values)}")

    async def set_priority(self, _number: int, priority: str, *, deadline: float) -> None:
        self._called(f"set_priority {priority}")

    async def assign_team(self, _number: int, team: int, *, deadline: float) -> None:
        self._called(f"assign_team {team}")

    async def set_status(self, _number: int, status: str, *, deadline: float) -> None:
        self._called(f"set_status {status}")


@dataclass
class Standing:
    """An account's standing. `lost`: what Chatwoot's 404 of a conversation comes to, None: it is lost alone."""

    lost: AccountClosed | None = None
    noted: list[str] = field(default_factory=list)

    @property
    def probes(self) -> "Standing":
        return self

    async def note_shown(self, _tenant: object, number: int) -> None:
        self.noted.append(f"shown {number}")

    async def note_post(self, _tenant: object) -> None:
        self.noted.append("posted")

    async def note_refusal(self, _tenant: object, _conv: str, error: TokenRefused) -> AccountClosed:
        return AccountClosed(str(error), 1.0)

    async def note_user_refusal(self, _tenant: object, error: TokenRefused) -> None:
        self.noted.append(f"user refused {error.status}")

    async def note_gone(self, _tenant: object, _conv: str, _error: Gone) -> AccountClosed | None:
        return self.lost


@dataclass
class Incidents:
    """The board of incidents."""

    noted: list[str] = field(default_factory=list)

    def works(self, kind: object, account: str, place: str) -> None:
        self.noted.append(f"{kind} of {account} works at {place}")

    def note(self, kind: object, account: str, place: str, words: str) -> None:
        self.noted.append(f"{kind} of {account} fails at {place}: {words}")


@dataclass
class TurnCounter:
    """The budget of turns, of which only giving back is asked here."""

    given_back: int = 0

    async def give_back(self, _turn: object) -> None:
        self.given_back += 1


class Worker:
    """A worker's context of these parts; `noted` holds the answers that its crews were told of."""

    def __init__(self) -> None:
        self.outbox, self.desk, self.standing = Outbox(), Desk(), Standing()
        self.incidents, self.turn_budget = Incidents(), TurnCounter()
        self.conversations = self.outbox
        self.noted: list[Question] = []
        self.worker_id = "w1"
        self.crews = SimpleNamespace(note=lambda question, _settings, _draft: self.noted.append(question))

    @property
    def context(self) -> Any:
        """Return it as what a step takes."""
        return cast(Any, self)

    def tenant(self, settings: Settings | None = None) -> Any:
        """Return account 1, with this Chatwoot and the same settings for every inbox."""
        made = settings or Settings()
        return cast(
            Any,
            SimpleNamespace(account=account(settings=made), settings=lambda _inbox: made, chatwoot=self.desk),
        )
