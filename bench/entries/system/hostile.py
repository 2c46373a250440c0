"""Hostile texts: one account sends every shape that ever made something slow; what another's customers wait.

Two workers, every process real. A quiet account's customers ask for a minute alone, then for a minute beside one that
sends a text of 80,000 characters each half second: runs of combining marks, brackets without end, and 120 others.
"""

import asyncio
import random
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

import aiohttp

from bench.figure import Figure, compared, quantile
from bench.hostile import SHAPES
from chatwootai.model.message import fields
from sandbox.chatwoot.driver import Driver, NothingHappened, Sent
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

QUIET, HOSTILE = 1, 2
PER_SECOND, HOSTILE_PER_SECOND = 4.0, 2.0
SECONDS = 60
CHARACTERS = 80_000
_CHANNELS = ("whatsapp", "webchat", "email", "telegram")
_WARM = 8
_WITHIN = 60.0
_SETTINGS = "rate_per_minute: 100000\n"


async def run() -> list[Figure]:
    """Measure the quiet account alone, then beside the hostile one.

    Raises:
        Failed: somebody was neither answered nor given to people.
    """
    async with System(Plan(workers=2, llm=("--latency", "fixed:300ms"), settings=_SETTINGS)) as system:
        async with Driver(system.url("chatwoot")) as driver:
            await quiet(driver, _WARM, PER_SECOND)
            alone = await quiet(driver, int(PER_SECOND * SECONDS), PER_SECOND)
            attack = asyncio.create_task(hostile(driver, texts(int(HOSTILE_PER_SECOND * SECONDS)), HOSTILE_PER_SECOND))
            beside = await quiet(driver, int(PER_SECOND * SECONDS), PER_SECOND)
            left = await unanswered(driver, await attack)
        blocked = await _count_stalls(system)
    if left:
        raise Failed(f"{len(left)} hostile senders were neither answered nor given to people")
    return [
        *(
            compared(
                f"hostile.quiet.p{share * 100:g}", "ms", [_ms(beside, share)], [_ms(alone, share)], "the same, alone"
            )
            for share in (0.5, 0.95)
        ),
        Figure("hostile.loop_blocked", blocked, "times over 1 s"),
    ]


def texts(count: int) -> list[str]:
    """Return so many hostile texts, every shape in turn."""
    said = [text for shape in SHAPES.values() if fields.text(text := shape(CHARACTERS))]  # blanks need no answer
    return list(islice(cycle(said), count))


async def quiet(driver: Driver, count: int, per_second: float) -> list[float]:
    """Return what customers of the quiet account waited for their answers, in seconds.

    Raises:
        Failed: somebody was not answered.
    """
    draw = random.Random(7)
    arrivals = sorted(draw.uniform(0, count / per_second) for _ in range(count))
    try:
        return list(await asyncio.gather(*(_wait_for_reply(driver, number, at) for number, at in enumerate(arrivals))))
    except NothingHappened as error:
        raise Failed(str(error)) from error


async def _wait_for_reply(driver: Driver, number: int, after: float) -> float:
    await asyncio.sleep(after)
    text = f"Onde fica a loja? Pedido {number}."
    sent = await driver.write(QUIET, _CHANNELS[number % len(_CHANNELS)], text, new=True)
    seconds: float = (await driver.wait_for_reply(sent, within=_WITHIN))[0]["at"] - sent.at
    return seconds


async def hostile(driver: Driver, said: Sequence[str], per_second: float) -> list[Sent]:
    """Let customers of the hostile account say all this, at a rate; return what they sent."""
    sent = []
    for number, text in enumerate(said):
        sent.append(await driver.write(HOSTILE, _CHANNELS[number % len(_CHANNELS)], text, new=True))
        await asyncio.sleep(1 / per_second)
    return sent


async def unanswered(driver: Driver, sent: Sequence[Sent], within: float = _WITHIN) -> list[Sent]:
    """Wait for answers; return those who have neither one nor a person in the end."""
    left = list(sent)
    deadline = asyncio.get_running_loop().time() + within
    while left and asyncio.get_running_loop().time() < deadline:
        states = [await driver.state(each) for each in left]
        left = [each for each, state in zip(left, states, strict=True) if not _is_settled(state)]
        await asyncio.sleep(0.2)
    return left


def _is_settled(state: dict[str, Any]) -> bool:
    told = any(one["sender"]["kind"] == "bot" and one["kind"] == "outgoing" for one in state["messages"])
    return told or state["status"] != "pending"


async def _count_stalls(system: System) -> float:
    """Return how often a loop stood still for over a second, of all doors and workers."""
    names = [name for name in system.processes if name.startswith(("worker", "ingress"))]
    async with aiohttp.ClientSession() as session:
        return sum([await _metric(session, f"{system.url(name)}/metrics") for name in names])


async def _metric(session: aiohttp.ClientSession, url: str) -> float:
    async with session.get(url) as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith("chatwootai_loop_blocked_seconds_count"))


def _ms(seconds: list[float], share: float) -> float:
    return quantile(seconds, share) * 1000
