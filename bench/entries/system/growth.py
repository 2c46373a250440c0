"""Growth: the same figures with 10,000 tenants and 100,000 open conversations, against 10 tenants and 1,000.

Each figure is measured as its own entry does (jobs, pickup, urgent, fair, rerun, path), on copies of two Redises that
are prepared once; the best of three rounds counts. Rates are measured in turns; waits of both sizes side by side, so
that whatever else the machine does meets both. The copies' append-only files were written anew before: while Redis does
that (whenever the file has doubled), its child takes a core, which two cores feel.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.entries.queue import fair, pickup, rerun, urgent
from bench.entries.system import path
from bench.figure import Figure, best, quantile
from bench.queues import OURS, Bench, bench
from bench.stock import prepare, tenant
from sandbox.installation.system import Plan

_JOBS, _MESSAGES, _ROUNDS = 10_000, 60, 3
_BATCH = 2_000
"""Messages admitted, and jobs begun, in a row: the fastest count, since others disturb for seconds."""
_UNITS = {"throughput": "jobs/s", "admission": "messages/s", "rerun": "s"}
"""The others are milliseconds."""
_RATES = ("throughput", "admission")
"""The better the higher."""

Measured = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of accounts, conversations and jobs there are."""

    tenants: int
    conversations: int

    def __str__(self) -> str:
        return f"{self.tenants} tenants, {self.conversations} open conversations"


SMALL, LARGE = Size(10, 1_000), Size(10_000, 100_000)


async def run(
    small: Size = SMALL, large: Size = LARGE, rounds: int = _ROUNDS, say: Callable[[str], None] = lambda _: None
) -> list[Figure]:
    """Measure both sizes."""
    measured: dict[Size, Measured] = {small: {}, large: {}}
    with TemporaryDirectory(prefix="chatwootai-bench-") as folder:
        stocks = {}
        for size in measured:
            say(f"  preparing {size} ...")
            stocks[size] = await prepare(Path(folder, str(size.tenants)), size.tenants, size.conversations)
        for number in range(1, rounds + 1):
            say(f"  round {number} of {rounds} ...")
            await _round(stocks, measured)
    return figures(measured[large], measured[small], str(small))


def figures(large: Mapping[str, list[float]], small: Mapping[str, list[float]], plainly: str) -> list[Figure]:
    """Return the large one's value, by the small one's."""
    return [
        best(f"growth.{name}", _UNITS.get(name, "ms"), values, small[name], plainly, most=name in _RATES)
        for name, values in large.items()
    ]


async def _round(stocks: Mapping[Size, Path], into: Mapping[Size, Measured]) -> None:
    for size, stock in stocks.items():
        _note(into[size], await _on(stock, partial(_rates, tenants=size.tenants)))
    for wait in (_pickup, _urgent, _fair, _rerun, _path):
        both = await asyncio.gather(*(_on(stock, wait) for stock in stocks.values()))
        for size, found in zip(stocks, both, strict=True):
            _note(into[size], found)


def _note(into: Measured, found: dict[str, float]) -> None:
    for name, value in found.items():
        into.setdefault(name, []).append(value)


async def _on(stock: Path, measure: Callable[[Bench], Awaitable[dict[str, float]]]) -> dict[str, float]:
    async with bench(OURS, stock) as one:
        return await measure(one)


async def _rates(one: Bench, tenants: int) -> dict[str, float]:
    admission = max([await _admit(one, tenants, first) for first in range(0, _JOBS, _BATCH)])
    await one.work("--slots", "400")
    begun = sorted((await one.begun(_JOBS, 60)).values())
    fastest = min(late - early for early, late in zip(begun, begun[_BATCH:], strict=False))
    return {"admission": admission, "throughput": _BATCH / fastest}


async def _admit(one: Bench, tenants: int, first: int) -> float:
    began = time.perf_counter()
    numbers = range(first, first + _BATCH)
    await one.enqueue_all(f"{tenant(number, tenants)}:{10_000_000 + number}" for number in numbers)
    return _BATCH / (time.perf_counter() - began)


async def _pickup(one: Bench) -> dict[str, float]:
    await one.work("--slots", "400")
    waited = await pickup.waited(one)
    return {f"pickup.{name}.p50": 1000 * quantile(seconds, 0.5) for name, seconds in waited.items()}


async def _urgent(one: Bench) -> dict[str, float]:
    return {"urgent.p99": 1000 * quantile(await urgent.waited(one), 0.99)}


async def _fair(one: Bench) -> dict[str, float]:
    return {"fair.quiet.p95": 1000 * quantile(await fair.quiet(one), 0.95)}


async def _rerun(one: Bench) -> dict[str, float]:
    return {"rerun": await rerun.waited(one)}


async def _path(one: Bench) -> dict[str, float]:
    heard, _ = await path.measured(Plan(settings=path.SETTINGS, redis_url=one.redis.url), 10, _MESSAGES)
    return {"path.beyond_window.p50": quantile(heard, 0.5) - path.WINDOW_MS}
