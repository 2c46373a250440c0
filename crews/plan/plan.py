"""Plan of a crew: calls in a row, tokens, seconds, money, against a deadline. Pure.

Seconds are drawn from published latencies, with a fixed seed: equal plans are equal. A plan is an expectation, not a
promise; what it is for is to tell a crew that cannot fit from one that can, and which shape of it to run.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from config.schema.crew_schema import Blueprint, TaskText
from config.settings.model import Price
from crews.plan.latency import PublishedLatency, UsualDurations, published_latency, usual_durations
from crews.plan.single_call import TOKENS, to_single_call
from crews.prompt.template import fill

Shape = Literal["sequential", "parallel", "fused"]

_DRAWS = 1500
_SEED = 7
_PROMPT_TOKENS = 40  # CrewAI's own words around a task
_CHARACTERS = 4  # to a token, roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """Settings of a tenant that a plan needs. `deadline` seconds; `filled`: the placeholders' values."""

    model: str
    max_tokens: int
    deadline: float
    price: Price | None = None
    filled: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task of the plan. `calls` as expected, `most_calls` at worst; `wave` counts what starts together from 1.

    `after`: the tasks whose results it waits for.
    """

    task: str
    agent: str
    wave: int
    after: tuple[str, ...]
    calls: int
    most_calls: int
    prompt_tokens: int
    completion_tokens: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A crew in one shape. `path`: the tasks that decide how long it takes; `cost` in US dollars, None: no price known.

    `p50`, `p95` in seconds from the question to Chatwoot's acceptance of the reply, without any burst window.
    """

    function: str
    channel: str
    shape: Shape
    model: str
    model_known: bool
    steps: tuple[Step, ...]
    path: tuple[str, ...]
    calls_in_row: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    p50: float
    p95: float
    cost: float | None
    deadline: float

    @property
    def fits(self) -> bool:
        """Tell whether 95 of 100 such turns meet the deadline."""
        return self.p95 <= self.deadline

    def __str__(self) -> str:
        """Return a few words for a turn's record: what is expected. With tools in hand a model may answer at once."""
        calls = _range(len(self.steps), self.calls)
        row = _range(len(self.path), self.calls_in_row)
        plural = "" if calls == "1" else "s"
        return f"{self.shape}: {row} in a row, {calls} call{plural}, p50 {self.p50} s, p95 {self.p95} s"


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def plan(blueprint: Blueprint, terms: PlanTerms, shape: Shape) -> Plan:
    """Plan a crew in one shape."""
    shaped = in_shape(blueprint, shape)
    steps = _steps(shaped, terms, TOKENS * len(blueprint.tasks) if shape == "fused" else 0)
    speed = published_latency(terms.model)
    p50, p95 = _quantiles(steps, tuple(each.async_execution for each in shaped.tasks), speed, usual_durations())
    path = _path(steps)
    return Plan(
        function=blueprint.function,
        channel=blueprint.channel,
        shape=shape,
        model=terms.model,
        model_known=speed.known,
        steps=steps,
        path=tuple(each.task for each in path),
        calls_in_row=sum(each.calls for each in path),
        calls=sum(each.calls for each in steps),
        prompt_tokens=sum(each.prompt_tokens * each.calls for each in steps),
        completion_tokens=sum(each.completion_tokens for each in steps),
        p50=p50,
        p95=p95,
        cost=_cost(steps, terms.price),
        deadline=terms.deadline,
    )


def in_shape(blueprint: Blueprint, shape: Shape) -> Blueprint:
    """Return the crew as it runs in a shape: as written, with independent tasks side by side, or as one."""
    if shape == "fused":
        return to_single_call(blueprint)
    return with_parallel_tasks(blueprint) if shape == "parallel" else blueprint


def with_parallel_tasks(blueprint: Blueprint) -> Blueprint:
    """Return the crew with neighbours that name their context, and not each other, set to run at once.

    A task that names its context sees the same either way: only the waiting changes. What CrewAI asks of such crews is
    kept: the last task is never one of them, and after those that run at once comes one that runs alone.
    """
    if any(each.async_execution for each in blueprint.tasks):
        return blueprint  # whoever wrote it has decided
    beside: set[str] = set()
    at = 0
    while at < len(blueprint.tasks) - 1:
        group = _independent(blueprint.tasks[at:-1])
        beside |= set(group) if len(group) > 1 else set()
        at += len(group) + 1 if len(group) > 1 else 1
    tasks = tuple(replace(each, async_execution=each.name in beside) for each in blueprint.tasks)
    return replace(blueprint, tasks=tasks)


