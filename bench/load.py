"""Load on an ingress, from a process of its own: signed webhooks over connections that stay open, as fast as answered.

Everything is made before the first byte is sent, and answers are read by raw protocols, so that the load costs little.
Prints one JSON line: requests, seconds, statuses and latencies.
"""

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, cast

import uvloop

from bench.figure import quantile
from sandbox.chatwoot.sending.signature import sign
from sandbox.chatwoot.sending.webhooks import encode
from sandbox.chatwoot.world import payloads, seed
from sandbox.chatwoot.world.arrivals import Arrival, arrive
from sandbox.chatwoot.world.records import Event
from sandbox.chatwoot.world.world import World

_ID, _CONVERSATION = 987_650_001, 987_650_002
"""Numbers that stand in the template for a message's and a conversation's id."""


def webhooks(count: int, first: int, host: str, account: int = 1) -> list[bytes]:
    """Return `count` signed HTTP requests, each a new message of about 2.5 kB in a conversation of its own."""
    world = seed.plant(World())
    secret = next(bot.secret for bot in world.agent_bots.values() if bot.account_id == account)
    template = _template(world, account)
    return [_request(template, number, secret, host, account) for number in range(first, first + count)]


def _template(world: World, account: int) -> bytes:
    """Let a contact write once, and put placeholders where the ids are."""
    told: list[Event] = []
    world.listen(told.append)
    inbox = next(box for box in world.inboxes.values() if box.account_id == account and box.medium == "whatsapp")
    message = arrive(world, inbox, Arrival(text=_TEXT))
    event = next(event for event in told if event.name == "message_created")
    body = payloads.build(world, event)
    thread = body["conversation"]
    _renumber(body, message.id, _ID)
    _renumber(thread, thread["id"], _CONVERSATION)
    return encode(body)


def _renumber(part: Any, old: int, new: int) -> None:
    """Put `new` for `old` under the keys that hold ids of that kind."""
    if part.get("id") == old:
        part["id"] = new
    for pushed in part.get("messages", part.get("conversation", {}).get("messages", [])):
        if new == _ID and pushed.get("id") == old:
            pushed["id"] = new
        if new == _CONVERSATION:
            pushed["conversation_id"] = new


def _request(template: bytes, number: int, secret: str, host: str, account: int) -> bytes:
    body = template.replace(str(_ID).encode(), str(number).encode())
    body = body.replace(str(_CONVERSATION).encode(), str(number).encode())
    timestamp = str(int(time.time()))
    head = (
        f"POST /webhooks/chatwoot/{account} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nX-Chatwoot-Delivery: {uuid.UUID(int=number, version=4)}\r\n"
        f"X-Chatwoot-Timestamp: {timestamp}\r\nX-Chatwoot-Signature: {sign(secret, timestamp, body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_TEXT = (
    "Oi! Comprei um kit de hidratação na semana passada, pedido 448812, e queria saber quando chega, porque é um"
    " presente de aniversário. Também gostaria de saber se dá para trocar a cor do batom que veio no outro pacote."
)


class _Connection(asyncio.Protocol):
    """One kept-alive connection: sends the next request when the last is answered."""

    def __init__(
        self, waiting: deque[bytes], statuses: "Counter[str]", took: list[float], done: Callable[[], None]
    ) -> None:
        self._waiting, self._statuses, self._took, self._done = waiting, statuses, took, done
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by behaviour, not by class

    def begin(self) -> None:
        """Send the next request, or hang up when there is none."""
        if self._transport is None:
            return
        if not self._waiting:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(self._waiting.popleft())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or len(self._buffer) < end + 4 + _length(self._buffer[:end]):
            return
        self._took.append(time.perf_counter() - self._sent)
        self._statuses[self._buffer[9:12].decode()] += 1
        self._buffer = b""
        self.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _run(port: int, requests: list[bytes], connections: int) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    waiting, statuses, took = deque(requests), Counter[str](), list[float]()
    open_ = connections
    finished = asyncio.Event()

    def done() -> None:
        nonlocal open_
        open_ -= 1
        if not open_:
            finished.set()

    made = [
        await loop.create_connection(lambda: _Connection(waiting, statuses, took, done), "127.0.0.1", port)
        for _ in range(connections)
    ]
    started = time.perf_counter()
    for _, connection in made:
        connection.begin()
    await finished.wait()
    seconds = time.perf_counter() - started
    latencies = {f"p{share}": quantile(took, share / 100) for share in (50, 95, 99)}
    return {"requests": len(took), "seconds": seconds, "statuses": statuses, **latencies}


def main() -> int:
    """Run the load."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--first", type=int, default=1_000_000, help="the first message id")
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    requests = webhooks(given.requests, given.first, f"127.0.0.1:{given.port}")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        result = loop.run(_run(given.port, requests, given.connections))
    sys.stdout.write(f"{json.dumps(result)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
