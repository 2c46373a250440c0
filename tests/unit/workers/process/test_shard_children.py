"""Children of a worker of several shards, without processes: when one is started again, what the parent returns."""

import asyncio
import signal
from collections import deque
from collections.abc import Mapping

import pytest

from chatwootai.stores.server.shards import Shards
from workers.process import shard_processes
from workers.process.shard_processes import CANNOT_START, Child, ShardProcesses

SHARDS = Shards.from_environment({"CHATWOOTAI_REDIS_SHARDS": "a=redis://one,b=redis://two"})


class Children(ShardProcesses):
    """Children that end with the codes that a test lays out, by shard; without one they run until they are told."""

    def __init__(self, codes: Mapping[str, list[int]], *, at_end: int = 0) -> None:
        super().__init__(tuple(SHARDS), 9100, {}, [])
        self.codes = {name: deque(several) for name, several in codes.items()}
        self.at_end = at_end
        self.begun: list[str] = []
        self.last: set[str] = set()
        self.settled = asyncio.Event()

    async def _run(self, child: Child) -> int:
        name = child.shard.name
        self.begun.append(name)
        if codes := self.codes.get(name):
            return codes.popleft()
        self.last.add(name)
        if len(self.last) == len(SHARDS.names):
            self.settled.set()
        await self._stopping.wait()
        return self.at_end


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_processes, "_PAUSES", (0.001, 0.002, 10.0))


async def run(children: Children) -> int:
    """Run the children until all have begun for the last time, then stop them; return the exit code."""
    running = asyncio.create_task(children.run())
    settled = asyncio.create_task(children.settled.wait())
    await asyncio.wait({running, settled}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    settled.cancel()
    children._stop()
    return await asyncio.wait_for(running, 5)


async def test_each_shard_has_a_child_and_an_orderly_stop_is_zero() -> None:
    children = Children({})
    assert await run(children) == 0
    assert sorted(children.begun) == ["a", "b"]


async def test_a_child_that_ends_is_started_again_and_the_other_runs_on() -> None:
    children = Children({"a": [1, -9]})
    assert await run(children) == 0
    assert children.begun.count("a") == 3
    assert children.begun.count("b") == 1


@pytest.mark.parametrize("code", [1, 137])
async def test_the_code_of_a_child_that_does_not_end_in_order_is_the_parents(code: int) -> None:
    assert await run(Children({}, at_end=code)) == code


async def test_where_no_child_could_start_the_parent_ends_and_says_so() -> None:
    children = Children({"a": [CANNOT_START], "b": [CANNOT_START]})
    assert await asyncio.wait_for(children.run(), 5) == CANNOT_START
    assert children._stopping.is_set()


async def test_one_shard_that_cannot_start_stops_no_other() -> None:
    children = Children({"a": [CANNOT_START]})
    assert await run(children) == 0
    assert children.begun.count("a") == 2


async def test_one_that_could_start_after_all_is_no_refusal_any_more() -> None:
    children = Children({"a": [CANNOT_START, 1], "b": [1, CANNOT_START]})
    assert await run(children) == 0
    assert children._refused <= {"b"}


async def test_pauses_grow_and_a_signal_ends_one(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def wait(event: asyncio.Event, seconds: float) -> bool:
        waited.append(seconds)
        return event.is_set()

    monkeypatch.setattr(shard_processes, "set_within", wait)
    children = Children({"a": [1, 1, 1, 1]})
    assert await run(children) == 0
    assert waited == [0.001, 0.002, 10.0, 10.0]


async def test_a_signal_is_passed_on_to_each_that_runs() -> None:
    told: list[int] = []

    class Process:
        returncode = None

        def send_signal(self, number: int) -> None:
            told.append(number)

    class Ended(Process):
        returncode = 0

    children = Children({})
    children._running = {"a": Process(), "b": Ended()}  # type: ignore[dict-item]  # as far as it is asked
    children._stop()
    assert told == [signal.SIGTERM]


def test_a_child_serves_its_shard_alone_on_its_own_port() -> None:
    child = Child(SHARDS.first, 9100)
    environ = child.environ({"WORKER_SHARDS": "a,b", "X": "1"})
    assert environ == {"WORKER_SHARDS": "a", "X": "1", "WORKER_METRICS_PORT": "9100"}
