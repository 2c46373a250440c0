"""`python -m bench.models --base-url URL --redis URL`: one model call in several ways, and the CPU of each.

In one process, turn by turn, each round a batch of runs side by side; prints JSON: CPU milliseconds a run, by case;
then what calls take beyond a slow model's own time while fifty a second arrive; and the messages, for peers.
The messages are the same for all but stock CrewAI, which flattens a conversation into its task.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import uvloop

from chatwootai.model.message.delivery import Contact, Role
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Exchange, Question
from chatwootai.stores.server.connection import connect
from config.settings.settings import Settings
from crews.catalog import SHIPPED, Catalog
from crews.model_calls.call import Call, Completion
from crews.runtime import environment
from sandbox.llm.driver import Driver

BARE, OURS, STOCK, MESSAGES = "bare", "ours", "stock", "messages"
_MODEL = "gpt-4o-mini"
_TEXT = "Oi! Quais são as formas de pagamento? Dá para parcelar?"
_HISTORY = tuple(
    Exchange(role, "Comprei um kit de hidratação na semana passada e queria saber mais sobre ele." * 2, 0.0)
    for _ in range(3)
    for role in (Role.CONTACT, Role.CREW)
)
_SLOW, _ARRIVALS, _SECONDS = 2.0, 50.0, 6.0
"""How long a slow model takes; calls a second that arrive at it, and for how long."""

Case = Callable[[], Awaitable[None]]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.models", description=__doc__)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=60)
    given = parser.parse_args()
    os.environ |= {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": given.base_url}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        found = loop.run(_measure(given.base_url, given.redis, given.rounds, given.runs))
    sys.stdout.write(f"{json.dumps(found)}\n")
    return 0


async def _measure(base_url: str, redis: str, rounds: int, runs: int) -> dict[str, list[Any]]:
    await asyncio.to_thread(environment.load)
    connection = connect(redis)
    ours, messages, close = await _ours(connection)
    cases = {BARE: (_bare(messages), runs), OURS: (ours, runs), STOCK: (_stock(), max(1, runs // 10))}
    took: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, (case, count) in cases.items():
            milliseconds = await _cpu(case, count)
            if number:  # the first round warms up
                took[name].append(milliseconds)
    async with aiohttp.ClientSession() as session:
        await Driver(session, base_url).latency(f"fixed:{_SLOW:g}s")
    for name in (OURS, BARE):
        took[f"{name}.added"] = await _added_latency(cases[name][0])
    await close()
    await connection.aclose()
    return {**took, MESSAGES: messages}


async def _added_latency(case: Case) -> list[float]:
    """Return the milliseconds that each of many calls, arriving at random, took beyond the model's own time."""
    draw, at, begun = random.Random(7), 0.0, time.perf_counter()

    async def one(due: float) -> float:
        await asyncio.sleep(due - (time.perf_counter() - begun))
        before = time.perf_counter()
        await case()
        return 1000 * (time.perf_counter() - before - _SLOW)

    dues = [at := at + draw.expovariate(_ARRIVALS) for _ in range(int(_ARRIVALS * _SECONDS))]
    return await asyncio.gather(*(one(due) for due in dues))


async def _cpu(case: Case, count: int, at_once: int = 6) -> float:
    """Return CPU milliseconds a run, threads included."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with gate:
            await case()

    gc.collect()
    before = time.process_time()
    await asyncio.gather(*(one() for _ in range(count)))
    return 1000 * (time.process_time() - before) / count


def _bare(messages: list[Any]) -> Case:
    from openai import AsyncOpenAI

    client = AsyncOpenAI()

    async def run() -> None:
        await client.chat.completions.create(model=_MODEL, messages=messages, temperature=0.3, max_tokens=110)

    return run


async def _ours(connection: Any) -> tuple[Case, list[Any], Callable[[], Awaitable[None]]]:
    """Measure a draft with everything around it: prompt, crew, the whole stack on a real Redis."""
    from crews.answer.draft import Crews
    from crews.model_calls.assembly import Stack
    from crews.model_calls.endpoint.client import OpenAIClient

    seen: list[Any] = []
    stack = Stack(OpenAIClient(), connection)

    class Watched:
        async def complete(self, call: Call) -> Completion:
            seen[:] = call.messages
            return await stack.complete(call)

    settings = Settings.model_validate({"model": {"name": _MODEL, "max_tokens": 110}})
    watched, crews = Crews(Catalog(SHIPPED), Watched()), Crews(Catalog(SHIPPED), stack, stack)
    await watched.draft(_question(), settings)

    async def run() -> None:
        await crews.draft(_question(), settings)

    return run, seen, crews.close


def _stock() -> Case:
    """Return CrewAI as its documentation has it: fresh agent, task and crew, since a shared one mixes customers up."""
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model=f"openai/{_MODEL}", temperature=0.3, max_tokens=110)

    async def run() -> None:
        agent = Agent(role="attendant", goal="Help the customer.", backstory="You write for a shop.", llm=llm)
        task = Task(description="Answer: {text}", expected_output="The message to the customer.", agent=agent)
        await Crew(agents=[agent], tasks=[task]).akickoff(inputs={"text": _TEXT})

    return run


def _question() -> Question:
    return Question(
        turn="bench",
        origin=Origin(account="1", channel="whatsapp", conversation=1, inbox=1, contact=Contact(id=1), message=1),
        folder="bench",
        domain="retail",
        function="customer_service",
        text=_TEXT,
        history=_HISTORY,
        deadline=time.time() + 30,
    )


if __name__ == "__main__":
    sys.exit(main())
