"""Path: from a customer's webhook to the reply's POST with an instant model, step by step, and beyond the burst window.

One customer every 80 ms, so that steps are seen and queues are not. Against: the burst window, which every reply waits
for in any case; a step's ratio is its share of the whole.
"""

import asyncio
import time
from typing import Any

from bench.figure import Figure, quantile, rounded
from bench.traffic import CHANNELS
from chatwootai.stores.conversation.turns import Turns
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

_APART = 0.08
WINDOW_MS = 500
SETTINGS = f"rate_per_minute: 100000\nburst: {{window_ms: {WINDOW_MS}, cap_ms: 2500}}\n"
_TURN = ("queue", "draft", "window", "commit", "post")


async def run(warm: int = 10, messages: int = 100) -> list[Figure]:
    """Measure through a system of its own."""
    heard, records = await measured(Plan(settings=SETTINGS), warm, messages)
    return [*_whole("path.customer", heard), *_whole("path.turn", _seconds(records)), *_steps(records)]


async def measured(plan: Plan, warm: int, messages: int) -> tuple[list[float], list[dict[str, Any]]]:
    """Return what each customer waited, in milliseconds, and the records of the turns."""
    async with System(plan) as system:
        async with Driver(system.url("chatwoot")) as driver:
            await _ask(driver, warm)
            sent = await _ask(driver, messages)
            replies = [(await driver.replies(each))[0] for each in sent]
        async with system.turns() as turns:
            records = [await _record(turns, str(reply["turn"])) for reply in replies]
    return [1000 * (reply["at"] - each.at) for each, reply in zip(sent, replies, strict=True)], records


async def _ask(driver: Driver, count: int) -> list[Sent]:
    async def ask(number: int) -> Sent:
        await asyncio.sleep(number * _APART)
        channel = CHANNELS[number % len(CHANNELS)]
        sent = await driver.write(1 + number % 2, channel, f"Quais as formas de pagamento? Pedido CW-{number:04d}.")
        await driver.wait_for_reply(sent)
        return sent

    return list(await asyncio.gather(*map(ask, range(count))))


async def _record(turns: Turns, turn: str) -> dict[str, Any]:
    """Return a turn's record, written a moment after its reply.

    Raises:
        Failed: There was none.
    """
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        record = await turns.read(turn)
        if record is not None:
            return record
        await asyncio.sleep(0.02)
    raise Failed(f"no record of turn {turn}")


def _seconds(records: list[dict[str, Any]]) -> list[float]:
    return [1000 * record["seconds"] for record in records]


def _whole(name: str, took: list[float]) -> list[Figure]:
    """Return the whole way's quantiles, and what of it is not the window."""
    window = f"the burst window: {WINDOW_MS} ms"
    found = {share: quantile(took, share) for share in (0.5, 0.95)}
    figures = [
        Figure(f"{name}.p{share * 100:g}", rounded(value), "ms", window, round(value / WINDOW_MS, 3))
        for share, value in found.items()
    ]
    beyond = found[0.5] - WINDOW_MS
    return [*figures, Figure(f"{name}.beyond_window.p50", rounded(beyond), "ms", window, round(beyond / WINDOW_MS, 3))]


def _steps(records: list[dict[str, Any]]) -> list[Figure]:
    """Return each step's quantiles; what a draft consists of stands behind `draft.`."""
    took: dict[str, list[float]] = {}
    for record in records:
        for step, seconds in record["steps"]:
            took.setdefault(step if step in _TURN else f"draft.{step}", []).append(1000 * seconds)
    middle = quantile(_seconds(records), 0.5)
    against = f"the whole turn: {rounded(middle)} ms"
    return [
        Figure(f"path.{step}.p{share * 100:g}", rounded(value), "ms", against, round(value / middle, 3))
        for step in sorted(took, key=_place)
        for share in (0.5, 0.95)
        for value in [quantile(took[step], share)]
    ]


def _place(step: str) -> tuple[int, str]:
    return _TURN.index(step.partition(".")[0]), step
