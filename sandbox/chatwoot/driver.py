"""A client of the sandbox's driver API: hands of customers and teammates for tests, the demo and the bench."""

from types import TracebackType
from typing import Any, NamedTuple, cast

import aiohttp

from sandbox.chatwoot.world.records import Json


class DriverError(RuntimeError):
    """The sandbox did not do as asked; the message says why."""


class NothingHappened(TimeoutError):
    """Something that was waited for did not come in time; the message names what did."""


class Sent(NamedTuple):
    """Place of a customer's message. `at` is unix seconds."""

    account: int
    conversation: int
    message: int
    inbox: int
    contact: int
    at: float


class Thread(NamedTuple):
    """A conversation's address."""

    account: int
    conversation: int


class Driver:
    """Drives one sandbox. `thread` below is anything with `account` and `conversation`, like `Sent`.

    Use it as `async with Driver(url) as driver`.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Driver":
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, body: Json | None = None, **query: Any) -> Any:
        """Call the driver API; raises DriverError where it refuses."""
        assert self._session is not None, "use the driver as an async context manager"  # noqa: S101 - a caller's bug
        wanted = {name: str(value) for name, value in query.items() if value is not None}
        url = f"{self.url}/sandbox/api{path}"
        async with self._session.request(method, url, json=body, params=wanted) as response:
            answer = await response.json()
            if response.status >= 400:
                raise DriverError(f"{method} {path}: {response.status} {answer.get('error', '')}")
            return answer

    # What can be seen

    async def accounts(self) -> list[Json]:
        """Return all accounts, with inboxes and teammates."""
        return cast("list[Json]", await self.ask("GET", "/accounts"))

    async def conversations(self, account: int | None = None) -> list[Json]:
        """Return all conversations in short, newest activity first."""
        return cast("list[Json]", await self.ask("GET", "/conversations", account=account))

    async def state(self, thread: Sent | Thread) -> Json:
        """Return a conversation with its messages, status, owner and who types."""
        return cast("Json", await self.ask("GET", _path(thread)))

    async def replies(self, thread: Sent | Thread) -> list[Json]:
        """Return what the bot has told the customer, oldest first."""
        messages = (await self.state(thread))["messages"]
        return [m for m in messages if m["kind"] == "outgoing" and m["sender"]["kind"] == "bot"]

    async def events(self, after: int = 0, timeout: float = 0.0, **filters: Any) -> Json:  # noqa: ASYNC109 - the sandbox waits
        """Return events newer than `after`: {"last", "newest", "entries"}.

        Wait up to `timeout` seconds for the first.
        """
        return cast("Json", await self.ask("GET", "/events", after=after, timeout=timeout, **filters))

    async def wait_for(self, thread: Sent | Thread, name: str, *, after: int = 0, within: float = 30.0) -> Json:
        """Wait for an event of a conversation. Raises NothingHappened."""
        narrowed = {"account": thread.account, "conversation": thread.conversation, "name": name}
        found = await self.events(after, within, **narrowed)
        if not found["entries"]:
            raise NothingHappened(f"no {name} in conversation {thread.conversation} within {within:g} s")
        return cast("Json", found["entries"][0])

    async def wait_for_reply(self, sent: Sent, *, within: float = 30.0, count: int = 1) -> list[Json]:
        """Wait until the bot has posted `count` messages newer than what was sent. Raises NothingHappened."""
        at = 0
        while True:
            found = [reply for reply in await self.replies(sent) if reply["id"] > sent.message]
            if len(found) >= count:
                return found
            at = (await self._next_reply(sent, at, within))["n"]

    async def _next_reply(self, sent: Sent, after: int, within: float) -> Json:
        while True:
            event = await self.wait_for(sent, "message_created", after=after, within=within)
            message = event["message"]
            if message["id"] > sent.message and message["sender"]["kind"] == "bot":
                return event
            after = event["n"]

    async def wait_for_status(self, thread: Sent | Thread, status: str, *, within: float = 30.0) -> Json:
        """Wait until a conversation has a status; answers its state. Raises NothingHappened."""
        at = 0
        while (state := await self.state(thread))["status"] != status:
            at = (await self.wait_for(thread, "conversation_status_changed", after=at, within=within))["n"]
        return state

    async def calls(self, after: int = 0, timeout: float = 0.0, **filters: Any) -> list[Json]:  # noqa: ASYNC109 - as above
        """Return API calls that the sandbox received."""
        return _entries(await self.ask("GET", "/calls", after=after, timeout=timeout, **filters))

    async def refusals(self, **filters: Any) -> list[Json]:
        """Return API calls that Chatwoot itself would have refused."""
        return _entries(await self.ask("GET", "/refusals", **filters))

    async def deliveries(self, after: int = 0, timeout: float = 0.0, **filters: Any) -> list[Json]:  # noqa: ASYNC109 - as above
        """Return webhooks sent, each with its attempts. Filter by `done=True` to wait for a finished one."""
        return _entries(await self.ask("GET", "/deliveries", after=after, timeout=timeout, **filters))

    async def turn(self, turn: str) -> Json | None:
        """Return the steps of a turn, where somebody keeps them."""
        return cast("Json | None", (await self.ask("GET", f"/turns/{turn}"))["trace"])

    # Customers

    async def write(self, account: int, inbox: int | str, text: str | None = None, **fields: Any) -> Sent:
        """Let a customer write. `inbox` is an id or a channel; `fields` are those of `arrivals.Arrival`."""
        body = {"account": account, "inbox": inbox, "text": text} | fields
        answer = await self.ask("POST", "/messages", body)
        return Sent(**{name: answer[name] for name in Sent._fields})

    async def answer(self, sent: Sent | Thread, inbox: int | str, text: str, **fields: Any) -> Sent:
        """Let the same customer write again, in the same conversation."""
        return await self.write(sent.account, inbox, text, conversation=sent.conversation, **fields)

    async def edit(self, thread: Sent | Thread, text: str, message: int | None = None) -> Json:
        """Let a customer change a message."""
        return await self._do(thread, "edit", text=text, message=message)

    async def delete(self, thread: Sent | Thread, message: int | None = None) -> Json:
        """Let a customer take a message back."""
        return await self._do(thread, "delete", message=message)

    async def type(self, thread: Sent | Thread, *, on: bool = True) -> Json:
        """Let a customer begin or stop typing."""
        return await self._do(thread, "type", on=on)

    async def submit(self, thread: Sent | Thread, message: int, values: Any) -> Json:
        """Let a customer answer a form, a survey, a select."""
        return await self._do(thread, "submit", message=message, values=values)

    async def block(self, thread: Sent | Thread) -> Json:
        """Let a teammate mute the customer."""
        return await self._do(thread, "block")

    async def open_widget(self, account: int, inbox: int | str, contact: str | None = None) -> Json:
        """Let a visitor open the web chat."""
        return cast("Json", await self.ask("POST", "/widget", {"account": account, "inbox": inbox, "contact": contact}))

    # Teammates

    async def reply(self, thread: Sent | Thread, text: str) -> Json:
        """Let a teammate answer; the status stays."""
        return await self._do(thread, "reply", text=text)

    async def note(self, thread: Sent | Thread, text: str) -> Json:
        """Let a teammate leave a private note."""
        return await self._do(thread, "note", text=text)

    async def take_over(self, thread: Sent | Thread) -> Json:
        """Let a teammate open the conversation and take it."""
        return await self._do(thread, "takeover")

    async def hand_back(self, thread: Sent | Thread, *, assign_bot: bool = False) -> Json:
        """Let a teammate give the conversation back."""
        return await self._do(thread, "handback", assign_bot=assign_bot)

    async def resolve(self, thread: Sent | Thread) -> Json:
        """Let a teammate resolve."""
        return await self._do(thread, "resolve")

    async def snooze(self, thread: Sent | Thread, seconds: float = 3600) -> Json:
        """Let a teammate lay the conversation aside."""
        return await self._do(thread, "snooze", seconds=seconds)

    async def set_status(self, thread: Sent | Thread, status: str) -> Json:
        """Let a teammate set a status."""
        return await self._do(thread, "status", status=status)

    async def assign(self, thread: Sent | Thread, user: int | None) -> Json:
        """Assign to a teammate without touching the status."""
        return await self._do(thread, "assign", user=user)

    async def echo(self, thread: Sent | Thread, text: str, attributes: Json | None = None) -> Json:
        """Let a teammate answer in the channel's own app.

        `attributes`: how it is marked, as Chatwoot does if None.
        """
        marked = {} if attributes is None else {"attributes": attributes}
        return await self._do(thread, "echo", text=text, **marked)

    async def template(self, thread: Sent | Thread, text: str, content_type: str = "text") -> Json:
        """Have Chatwoot send a template message."""
        return await self._do(thread, "template", text=text, content_type=content_type)

    async def automation(self, thread: Sent | Thread, text: str) -> Json:
        """Let an automation rule answer."""
        return await self._do(thread, "automation", text=text)

    async def close_window(self, thread: Sent | Thread, *, closed: bool = True) -> Json:
        """End (or reopen) the channel's messaging window."""
        return await self._do(thread, "close_window", closed=closed)

    async def fail(self, thread: Sent | Thread, message: int, error: str) -> Json:
        """Let the provider report that a message did not arrive."""
        return await self._do(thread, "fail", message=message, error=error)

    # Trouble

    async def fault(self, kind: str, **fields: Any) -> Json:
        """Put a fault in force; fields as in `faults.Fault`."""
        return cast("Json", await self.ask("POST", "/faults", {"kind": kind} | fields))

    async def clear_faults(self) -> Json:
        """End all trouble; answers how often each fault struck."""
        return cast("Json", (await self.ask("DELETE", "/faults"))["struck"])

    async def latency(self, median_ms: float = 120.0, sigma: float = 0.4) -> Json:
        """Let API answers take their time."""
        return cast("Json", await self.ask("POST", "/latency", {"median_ms": median_ms, "sigma": sigma}))

    async def send_twice(self, count: int = 1) -> Json:
        """Let the next webhooks go out twice."""
        return cast("Json", await self.ask("POST", "/mischief", {"twice": count}))

    async def shuffle(self, count: int) -> Json:
        """Keep the next webhooks and send them in another order once there are `count`."""
        return cast("Json", await self.ask("POST", "/mischief", {"shuffle": count}))

    async def release(self) -> int:
        """Send at once what is kept for shuffling."""
        return cast("int", (await self.ask("POST", "/release", {}))["released"])

    async def deliver_again(self, number: int) -> Json:
        """Send a past delivery once more (its `n`)."""
        return cast("Json", await self.ask("POST", f"/deliveries/{number}/again", {}))

    async def add_account(self, name: str, outgoing_url: str, inboxes: list[str], **fields: Any) -> Json:
        """Make an account with a bot; answers its ids, tokens and secret."""
        body = {"name": name, "outgoing_url": outgoing_url, "inboxes": inboxes} | fields
        return cast("Json", await self.ask("POST", "/accounts", body))

    async def add_inbox(self, account: int, channel: str, **fields: Any) -> Json:
        """Make an inbox."""
        return cast("Json", await self.ask("POST", "/inboxes", {"account": account, "channel": channel} | fields))

    async def _do(self, thread: Sent | Thread, verb: str, **body: Any) -> Json:
        return cast("Json", await self.ask("POST", f"{_path(thread)}/{verb}", body))


def _path(thread: Sent | Thread) -> str:
    return f"/accounts/{thread.account}/conversations/{thread.conversation}"


def _entries(answer: Json) -> list[Json]:
    return cast("list[Json]", answer["entries"])
