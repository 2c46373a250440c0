"""Many customers at once: each asks something of their own, and each must be answered once, with the right answer.

`python -m bench.traffic` starts a system of its own; tests drive one that they have started.
"""

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.figure import quantile
from sandbox.chatwoot.driver import Driver, NothingHappened, Sent
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

CHANNELS = ("whatsapp", "webchat", "email", "instagram", "telegram")
_CODE = re.compile(r"\bCW-\d{4}\b")
_TOPICS = (
    # A question, and what the answer must hold for account 1 and for account 2: their facts differ.
    ("Quais as formas de pagamento? Dá para parcelar? Pedido {}.", {1: "6 vezes", 2: "12 vezes"}),
    ("¿Cuáles son las formas de pago? Mi pedido es el {}.", {1: "6 vezes", 2: "12 vezes"}),
    ("Como funcionam as trocas? É sobre o pedido {}.", {1: "30 dias", 2: "7 dias"}),
    ("Onde fica a loja? Vou buscar o pedido {}.", {1: "Caetés", 2: "República Argentina"}),
    ("Hi, what is the address of your store? Order {}.", {1: "Caetés", 2: "República Argentina"}),
)


@dataclass(frozen=True, slots=True)
class Errand:
    """One customer's wish: `code` must stand in the answer, and `must_hold`, and nobody else's code."""

    account: int
    channel: str
    text: str
    code: str
    must_hold: str


@dataclass(slots=True)
class Report:
    """Result of a run. `problems` are sentences, empty when all is well; `seconds` from each message to its reply."""

    errands: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def errands(count: int, seed: int = 7, channels: Sequence[str] = CHANNELS) -> list[Errand]:
    """Draw `count` errands over all channels and both accounts."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        account, channel = 1 + number // len(channels) % 2, channels[number % len(channels)]
        question, holds = draw.choice(_TOPICS)
        code = f"CW-{number + 1:04d}"
        made.append(Errand(account, channel, question.format(code), code, holds[account]))
    return made


async def drive(system: System, wanted: Sequence[Errand], *, per_second: float = 20.0, within: float = 30.0) -> Report:
    """Let all customers write, arriving at random at this rate, and check what came of it."""
    report = Report(errands=len(wanted))
    before, _ = await ended_and_running(system)
    async with Driver(system.url("chatwoot")) as driver:
        arrivals = _arrivals(len(wanted), per_second)
        asked = await asyncio.gather(
            *(_ask(driver, *each, within, report) for each in zip(wanted, arrivals, strict=True))
        )
        try:
            await settled(system, before + len(wanted), within)
        except Failed as problem:
            report.problems.append(str(problem))
        for errand, sent in zip(wanted, asked, strict=True):
            report.problems += judged(errand, await driver.replies(sent))
        report.problems += [f"Chatwoot refused {refusal}" for refusal in await driver.refusals()]
    return report


def _arrivals(count: int, per_second: float, seed: int = 7) -> list[float]:
    """Return when each arrives, in seconds from the start: a Poisson process."""
    draw, at = random.Random(seed), 0.0
    return [at := at + draw.expovariate(per_second) for _ in range(count)]


async def _ask(driver: Driver, errand: Errand, after: float, within: float, report: Report) -> Sent:
    await asyncio.sleep(after)
    sent = await driver.write(errand.account, errand.channel, errand.text)
    try:
        replies = await driver.wait_for_reply(sent, within=within)
        report.seconds.append(replies[0]["at"] - sent.at)
    except NothingHappened:
        pass  # `judged` says so
    return sent


def judged(errand: Errand, replies: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is wrong with what an errand was answered."""
    who = f"{errand.code} ({errand.channel}, account {errand.account})"
    if not replies:
        return [f"{who} got no answer"]
    problems = []
    turns = Counter(reply["turn"] for reply in replies)
    if len(turns) > 1:
        problems.append(f"{who} was answered {len(turns)} times")
    if max(Counter((reply["turn"], reply["part"]) for reply in replies).values()) > 1:
        problems.append(f"{who} got a part of its answer twice")
    text = "\n".join(reply["text"] for reply in replies)
    if set(_CODE.findall(text)) != {errand.code}:
        problems.append(f"{who} was answered about {sorted(set(_CODE.findall(text)))}: {text!r}")
    if errand.must_hold not in text:
        problems.append(f"{who} should hold {errand.must_hold!r}: {text!r}")
    return problems + [f"{who} did not arrive: {reply['error']}" for reply in replies if reply["status"] == "failed"]


async def settled(system: System, turns: float, within: float) -> None:
    """Return once the workers have ended so many turns since they started, and work on none.

    Raises:
        Failed: It did not come to that within so many seconds, or more turns were run.
    """
    deadline = time.monotonic() + within
    while (counts := await ended_and_running(system))[0] < turns or counts[1]:
        if time.monotonic() > deadline:
            raise Failed(f"after {within:g} s {counts[0]:g} of {turns:g} turns have ended, {counts[1]:g} are running")
        await asyncio.sleep(0.05)  # /metrics is read, it does not call
    if counts[0] > turns:
        raise Failed(f"{counts[0]:g} turns were run where {turns:g} would do")


async def ended_and_running(system: System) -> tuple[float, float]:
    """Return how many turns all workers have ended, and how many they work on."""
    ended = await metric(system, "worker", "chatwootai_turns_total")
    return ended, await metric(system, "worker", "chatwootai_turns_running")


async def metric(system: System, kind: str, name: str, labels: str = "") -> float:
    """Return a metric's sum over all processes of a kind; `labels` is what its label set must contain."""
    urls = [url for process in system.processes if process.startswith(kind) for url in system.urls(process)]
    total = 0.0
    async with aiohttp.ClientSession() as session:
        for url in urls:
            async with session.get(f"{url}/metrics") as response:
                lines = (await response.text()).splitlines()
            total += _sum([line for line in lines if labels in line], name)
    return total


def _sum(lines: Sequence[str], metric: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{metric}[ {{]", line))


def main(argv: Sequence[str] | None = None) -> int:
    """Start a system, drive it, say how it went."""
    parser = argparse.ArgumentParser(prog="python -m bench.traffic", description="Many customers at once.")
    parser.add_argument("--conversations", type=int, default=40)
    parser.add_argument("--per-second", type=float, default=20.0, help="arrivals (Poisson)")
    parser.add_argument("--latency", default="gpt-4o-mini", help="the sandbox LLM's")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(argv)
    plan = Plan(workers=given.workers, llm=("--latency", given.latency), settings="rate_per_minute: 100000\n")
    return asyncio.run(_driven(plan, errands(given.conversations), given.per_second))


async def _driven(plan: Plan, wanted: Sequence[Errand], per_second: float) -> int:
    async with System(plan) as system:
        report = await drive(system, wanted, per_second=per_second)
    for problem in report.problems:
        sys.stdout.write(f"{problem}\n")
    times = ", ".join(f"p{share} {quantile(report.seconds, share / 100):.2f} s" for share in (50, 95, 99))
    sys.stdout.write(f"{len(report.seconds)} of {report.errands} answered; {times}; problems: {len(report.problems)}\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
