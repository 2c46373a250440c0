"""What growth is measured on: a Redis with open conversations, of which every copy holds all."""

from pathlib import Path

from bench.entries.system import growth
from bench.queues import OURS, bench
from bench.stock import prepare


async def test_every_copy_of_a_stock_holds_its_open_conversations_and_runs_jobs(tmp_path: Path) -> None:
    stock = await prepare(tmp_path / "stock", tenants=3, conversations=20)
    for _ in range(2):
        async with bench(OURS, stock) as one:
            assert await one.connection.zcard("cw:open") == 20
            assert await one.connection.zcard("cw:scheduled") == 20
            assert {name async for name in one.connection.scan_iter("cw:conv:tenant-2:*")} == {
                f"cw:conv:tenant-2:{number}".encode() for number in range(2, 20, 3)
            }
            await one.enqueue("shop:1")
            await one.work("--slots", "1")
            assert set(await one.begun(1, 60)) == {"shop:1"}
            assert await one.spent() >= 0


def test_the_best_rounds_are_compared_and_rates_are_better_the_higher() -> None:
    large = {"throughput": [900.0, 1000.0], "urgent.p99": [30.0, 12.0]}
    small = {"throughput": [1000.0, 800.0], "urgent.p99": [10.0, 40.0]}
    found = growth.figures(large, small, str(growth.SMALL))
    assert [(figure.name, figure.value, figure.unit, figure.ratio) for figure in found] == [
        ("growth.throughput", 1000, "jobs/s", 1),
        ("growth.urgent.p99", 12, "ms", 1.2),
    ]
    assert found[0].against == "10 tenants, 1000 open conversations: 1000.0 jobs/s"
