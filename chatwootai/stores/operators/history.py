"""Read-only view of a conversation: job, mailbox, outbox and the history of its steps. Ids and counts, never words."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry, unpack_action, unpack_delivery
from chatwootai.stores.server.connection import Connection, batch, store_errors


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what a script did, when (unix seconds), and the ids and counts that tell which."""

    at: float
    name: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """One entry of an outbox, without its words. `kind` "unreadable" where no version of ours wrote it."""

    kind: str
    turn: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationHistory:
    """A conversation as Redis knows it. `job` None: it rests. `kept`: dealt with within a day, may be replayed."""

    conv: str
    job: str | None
    worker: str | None
    tries: int
    waiting: tuple[Delivery, ...]
    kept: tuple[Delivery, ...]
    outbox: tuple[Undelivered, ...]
    steps: tuple[Step, ...]

    @property
    def known(self) -> bool:
        """Tell whether Redis holds anything of it."""
        return bool(self.job or self.steps or self.waiting or self.kept or self.outbox)

    def answered_by(self, turn: str) -> frozenset[int]:
        """Return the ids of the messages that a turn dealt with, as far as the steps reach back."""
        for step in reversed(self.steps):
            if step.name == "committed" and step.details.get("turn") == turn:
                return _messages(step)
        return frozenset()

    def answered_after(self, turn: str, at: float) -> frozenset[int]:
        """Return the ids of messages that turns dealt with after this one, which gave up at `at` (unix seconds).

        What gave up later is in a letter of its own, and not among them.
        """
        committed = [step for step in self.steps if step.name == "committed"]
        places = [place for place, step in enumerate(committed) if step.details.get("turn") == turn]
        later = committed[places[-1] + 1 :] if places else [step for step in committed if step.at > at]
        return frozenset().union(*(_messages(step) for step in later if step.details.get("dead") != "1"))


class ConversationHistories:
    """Looks conversations up; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, conv: str) -> ConversationHistory:
        """Return a conversation; one of which Redis holds nothing is not `known`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (job, worker, tries), box, kept, outbox, steps = await batch(
            self._connection,
            ("HMGET", keys.state(conv), "job", "worker", "tries"),
            ("ZRANGE", keys.box(conv), 0, -1),
            ("ZRANGE", keys.kept(conv), 0, -1),
            ("LRANGE", keys.outbox(conv), 0, -1),
            ("LRANGE", keys.life(conv), 0, -1),
        )
        return ConversationHistory(
            conv=conv,
            job=job.decode() if job else None,
            worker=worker.decode() if worker else None,
            tries=int(tries or 0),
            waiting=_deliveries(box),
            kept=_deliveries(kept),
            outbox=tuple(_read_undelivered(entry) for entry in outbox),
            steps=tuple(step for step in map(_step, steps) if step is not None),
        )

    async def latest(self, convs: Sequence[str], most: int) -> list[tuple[Step, ...]]:
        """Return the last steps of each conversation, at most so many, the newest last.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await batch(self._connection, *(("LRANGE", keys.life(conv), -most, -1) for conv in convs))
        return [tuple(step for step in map(_step, steps) if step is not None) for steps in found]

    async def admitted(self, delivery: str, accounts: list[str]) -> tuple[str, int] | None:
        """Return the conversation and message that a webhook request of the last day brought to one of these accounts.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if not accounts:
            return None
        with store_errors(self._connection):
            values = await self._connection.mget([keys.seen_delivery(account, delivery) for account in accounts])
        for value in values:
            conv, _, message = (value or b"").decode().rpartition(" ")
            if conv and message.isdigit():
                return conv, int(message)
        return None

    async def of_message(self, message: int) -> str | None:
        """Return the conversation in which a message of this id came in the last days; None where none did.

        All keys are looked at, which takes a while in a large Redis.

        Raises:
            StoreUnavailable: Redis is away.
        """
        for pattern, prefix in ((f"cw:seen:m:*:{message}", "cw:seen:m:"), (f"cw:heard:*:{message}", "cw:heard:")):
            with store_errors(self._connection):
                async for raw in self._connection.scan_iter(match=pattern, count=5000):
                    return str(raw.decode()).removeprefix(prefix).rpartition(":")[0]
        return None


def _messages(step: Step) -> frozenset[int]:
    return frozenset(int(one) for one in step.details.get("messages", "").split(",") if one)


def _deliveries(entries: list[bytes]) -> tuple[Delivery, ...]:
    found: list[Delivery] = []
    for entry in entries:
        try:
            found.append(unpack_delivery(entry))
        except BrokenEntry:  # the turn makes a dead letter of it
            continue
    return tuple(found)


def _read_undelivered(entry: bytes) -> Undelivered:
    try:
        action = unpack_action(entry)
    except BrokenEntry:
        return Undelivered(kind="unreadable")
    return Undelivered(kind=action.kind.value, turn=action.turn, part=action.part)


def _step(entry: bytes) -> Step | None:
    """Read `seconds microseconds<TAB>name<TAB>k=v<TAB>k=v`, as life() in queue.lua writes it."""
    moment, *words = entry.decode("utf-8", "replace").split("\t")
    seconds, _, micros = moment.partition(" ")
    if not words or not seconds.isdigit() or not micros.isdigit():
        return None
    pairs = (word.partition("=") for word in words[1:] if word)
    return Step(int(seconds) + int(micros) / 1e6, words[0], {name: value for name, _, value in pairs if value})
