"""The whole system with a tool that is called before the model: one model call, and the right order in the reply."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System

ORDERS = {"10234": {"status": "enviado", "tracking": "BR77DEST1"}, "10235": {"status": "pago", "tracking": "BR88DEST2"}}
AGENTS = "attendant: {tools: [order_status]}\n"
TOOLS = r"""
hosts: [127.0.0.1]
private_hosts: [127.0.0.1]
http:
  order_status:
    description: The status of an order, by its number.
    url: http://127.0.0.1:PORT/orders/{number}
    parameters: {properties: {number: {type: string}}}
    prefetch: {pattern: '\bSC-(?P<number>\d{4,})\b'}
"""


class Shop(BaseHTTPRequestHandler):
    """Tells of orders; what it was asked stands in `asked`."""

    asked: list[str] = []  # noqa: RUF012 - one server a module

    def do_GET(self) -> None:
        """Answer as a shop's interface does."""
        number = self.path.rpartition("/")[2]
        self.asked.append(number)
        found = json.dumps({"number": f"SC-{number}", **ORDERS[number]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    files = {
        "domains/_base/tools.yaml": TOOLS.replace("PORT", str(shop.server_port)),
        "domains/_base/crews/customer_service/agents.yaml": AGENTS,
    }
    system = System(Plan(settings="rate_per_minute: 100000\nlanguage: pt\n", files=files))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()
        shop.shutdown()
        shop.server_close()


async def answered(system: System, text: str) -> tuple[str, dict[str, Any]]:
    """The reply's text, and the turn's record."""
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", text, new=True)
        replies = await driver.wait_for_reply(sent, within=60)
    async with system.turns() as turns, asyncio.timeout(30):
        while (record := await turns.read(replies[0]["turn"])) is None:  # noqa: ASYNC110 - it is written after the reply
            await asyncio.sleep(0.1)
    return "\n".join(one["text"] for one in replies), record


async def test_the_order_that_is_named_is_in_the_reply_after_one_model_call(system: System) -> None:
    text, record = await answered(system, "Oi! Cadê o meu pedido SC-10235?")
    assert "BR88DEST2" in text
    assert "BR77DEST1" not in text
    assert record["calls"] == 1
    assert [(name, outcome) for name, outcome, _ in record["tools"]] == [("order_status", "ok")]
    assert "prefetch order_status" in dict(record["steps"])
    async with aiohttp.ClientSession() as session:
        requests = await system.llm(session).requests("SC-10235")
    assert len(requests) == 1
    assert "BR88DEST2" in json.dumps(requests[0])


async def test_without_a_number_nothing_is_asked(system: System) -> None:
    before = list(Shop.asked)
    _, record = await answered(system, "Oi, qual o prazo de troca?")
    assert Shop.asked == before
    assert not [name for name, _ in record["steps"] if name.startswith("prefetch")]