def _independent(tasks: Sequence[TaskText]) -> list[str]:
    """Return the names of as many tasks from the first on as name their contexts, and none of each other."""
    names: list[str] = []
    for task in tasks:
        if task.context is None or set(names) & set(task.context):
            break
        names.append(task.name)
    return names


def _steps(blueprint: Blueprint, terms: PlanTerms, extra: int) -> tuple[Step, ...]:
    """Return the tasks in order; `extra`: tokens that each says beside its answer."""
    steps: list[Step] = []
    running: list[Step] = []
    wave = 0
    for task in blueprint.tasks:
        if not task.async_execution:
            wave, running = wave + 1, []
        elif not running:
            wave += 1
        step = _step(blueprint, task, steps, terms, wave, extra)
        steps.append(step)
        if task.async_execution:
            running.append(step)
    return tuple(steps)


def _step(
    blueprint: Blueprint, task: TaskText, before: Sequence[Step], terms: PlanTerms, wave: int, extra: int
) -> Step:
    agent = next(each for each in blueprint.agents if each.name == task.agent)
    limits = (terms.max_tokens + extra, blueprint.max_tokens, agent.max_tokens)
    limit = min(each for each in limits if each is not None)
    after = tuple(each.task for each in before) if task.context is None else task.context
    known = sum(each.completion_tokens for each in before if each.task in after)
    texts = (agent.role, agent.goal, agent.backstory, task.description, task.expected_output)
    written = sum(len(fill(each, terms.filled) if terms.filled else each) for each in texts) // _CHARACTERS
    tools = bool(task.tools or agent.tools)
    return Step(
        task=task.name,
        agent=agent.name,
        wave=wave,
        after=after,
        calls=2 if tools else 1,
        most_calls=agent.max_iter + 1 if tools else 1,
        prompt_tokens=written + _PROMPT_TOKENS + known + usual_durations().history_tokens,
        completion_tokens=usual_durations().length(limit - extra) + extra,
        limit=limit,
    )


def _path(steps: Sequence[Step]) -> list[Step]:
    """Return the longest of each wave: by the calls and the tokens that it waits for."""
    waves: dict[int, Step] = {}
    for step in steps:
        longest = waves.get(step.wave)
        if longest is None or (step.calls, step.completion_tokens) > (longest.calls, longest.completion_tokens):
            waves[step.wave] = step
    return list(waves.values())


@lru_cache(maxsize=4096)
def _simulate(
    tasks: tuple[tuple[int, int, int, bool], ...], speed: PublishedLatency, rest: UsualDurations
) -> tuple[float, float]:
    """Return median and 95th percentile of the whole.

    `tasks`: calls, usual length, limit, whether it runs beside others.
    """
    draw = random.Random(_SEED)  # noqa: S311 - a simulation that repeats itself
    took = sorted(_turn(tasks, speed, rest, draw) for _ in range(_DRAWS))
    return round(took[_DRAWS // 2], 2), round(took[math.ceil(0.95 * _DRAWS) - 1], 2)


def _quantiles(
    steps: Sequence[Step], beside: Sequence[bool], speed: PublishedLatency, rest: UsualDurations
) -> tuple[float, float]:
    tasks = tuple(
        (step.calls, step.completion_tokens, step.limit, own) for step, own in zip(steps, beside, strict=True)
    )
    return _simulate(tasks, speed, rest)


def _turn(
    tasks: tuple[tuple[int, int, int, bool], ...], speed: PublishedLatency, rest: UsualDurations, draw: random.Random
) -> float:
    """Return the seconds of one turn, as the runner takes its tasks.

    What runs beside others is waited for by the next that does not.
    """
    now = pending = 0.0
    for calls, length, limit, beside in tasks:
        took = (calls - 1) * (speed.seconds(draw, 20) + rest.tool_seconds)  # a tool call is about 20 tokens
        took += speed.seconds(draw, min(draw.lognormvariate(math.log(length), rest.length_sigma), limit))
        if beside:
            pending = max(pending, now + took)
        else:
            now = max(now, pending) + took
    return max(now, pending) + rest.post(draw)


def _cost(steps: Sequence[Step], price: Price | None) -> float | None:
    if price is None:
        return None
    prompt = sum(each.prompt_tokens * each.calls for each in steps)
    said = sum(each.completion_tokens for each in steps)
    return round((prompt * price.input + said * price.output) / 1e6, 8)
