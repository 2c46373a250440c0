"""Tells the outside what happened: agent bots at once, account and API-inbox webhooks a moment later.

Deliveries run side by side and may overtake each other, as Sidekiq's do. Only agent bots are tried again, and only
after 429 and 500; what a failure then costs is in `_give_up`.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from sandbox.chatwoot.sending.journal import Journal
from sandbox.chatwoot.sending.signature import sign
from sandbox.chatwoot.world import payloads, threads, writing
from sandbox.chatwoot.world.records import ACTIVITY, AgentBot, Conversation, Event, Json, Message
from sandbox.chatwoot.world.world import World

BOT_EVENTS: Final = frozenset(
    [
        "message_created",
        "message_updated",
        "conversation_status_changed",
        "conversation_updated",
        "conversation_opened",
        "conversation_resolved",
        "webwidget_triggered",
    ]
)
ACCOUNT_EVENTS: Final = frozenset(
    [
        "conversation_status_changed",
        "conversation_updated",
        "conversation_created",
        "contact_created",
        "contact_updated",
        "message_created",
        "message_updated",
        "webwidget_triggered",
        "inbox_created",
        "inbox_updated",
        "conversation_typing_on",
        "conversation_typing_off",
    ]
)
_INBOX_EVENTS: Final = ACCOUNT_EVENTS - {"contact_created", "contact_updated", "inbox_created", "inbox_updated"}
_KEPT: Final = 5000  # bodies that can be sent again
_RETRIED: Final = frozenset({429, 500})
_ESCAPED: Final = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Sending:
    """Timing of webhooks; all in seconds. Tests shorten the waits, never the rules."""

    timeout: float = 5.0
    retry_wait: float = 3.0
    attempts: int = 3
    lag: float = 0.02  # account and API-inbox webhooks are built this much later, from newer records


@dataclass(slots=True)
class Delivery:
    """One event on its way to one receiver. `record` is its line in the journal."""

    sender: str
    url: str
    secret: str
    body: bytes
    id: str
    record: Json
    thread: Conversation | None = None
    message: Message | None = None


@dataclass(slots=True)
class Mischief:
    """Disorder on demand: the next `twice` deliveries go out twice, the next `held` are kept and then shuffled."""

    twice: int = 0
    held: int = 0
    waiting: list[Delivery] = field(default_factory=list)


@dataclass(slots=True)
class Dispatcher:
    """The three signed senders."""

    world: World
    session: aiohttp.ClientSession
    journal: Journal = field(default_factory=Journal)
    sending: Sending = field(default_factory=Sending)
    mischief: Mischief = field(default_factory=Mischief)
    sent: dict[int, Delivery] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def notice(self, event: Event) -> None:
        """Send an event to everyone who is to hear of it."""
        if event.message is not None and event.message.message_type == ACTIVITY:
            return
        if event.name in BOT_EVENTS:
            for bot in _bots(self.world, event):
                self.send(self._delivery("agent_bot", bot.outgoing_url, bot.secret, event))
        if event.name in ACCOUNT_EVENTS:
            self._start(self._later(event))

    async def _later(self, event: Event) -> None:
        await asyncio.sleep(self.sending.lag)
        for webhook in list(self.world.webhooks.values()):
            if webhook.account_id == event.account_id and event.name in webhook.subscriptions:
                self.send(self._delivery("account", webhook.url, webhook.secret, event))
        inbox = self.world.inboxes.get(_inbox_id(event) or 0)
        if inbox and inbox.medium == "api" and inbox.webhook_url and event.name in _INBOX_EVENTS:
            self.send(self._delivery("api_inbox", inbox.webhook_url, inbox.secret, event))

    def _delivery(self, sender: str, url: str, secret: str, event: Event) -> Delivery:
        body = encode(payloads.build(self.world, event))
        id_ = str(uuid.uuid4())
        record = self.journal.add(
            {
                "sender": sender, "url": url, "event": event.name, "delivery": id_, "account": event.account_id,
                "conversation": event.conversation.id if event.conversation else None,
                "message": event.message.id if event.message else None, "attempts": [], "done": False,
            }
        )  # fmt: skip
        delivery = Delivery(sender, url, secret, body, id_, record, event.conversation, event.message)
        self.sent[record["n"]] = delivery
        self.sent.pop(record["n"] - _KEPT, None)
        return delivery

    def send(self, delivery: Delivery) -> None:
        """Put a delivery on its way, subject to the mischief that is asked for."""
        mischief = self.mischief
        if mischief.held > 0:
            mischief.waiting.append(delivery)
            mischief.held -= 1
            if mischief.held == 0:
                self.release()
            return
        self._start(self._deliver(delivery))
        if mischief.twice > 0:
            mischief.twice -= 1
            self._start(self._deliver(delivery))

    def release(self) -> int:
        """Send what is held, in an order drawn from the seed. Returns how many."""
        waiting, self.mischief.waiting, self.mischief.held = self.mischief.waiting, [], 0
        self.world.random.shuffle(waiting)
        for delivery in waiting:
            self._start(self._deliver(delivery))
        return len(waiting)

    def again(self, number: int) -> None:
        """Send a past delivery once more: same body and id, signed anew."""
        self._start(self._deliver(self.sent[number]))

    async def _deliver(self, delivery: Delivery) -> None:
        tries = self.sending.attempts if delivery.sender == "agent_bot" else 1
        for attempt in range(1, tries + 1):
            answer = await self._attempt(delivery)
            if isinstance(answer["status"], int) and 200 <= answer["status"] < 300:
                break
            if attempt == tries or answer["status"] not in _RETRIED:
                self._give_up(delivery, answer)
                break
            await asyncio.sleep(self.sending.retry_wait)
        delivery.record["done"] = True
        self.journal.touch(delivery.record)

    async def _attempt(self, delivery: Delivery) -> Json:
        began = time.monotonic()
        answer: Json = {"status": None, "error": None, "body": None}
        timeout = aiohttp.ClientTimeout(connect=self.sending.timeout, sock_read=self.sending.timeout)
        try:
            async with self.session.post(
                delivery.url, data=delivery.body, headers=_headers(delivery), timeout=timeout
            ) as response:
                answer["status"] = response.status
                answer["body"] = (await response.content.read(2000)).decode(errors="replace")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a timeout is an OSError
            answer["error"] = type(error).__name__
        answer["seconds"] = round(time.monotonic() - began, 4)
        delivery.record["attempts"].append(answer)
        return answer

    def _give_up(self, delivery: Delivery, answer: Json) -> None:
        if delivery.record["event"] not in ("message_created", "message_updated") or delivery.thread is None:
            return
        if delivery.sender == "agent_bot":
            threads.open_after_failure(self.world, delivery.thread)
        elif delivery.sender == "api_inbox" and delivery.message is not None:
            _fail_once(self.world, delivery.thread, delivery.message, answer)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop sending."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def encode(payload: Json) -> bytes:
    """Write JSON as Rails does: compact, UTF-8, with `<`, `>`, `&` and two line separators escaped."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _ESCAPED.items():  # one after another: `translate` takes a hundred times as long
        text = text.replace(character, escape)
    return text.encode(errors="replace")


def _headers(delivery: Delivery) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Chatwoot-Delivery": delivery.id}
    if delivery.secret:
        timestamp = str(int(time.time()))
        headers["X-Chatwoot-Timestamp"] = timestamp
        headers["X-Chatwoot-Signature"] = sign(delivery.secret, timestamp, delivery.body)
    return headers


def _bots(world: World, event: Event) -> Iterator[AgentBot]:
    inbox = world.inboxes.get(_inbox_id(event) or 0)
    ids = [inbox.agent_bot_id if inbox else None]
    ids.append(event.conversation.assignee_bot_id if event.conversation else None)
    for bot_id in dict.fromkeys(ids):
        bot = world.agent_bots.get(bot_id) if bot_id is not None else None
        if bot is not None and bot.outgoing_url:
            yield bot


def _inbox_id(event: Event) -> int | None:
    if event.conversation is not None:
        return event.conversation.inbox_id
    return event.contact_inbox.inbox_id if event.contact_inbox else None


def _fail_once(world: World, thread: Conversation, message: Message, answer: Json) -> None:
    """Mark the message failed; its own message_updated may fail too, which then changes nothing."""
    if message.status != "failed":
        writing.fail(world, thread, message, str(answer["error"] or answer["status"]))
