"""A peer's one-agent run, with the messages that ours sends to the same model: CPU a run, by rounds."""

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import uvloop

from bench.peers.race import spent

AT_ONCE = 6

Run = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages in OpenAI's form: the system's, then turns of `user` and `assistant`, the customer's last."""

    messages: list[dict[str, str]]
    model: str = "gpt-4o-mini"
    temperature: float = 0.3
    max_tokens: int = 110

    @property
    def system(self) -> str:
        """Return the first message's text."""
        return self.messages[0]["content"]

    @property
    def turns(self) -> list[dict[str, str]]:
        """Return all but the first."""
        return self.messages[1:]


def main(peer: Callable[[Prompt], Run]) -> None:
    """Run a peer, and print CPU milliseconds a run, a number each round. The messages come in as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    given = parser.parse_args()
    os.environ |= {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": given.base_url}
    prompt = Prompt(json.load(sys.stdin))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        took = loop.run(_rounds(peer(prompt), given.rounds, given.runs))
    sys.stdout.write(f"{json.dumps({'cpu': took})}\n")


async def _rounds(run: Run, rounds: int, runs: int) -> list[float]:
    took = [await _cpu(run, runs) for _ in range(rounds + 1)]
    return took[1:]  # the first warms up


async def _cpu(run: Run, runs: int) -> float:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await run()

    gc.collect()
    before = spent()
    await asyncio.gather(*(one() for _ in range(runs)))
    return 1000 * (spent() - before) / runs
