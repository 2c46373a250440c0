"""Shards: what customers on one shard notice while another is killed, or hangs: answers of the door, and whole turns.

Two accounts, each on a Redis of its own, with one door and a worker's process for each. In every round the same
customers write in each of four states, in an order that changes: both shards alive; the other one killed; the other one
frozen, which takes connections and answers nothing; and nobody writing to the other one. A shard is away from the
first second of a state on, for as long as `away` says, and customers write for some seconds after that, so that its
journal's way back is measured too. Figures are of the account whose shard lives.
"""

import asyncio
import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench.figure import Figure, quantile, rounded
from bench.traffic import Errand, errands, judged, metric
from chatwootai.stores.server.embedded import Embedded
from sandbox.chatwoot.driver import Driver, NothingHappened, Sent
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

PLAN: Final = Plan(
    shards=("one", "two"),  # account 1 lives on the second by hash, account 2 on the first
    llm=("--latency", "fixed:300ms"),
    settings="rate_per_minute: 1000000\ndeadline_ms: 60000\n",
)
_LIVING, _OTHER = 1, 2
_OTHER_SHARD: Final = "one"
_PER_SECOND: Final = 4.0
_BEFORE, _AFTER = 1.0, 3.0
"""Seconds in which customers write before a shard goes away, and after it is back."""
_WITHIN: Final = 60.0
_LATE_ANSWER, _LATE_TURN = 0.1, 3.0
"""Seconds from which an answer of the door, or a turn, counts as late."""
STATES: Final = ("alive", "killed", "frozen", "alone")


@dataclass(slots=True)
class Measured:
    """Seconds of one state, one list a round: of the door's answers and of turns; and the door's processor time."""

    answers: list[list[float]] = field(default_factory=list)
    turns: list[list[float]] = field(default_factory=list)
    door: list[float] = field(default_factory=list)


async def run(rounds: int = 3, away: float = 8.0) -> list[Figure]:
    """Measure all states in turn, after a round that warms everything up.

    Raises:
        Failed: somebody was answered wrongly, twice, or not at all.
    """
    measured: dict[str, Measured] = defaultdict(Measured)
    async with System(PLAN) as system, Driver(system.url("chatwoot")) as driver:
        await _measure(system, driver, "alive", 2.0, Measured())
        for number in range(rounds):
            for state in (*STATES[number % 4 :], *STATES[: number % 4]):
                await _measure(system, driver, state, away, measured[state])
    return [figure for state in STATES for figure in _figures(state, measured[state], measured["alive"])]


async def _measure(system: System, driver: Driver, state: str, away: float, into: Measured) -> None:
    wanted = errands(int((_BEFORE + away + _AFTER) * _PER_SECOND), channels=("whatsapp", "webchat"))
    if state == "alone":
        wanted = [one for one in wanted if one.account == _LIVING]
    before = max((each["n"] for each in await driver.deliveries()), default=0)
    spent = await metric(system, "ingress", "process_cpu_seconds_total")
    turns, _ = await asyncio.gather(_write_all(driver, wanted), _let_be_away(system.shards[_OTHER_SHARD], state, away))
    into.door.append(await metric(system, "ingress", "process_cpu_seconds_total") - spent)
    into.turns.append(turns)
    into.answers.append(await _answers(driver, before))


async def _let_be_away(server: Embedded, state: str, away: float) -> None:
    await asyncio.sleep(_BEFORE)
    if state == "killed":
        server.kill()
    elif state == "frozen":
        os.kill(server.pid, signal.SIGSTOP)
    await asyncio.sleep(away)
    if state == "killed":
        await asyncio.to_thread(server.resume)
    elif state == "frozen":
        os.kill(server.pid, signal.SIGCONT)


async def _write_all(driver: Driver, wanted: Sequence[Errand]) -> list[float]:
    """Let customers write at an even pace until each has an answer; return the seconds of the living account's turns.

    Raises:
        Failed: one was answered wrongly, twice, or not at all.
    """
    places = {_LIVING: 0, _OTHER: 0}
    asking = []
    for errand in wanted:
        asking.append(_ask(driver, errand, places[errand.account] * 2 / _PER_SECOND))
        places[errand.account] += 1
    sent = await asyncio.gather(*asking)
    seconds = []
    for errand, message in zip(wanted, sent, strict=True):
        replies = await driver.replies(message)
        if problems := judged(errand, replies):
            raise Failed(problems[0])
        if errand.account == _LIVING:
            seconds.append(replies[0]["at"] - message.at)
    return seconds


async def _ask(driver: Driver, errand: Errand, after: float) -> Sent:
    await asyncio.sleep(after)
    sent = await driver.write(errand.account, errand.channel, errand.text)
    with contextlib.suppress(NothingHappened):  # `judged` says so
        await driver.wait_for_reply(sent, within=_WITHIN)
    return sent


async def _answers(driver: Driver, after: int) -> list[float]:
    """Return the seconds that the door took for each webhook of the living account.

    Raises:
        Failed: one was refused.
    """
    tries = [each["attempts"] for each in await driver.deliveries(after, account=_LIVING, done=True)]
    if refused := [each for several in tries for each in several if each["status"] != 200]:
        raise Failed(f"the door answered {len(refused)} webhooks with other than 200, the first: {refused[0]}")
    return [several[0]["seconds"] for several in tries]


def _figures(state: str, ours: Measured, alive: Measured) -> list[Figure]:
    found = []
    for what, took, plain, late in (
        ("answer", ours.answers, alive.answers, _LATE_ANSWER),
        ("turn", ours.turns, alive.turns, _LATE_TURN),
    ):
        found += [_compared(f"shards.{what}.{state}", took, plain, share) for share in (0.5, 0.95)]
        several = [second for each in took for second in each]
        count = sum(second > late for second in several)
        found.append(Figure(f"shards.{what}.{state}.late", count, "", f"of {len(several)}, over {late:g} s"))
    spent, plainly = sum(ours.door) / len(ours.door), sum(alive.door) / len(alive.door)
    against = f"both alive: {rounded(plainly)} s"
    return [*found, Figure(f"shards.door.{state}", rounded(spent), "s", against, round(spent / plainly, 3))]


def _compared(name: str, ours: list[list[float]], alive: list[list[float]], share: float) -> Figure:
    """Return a quantile over all rounds, by that with both alive.

    `against` tells the median of the rounds' own ratios, the least and the greatest: a machine that others use as well
    moves the whole more than a dead shard does.
    """
    value, plain = (1000 * quantile([second for each in side for second in each], share) for side in (ours, alive))
    ratios = sorted(quantile(our, share) / quantile(other, share) for our, other in zip(ours, alive, strict=True))
    by_round = f"by round {median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    against = f"both alive: {rounded(plain)} ms; {by_round}"
    return Figure(f"{name}.p{share * 100:g}", rounded(value), "ms", against, round(value / plain, 3))
