"""Console: pages beside 1,000,000 turns of 1,000 accounts, its memory, what 20 open pages and a turn's figures cost."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.console.ended import ended
from bench.console.running import Running, console, cpu_seconds
from bench.console.stock import fill
from bench.figure import Figure, quantile, rounded
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded

PAGES = {
    "now": "/",
    "turns": "/turns",
    "turns.account": "/turns?account=500",
    "turns.rare": "/turns?cause=nothing_has_it",
    "turns.rare.account": "/turns?account=500&slower_ms=60000",
    "turns.long_ago": "/turns?since={yesterday}&until={yesterday}",
    "outcomes": "/outcomes?days=7",
    "outcomes.90": "/outcomes?days=90",
    "outcomes.account.90": "/outcomes?account=500&days=90",
    "failures": "/failures",
    "configuration": "/configuration",
    "configuration.account": "/configuration?account=500",
    "knowledge": "/knowledge?account=500",
    "cost": "/cost?days=30",
    "cost.account": "/cost?account=500&days=90",
    "connections": "/connections",
    "access": "/access",
    "turns.conversation": "/turns?account=500&conversation=125",
}
_SMALL = 20
_WATCHERS, _EVERY_SECONDS, _WATCH_SECONDS, _TURNS_A_SECOND = 20, 5.0, 20.0, 12


async def run(
    turns: int = 1_000_000, accounts: int = 1_000, rounds: int = _SMALL, say: Callable[[str], None] = lambda _: None
) -> list[Figure]:
    """Measure each page `rounds` times; the median and the slowest of the 20 count."""
    with TemporaryDirectory(prefix="chatwootai-bench-") as name:
        folder = Path(name)
        with Embedded.start(folder / "redis") as redis:
            connection = connect(redis.url, timeout=40.0)
            say(f"  writing {turns} turns of {accounts} accounts ...")
            await fill(connection, turns, accounts)
            memory = (await connection.info("memory"))["used_memory"] / 1024 / 1024
            async with console(connection, redis.url, folder, accounts) as one:
                found = await _pages(one, rounds, say)
                say("  20 pages open ...")
                found += await _watched(one, connection, redis.pid)
                found.append(await ended(connection))
                found.append(Figure("console.memory", rounded(one.megabytes), "MiB"))
            found.append(Figure("console.index", rounded(memory), "MiB of Redis"))
            await connection.aclose()
    return found


async def _pages(one: Running, rounds: int, say: Callable[[str], None]) -> list[Figure]:
    found = []
    for name, path in PAGES.items():
        address = path.format(yesterday=datetime.fromtimestamp(time.time() - 86_400, UTC).date().isoformat())
        took = [await one.took(address) for _ in range(rounds)]
        say(f"  {name} {quantile(took, 0.5):.0f} ms, at most {max(took):.0f}")
        found += [
            Figure(f"console.{name}.p50", rounded(quantile(took, 0.5)), "ms"),
            Figure(f"console.{name}.max", rounded(max(took)), "ms"),
        ]
    return found


async def _watched(one: Running, connection: Connection, redis: int) -> list[Figure]:
    """Return the CPU, in percent of a core, that open pages cost the console and Redis, turns ending meanwhile."""
    figures = Figures(connection)
    quiet = await _share(figures, redis, one.process.pid)
    watchers = [asyncio.create_task(_watch(one, number)) for number in range(_WATCHERS)]
    try:
        busy = await _share(figures, redis, one.process.pid)
    finally:
        for each in watchers:
            each.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    names = ("redis", "console")
    return [
        Figure(f"console.watched.{name}", rounded(after), "% of a core", f"nobody looks: {rounded(before)} %")
        for name, before, after in zip(names, quiet, busy, strict=True)
    ]


async def _watch(one: Running, number: int) -> None:
    await asyncio.sleep(_EVERY_SECONDS * number / _WATCHERS)
    while True:
        await one.took("/parts/now")
        await asyncio.sleep(_EVERY_SECONDS)


async def _share(figures: Figures, *processes: int) -> list[float]:
    """Return the share of a core that each process takes while 12 turns a second end, in percent."""
    before = [cpu_seconds(each) for each in processes]
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < _WATCH_SECONDS:
        number += 1
        turn = EndedTurn(
            account=str(number % 100 + 1), turn=f"turn:watched:{number}", conversation=number, inbox=1, channel="web",
            outcome="reply", served_by="crew", seconds=1.5, late="draft",
        )  # fmt: skip
        await figures.write(turn, {"outcome": "reply"}, datetime.now(UTC).date())
        await asyncio.sleep(1 / _TURNS_A_SECOND)
    took = time.monotonic() - began
    return [100 * (cpu_seconds(each) - spent) / took for each, spent in zip(processes, before, strict=True)]
