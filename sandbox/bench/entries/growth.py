"""Growth: the same figures with 10,000 tenants and 100,000 open conversations, against 10 tenants and 1,000.

Each figure is measured as its own entry does (jobs, pickup, urgent, fair, rerun, path), both sizes in turns, each time
on a copy of a Redis prepared once; the best of three rounds counts. The copies' append-only files were written anew
before: while Redis does that (whenever the file has doubled), its child takes a core, which two cores feel.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.bench.entries import fair, path, pickup, rerun, urgent
from sandbox.bench.figure import Figure, best, quantile
from sandbox.bench.queues import OURS, bench
from sandbox.bench.stock import prepare, tenant
from sandbox.system import Plan

_JOBS, _MESSAGES, _ROUNDS = 10_000, 60, 3
_UNITS = {"throughput": "jobs/s", "admission": "messages/s", "rerun": "s"}
"""The others are milliseconds; these two rates are the better the higher."""
_RATES = ("throughput", "admission")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is there."""

    tenants: int
    conversations: int

    def __str__(self) -> str:
        return f"{self.tenants} tenants, {self.conversations} open conversations"


SMALL, LARGE = Size(10, 1_000), Size(10_000, 100_000)


async def run(
    small: Size = SMALL, large: Size = LARGE, rounds: int = _ROUNDS, say: Callable[[str], None] = lambda _: None
) -> list[Figure]:
    """Measure both sizes in turns."""
    measured: dict[Size, dict[str, list[float]]] = {small: {}, large: {}}
    with TemporaryDirectory(prefix="chatwootai-bench-") as folder:
        stocks = {}
        for size in measured:
            say(f"  preparing {size} ...")
            stocks[size] = await prepare(Path(folder, str(size.tenants)), size.tenants, size.conversations)
        for number in range(1, rounds + 1):
            for size, into in measured.items():
                say(f"  round {number} of {rounds}: {size} ...")
                async for name, value in _figures(stocks[size], size.tenants):
                    into.setdefault(name, []).append(value)
    return figures(measured[large], measured[small], str(small))


def figures(large: Mapping[str, list[float]], small: Mapping[str, list[float]], plainly: str) -> list[Figure]:
    """The large one's, by the small one's."""
    return [
        best(f"growth.{name}", _UNITS.get(name, "ms"), values, small[name], plainly, most=name in _RATES)
        for name, values in large.items()
    ]


async def _figures(stock: Path, tenants: int) -> AsyncIterator[tuple[str, float]]:
    async for name, value in _jobs(stock, tenants):
        yield name, value
    async with bench(OURS, stock) as one:
        yield "urgent.p99", 1000 * quantile(await urgent.waited(one), 0.99)
    async with bench(OURS, stock) as one:
        yield "fair.quiet.p95", 1000 * quantile(await fair.quiet(one), 0.95)
    async with bench(OURS, stock) as one:
        yield "rerun", await rerun.waited(one)
    async with bench(OURS, stock) as one:
        plan = Plan(settings=path.SETTINGS, redis_url=one.redis.url)
        heard, _ = await path.measured(plan, 10, _MESSAGES)
        yield "path.beyond_window.p50", quantile(heard, 0.5) - path.WINDOW_MS


async def _jobs(stock: Path, tenants: int) -> AsyncIterator[tuple[str, float]]:
    """Admission, throughput and pickup, with one worker."""
    async with bench(OURS, stock) as one:
        began = time.perf_counter()
        await one.enqueue_all(f"{tenant(number, tenants)}:{10_000_000 + number}" for number in range(_JOBS))
        yield "admission", _JOBS / (time.perf_counter() - began)
        await one.work("--slots", "400")
        begun = sorted((await one.begun(_JOBS, 60)).values())
        yield "throughput", (_JOBS - 1) / (begun[-1] - begun[0])
        waited = await pickup.waited(one)
    for name, seconds in waited.items():
        yield f"pickup.{name}.p50", 1000 * quantile(seconds, 0.5)
