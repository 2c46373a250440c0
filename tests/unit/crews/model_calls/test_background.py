"""Work beside that fails is counted and said once; what a call can do without never ends it."""

import asyncio
import time

import pytest
import structlog
from prometheus_client import REGISTRY

from chatwootai.stores.server.connection import Connection, StoreMisused, StoreUnavailable
from chatwootai.stores.server.examination import probe
from chatwootai.telemetry import tasks
from chatwootai.telemetry.tasks import for_ever, owned
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.failing_open import FailingOpen


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_said", {})


def counted(name: str, what: str) -> float:
    return REGISTRY.get_sample_value(f"chatwootai_{name}_total", {"what": what}) or 0.0


async def broken() -> None:
    raise ValueError("nobody foresaw it")


async def test_a_task_that_nobody_awaits_is_counted_and_said_once_a_minute() -> None:
    before = counted("background_failures", "a test")
    with structlog.testing.capture_logs() as lines:
        for _ in range(5):
            await asyncio.wait([owned(asyncio.create_task(broken()), "a test")])
    assert counted("background_failures", "a test") == before + 5
    assert [(line["event"], line["what"]) for line in lines] == [("background_failed", "a test")]


async def test_one_that_is_cancelled_has_not_failed() -> None:
    task = owned(asyncio.create_task(asyncio.sleep(60)), "a cancelled one")
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert counted("background_failures", "a cancelled one") == 0


async def test_what_goes_on_for_ever_goes_on_after_a_failure() -> None:
    times, enough = [0], asyncio.Event()

    async def work() -> None:
        times[0] += 1
        if times[0] == 3:
            enough.set()
        raise ValueError("again")

    running = asyncio.create_task(for_ever(work, "rounds", pause=0))
    await asyncio.wait_for(enough.wait(), 10)
    await tasks.ended(running)
    assert counted("background_failures", "rounds") >= 2


async def test_bookkeeping_after_a_call_is_held_to_the_same() -> None:
    before = counted("background_failures", "model calls")
    background = Background()
    background.start(broken())
    await background.settle()
    await asyncio.sleep(0)
    assert counted("background_failures", "model calls") == before + 1


@pytest.mark.parametrize(
    "error",
    [StoreUnavailable("OOM"), StoreMisused("not an integer", "keep"), TimeoutError()],
    ids=repr,
)
async def test_a_call_does_without_whatever_redis_says(error: Exception) -> None:
    before = counted("failed_open", "a shelf")

    async def ask() -> int:
        raise error

    assert await FailingOpen("a shelf").ask(ask) is None
    assert counted("failed_open", "a shelf") == before + 1


async def test_what_never_answers_is_given_up_and_then_let_be() -> None:
    asked = [0]

    async def ask() -> None:
        asked[0] += 1
        await asyncio.Event().wait()

    without = FailingOpen("a silent shelf", longest=0.05, rest=60)
    assert await asyncio.wait_for(without.ask(ask), 10) is None
    assert await without.ask(ask) is None
    assert asked == [1]


async def test_a_loop_that_stands_still_is_not_a_redis_that_is_away(redis: Connection) -> None:
    async def ask() -> str:
        asyncio.get_running_loop().call_soon(time.sleep, 0.6)
        await probe(redis)
        return "there"

    assert await FailingOpen("a slow loop", longest=0.5).ask(ask) == "there"


async def test_a_caller_that_is_cancelled_is_cancelled() -> None:
    asking = asyncio.create_task(FailingOpen("a left shelf").ask(asyncio.Event().wait))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
