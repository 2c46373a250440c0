"""What blocks the event loop is named while it does: whose work it is, and where, without a word of it."""

import asyncio
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import LogCapture

from chatwootai.telemetry import log, loop

WORDS = "segredo do cliente"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """What is logged, whatever an earlier test of this process made of the log."""
    structlog.reset_defaults()
    capture = LogCapture()
    structlog.configure(processors=[capture])
    monkeypatch.setattr(loop, "_log", structlog.get_logger("loop"))
    yield capture.entries  # type: ignore[misc]
    structlog.reset_defaults()


def blocked_times() -> float:
    return REGISTRY.get_sample_value("chatwootai_loop_blocked_seconds_count") or 0.0


async def watched(work: Callable[[], None]) -> None:
    """Run `work` as a turn's own task, under watch; look until what it did to the loop was measured."""
    watching = asyncio.create_task(loop.watch(tick=0.02, blocked=0.1))
    await asyncio.sleep(0.1)
    before = blocked_times()
    with log.bound(account="7", conversation=25, reason=WORDS):
        task = asyncio.create_task(_turn(work), name="turn:7:25:1")
    await task
    while blocked_times() == before:  # noqa: ASYNC110 - a counter has no event to wait for
        await asyncio.sleep(0.01)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def _turn(work: Callable[[], None]) -> None:
    with log.bound(turn="t1"):
        await asyncio.sleep(0)
        work()


def sleeps() -> None:
    hidden = WORDS
    time.sleep(1.0)
    assert hidden


def sorts_marks() -> None:
    began = time.monotonic()
    while time.monotonic() - began < 1.0:
        unicodedata.normalize("NFKD", "\u0301\u0323" * 5_000)


@pytest.mark.parametrize("work", [sleeps, sorts_marks])
async def test_the_turn_that_blocks_is_named(work: Callable[[], None], lines: list[dict[str, object]]) -> None:
    await watched(work)
    (line,) = [each for each in lines if each["event"] == "loop_blocked"]
    assert (line["task"], line["account"], line["conversation"], line["turn"]) == ("turn:7:25:1", "7", 25, "t1")
    assert isinstance(line["where"], list)
    assert any(str(place).endswith(work.__name__) for place in line["where"])
    assert WORDS not in str(lines)
    assert [each for each in lines if each["event"] == "loop_was_blocked"]


async def test_what_waits_does_not_block(lines: list[dict[str, object]]) -> None:
    watching = asyncio.create_task(loop.watch(tick=0.01, blocked=30.0))
    await asyncio.sleep(0.1)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert lines == []
    assert not [each for each in threading.enumerate() if each.name == "loop-watchdog" and not each.daemon]
