"""Prefetch: customers who name an order, a shop that takes 200 ms to tell of it, the pace of `latency` (latency.py).

Twice: with a tool that is called before the model, and with the same tool left to the model. Each answer must hold what
the shop says of that very order.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from bench.figure import Figure, quantile, rounded
from bench.traffic import Errand, Report, drive
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

PER_SECOND = 12.0
SECONDS, SECONDS_WITHOUT = 60, 30
GOAL = 3.0
_SHOP_SECONDS = 0.2
_WARM = 24
_WITHIN = 30.0
_CHANNELS = ("whatsapp", "webchat", "instagram", "telegram")
_SETTINGS = "rate_per_minute: 100000\n"
_AGENTS = "attendant: {tools: [order_status]}\n"
_TOOLS = r"""
hosts: [127.0.0.1]
private_hosts: [127.0.0.1]
http:
  order_status:
    description: The status of an order (pedido), by its number.
    url: http://127.0.0.1:PORT/orders/{number}
    parameters: {properties: {number: {type: string, description: "As CW-1234."}}}
"""
_PREFETCH = r"    prefetch: {pattern: '\b(?P<number>CW-\d{4})\b'}" + "\n"


async def run() -> list[Figure]:
    """Measure a minute with prefetch, and half a minute without.

    Raises:
        Failed: somebody was answered wrongly, twice, or not at all.
    """
    async with _shop() as port:
        report, calls = await _measure(_TOOLS.replace("PORT", str(port)) + _PREFETCH, SECONDS)
        plain, plain_calls = await _measure(_TOOLS.replace("PORT", str(port)), SECONDS_WITHOUT)
    return [
        Figure("prefetch.under_3s", _under(report), "%", "goal: 97 %"),
        Figure("prefetch.p50", rounded(quantile(report.seconds, 0.50)), "s"),
        Figure("prefetch.p95", rounded(quantile(report.seconds, 0.95)), "s"),
        Figure("prefetch.model_calls", rounded(calls), "a turn", "hedges included"),
        Figure("prefetch.without.under_3s", _under(plain), "%", "the model asks for the tool"),
        Figure("prefetch.without.p50", rounded(quantile(plain.seconds, 0.50)), "s"),
        Figure("prefetch.without.model_calls", rounded(plain_calls), "a turn", "hedges included"),
    ]


def _under(report: Report) -> float:
    return rounded(100 * sum(each < GOAL for each in report.seconds) / report.errands)


async def _measure(tools: str, seconds: int) -> tuple[Report, float]:
    """Return how it went, and the requests that the model got for each turn."""
    files = {"domains/_base/tools.yaml": tools, "domains/_base/crews/customer_service/agents.yaml": _AGENTS}
    async with System(Plan(llm=("--latency", "gpt-4o-mini"), settings=_SETTINGS, files=files)) as system:
        await drive(system, orders(_WARM, seed=1), per_second=PER_SECOND, within=_WITHIN)
        before = await _requests(system)
        report = await drive(system, orders(int(PER_SECOND * seconds), seed=7), per_second=PER_SECOND, within=_WITHIN)
        await asyncio.sleep(0.2)  # the last requests are counted when their connections are let go
        calls = (await _requests(system) - before) / report.errands
    if report.problems:
        raise Failed(f"{len(report.problems)} problems, the first: {report.problems[0]}")
    return report, calls


def orders(count: int, seed: int) -> list[Errand]:
    """Draw customers who ask for an order; what the shop says of it must be in the answer."""
    draw = random.Random(seed)
    numbers = draw.sample(range(1000, 10_000), count)
    return [
        Errand(draw.choice((1, 2)), draw.choice(_CHANNELS), f"Oi, cadê o pedido CW-{n}?", f"CW-{n}", _tracking(n))
        for n in numbers
    ]


def _tracking(number: int) -> str:
    return f"BR{number * 7919 % 1_000_003}X"


async def _requests(system: System) -> float:
    async with aiohttp.ClientSession() as session:
        return float((await system.llm(session).stats())["requests"])


@asynccontextmanager
async def _shop() -> AsyncIterator[int]:
    """Serve a shop that tells of an order after 200 ms; its port."""

    async def order(request: web.Request) -> web.Response:
        await asyncio.sleep(_SHOP_SECONDS)
        number = request.match_info["number"]
        tracking = _tracking(int(number.removeprefix("CW-")))
        return web.json_response({"pedido": number, "status": "enviado", "rastreio": tracking})

    app = web.Application()
    app.router.add_get("/orders/{number}", order)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
