"""An outage is told of when it begins, once a minute, and when it is over: whatever asks meanwhile, and how often."""

import asyncio
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from chatwootai.stores.server import outage
from chatwootai.stores.server.outage import Outage


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(outage, "QUIET_SECONDS", 0.02)
    return Clock()


async def quiet() -> None:
    await asyncio.sleep(0.05)  # longer than the moment in which nothing may fail


async def outage_of(clock: Clock, one: Outage, seconds: float, error: str = "BUSY: it is busy") -> None:
    """Fails ten times a second, and then answers."""
    for _ in range(int(seconds * 10)):
        one.note_failure(error)
        clock.now += 0.1
    one.note_answer()
    await quiet()


def told(lines: list[Any]) -> list[tuple[str, float | None]]:
    return [(line["event"], line.get("seconds")) for line in lines]


async def test_it_begins_and_ends_with_a_line(clock: Clock) -> None:
    one = Outage(clock)
    with structlog.testing.capture_logs() as lines:
        await outage_of(clock, one, 20)
    assert told(lines) == [("redis_away", None), ("redis_back", pytest.approx(20, abs=0.2))]
    assert lines[0]["error"] == "BUSY: it is busy"
    assert REGISTRY.get_sample_value("chatwootai_redis_up") == 1


async def test_a_long_one_is_told_of_once_a_minute(clock: Clock) -> None:
    one = Outage(clock)
    with structlog.testing.capture_logs() as lines:
        await outage_of(clock, one, 200)
    assert [event for event, _ in told(lines)] == ["redis_away"] * 4 + ["redis_back"]
    assert told(lines)[3] == ("redis_away", pytest.approx(180, abs=0.5))


async def test_one_command_that_is_refused_among_others_that_are_not_is_one_outage(clock: Clock) -> None:
    one = Outage(clock)
    with structlog.testing.capture_logs() as lines:
        for _ in range(100):
            one.note_failure("NOPERM: it may not subscribe")
            one.note_answer()
            clock.now += 0.001
        await quiet()
    assert [event for event, _ in told(lines)] == ["redis_away", "redis_back"]


async def test_one_that_comes_and_goes_does_not_fill_the_log(clock: Clock) -> None:
    one = Outage(clock)
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            await outage_of(clock, one, 0.3)
            clock.now += 4
    assert [event for event, _ in told(lines)] == ["redis_away", "redis_back"]


async def test_another_soon_after_is_told_of_once_it_lasts(clock: Clock) -> None:
    one = Outage(clock)
    with structlog.testing.capture_logs() as lines:
        await outage_of(clock, one, 5)
        await outage_of(clock, one, 5)
    assert [event for event, _ in told(lines)] == ["redis_away", "redis_back"] * 2


async def test_what_a_door_adds_stands_in_the_last_line(clock: Clock) -> None:
    one = Outage(clock)
    one.details = lambda: {"records": 7}
    with structlog.testing.capture_logs() as lines:
        await outage_of(clock, one, 1)
    assert lines[-1]["records"] == 7
