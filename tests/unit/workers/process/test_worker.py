"""Our Worker on a queue in memory: which slots it offers, when it claims again, what becomes of a job's lease."""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from arq.jobs import serialize_job
from arq.worker import func

from chatwootai.stores.jobs.queue import Claim, Claimed, Queue
from chatwootai.stores.server.connection import StoreMisused, StoreUnavailable, connect
from workers.process.job_functions import pack, unpack
from workers.process.worker import Worker

NOWHERE = "redis://127.0.0.1:1/0"
IDLE = Claim((), None, 0)


def claimed(job: str, *, function: str = "turn", lost: bool = False) -> Claimed:
    blob = serialize_job(function, (f"1:{job}",), {}, 1, 0, serializer=pack)
    assert blob is not None
    return Claimed(job, blob, lost)


def claim(*jobs: str, due: float | None = None, waiting: int = 0) -> Claim:
    return Claim(tuple(map(claimed, jobs)), due, waiting)


class MemoryQueue:
    """A queue that answers claims as a test lays them out, then with nothing; `told` holds what it was told.

    A fault among the claims is raised by that claim; `refuses` by everything that is told of a job.
    """

    lease = 30.0
    worker = "w1"

    def __init__(self) -> None:
        self.claims: deque[Claim | Exception] = deque()
        self.offered: list[tuple[int, int, int, int]] = []
        self.told: list[str] = []
        self.tokens = asyncio.Semaphore(0)
        self.sleeps: list[float] = []
        self.asked, self.asleep = asyncio.Event(), asyncio.Event()
        self.changed = asyncio.Event()
        self.holds: asyncio.Event | None = None
        self.lost: list[str] = []
        self.renewed: list[list[str]] = []
        self.refuses: Exception | None = None

    def _tell(self, what: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.told.append(what)
        self.changed.set()

    async def claim(self, free: int, high: int = 0, *, spare: int = 0, most: int = 1000) -> Claim:
        self.offered.append((free, high, spare, most))
        self.asked.set()
        if self.holds is not None:
            await self.holds.wait()
        found = self.claims.popleft() if self.claims else IDLE
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(self, seconds: float) -> bool:
        self.sleeps.append(seconds)
        self.asleep.set()
        await self.tokens.acquire()
        return True

    async def requeue_wakeup(self) -> None:
        self._tell("token back")

    async def heartbeat(self, *, ttl: float) -> None:
        self.told.append(f"alive for {ttl:g} s")

    async def renew(self, jobs: list[str]) -> list[str]:
        self.renewed.append(jobs)
        return self.lost

    async def retire(self, job: str) -> None:
        self._tell(f"retired {job}")

    async def release(self, job: str) -> None:
        self._tell(f"released {job}")

    async def deregister(self) -> None:
        self._tell("gone")


class Bench:
    """A worker whose turns run until they may end, or raise what a test says; `contexts` holds what each was given."""

    def __init__(self, slots: int, reserved: int, grace: float) -> None:
        self.queue = MemoryQueue()
        self.contexts: dict[str, dict[str, Any]] = {}
        self.may_end: dict[str, asyncio.Event] = {}
        self.raises: Exception | None = None
        self.begun = asyncio.Semaphore(0)
        self.worker = Worker(
            queue=cast(Queue, self.queue),
            connection=connect(NOWHERE),
            reserved=reserved,
            grace=grace,
            functions=[func(self.turn, name="turn")],
            max_jobs=slots,
            job_serializer=pack,
            job_deserializer=unpack,
            handle_signals=False,
        )

    async def turn(self, ctx: dict[str, Any], conv: str) -> None:
        job = ctx["job_id"]
        self.contexts[job] = {**ctx, "conv": conv}
        self.begun.release()
        if self.raises is not None:
            raise self.raises
        await self.may_end.setdefault(job, asyncio.Event()).wait()

    def waits_for(self) -> object:
        """Return the task that waits for a token, if there is one."""
        return self.worker._wakeup_wait

    def end(self, job: str) -> None:
        """Let a job return."""
        self.may_end.setdefault(job, asyncio.Event()).set()

    async def begins(self, jobs: int = 1) -> None:
        """Wait until so many more jobs have begun."""
        for _ in range(jobs):
            await asyncio.wait_for(self.begun.acquire(), 5)

    async def asks(self, times: int) -> None:
        """Wait until it has claimed so often."""
        async with asyncio.timeout(5):
            while len(self.queue.offered) < times:
                self.queue.asked.clear()
                await self.queue.asked.wait()

    async def hears(self, what: str) -> None:
        """Wait until the queue was told something."""
        async with asyncio.timeout(5):
            while what not in self.queue.told:
                self.queue.changed.clear()
                await self.queue.changed.wait()


@asynccontextmanager
async def running(
    *claims: Claim | Exception, slots: int = 5, reserved: int = 2, grace: float = 0.0
) -> AsyncIterator[Bench]:
    bench = Bench(slots, reserved, grace)
    bench.queue.claims.extend(claims)
    main = asyncio.create_task(bench.worker.main())
    try:
        yield bench
    finally:
        bench.worker.handle_sig(signal.SIGTERM)
        bench.worker.handle_sig(signal.SIGTERM)
        await asyncio.wait_for(main, 5)


async def test_it_offers_its_free_slots_and_what_is_left_of_the_reserved() -> None:
    async with running(claim("a", "b"), slots=5, reserved=2) as bench:
        await bench.begins(2)
        bench.queue.tokens.release()
        await bench.asks(2)
        assert [offer[:2] for offer in bench.queue.offered[:2]] == [(5, 2), (3, 2)]
        assert {offer[2] for offer in bench.queue.offered} == {1}  # a fifth of five


@pytest.mark.parametrize(("slots", "spare"), [(1, 1), (4, 1), (10, 2), (50, 10)])
async def test_a_fifth_of_the_slots_and_one_at_least_is_not_for_who_has_as_many(slots: int, spare: int) -> None:
    async with running(slots=slots) as bench:
        await bench.asks(1)
        assert bench.queue.offered[0][2] == spare


async def test_with_all_slots_taken_the_reserved_ones_shrink_and_then_nothing_is_claimed() -> None:
    async with running(claim("a", "b"), claim("c"), claim("d"), slots=2, reserved=2) as bench:
        await bench.begins(2)
        for taken in range(2):
            bench.queue.tokens.release()
            await bench.begins()
            assert bench.queue.offered[taken + 1][:2] == (0, 2 - taken)
        bench.queue.tokens.release()  # no slot: not claimed, and the token goes to another worker
        before = len(bench.queue.offered)
        bench.end("a")
        await bench.asks(before + 1)
        assert bench.queue.offered[-1][:2] == (0, 1)


@pytest.mark.parametrize(
    ("slots", "freed", "told"), [(False, False, ["token back"]), (True, False, []), (False, True, [])]
)
async def test_a_token_is_put_back_where_the_next_claim_has_no_slot_for_it(
    slots: bool, freed: bool, told: list[str]
) -> None:
    bench = Bench(1, 0, 0.0)
    bench.queue.tokens.release()
    bench.worker._wakeup_wait = asyncio.create_task(bench.queue.sleep(1.0))
    await bench.worker._wakeup_wait
    if freed:
        bench.worker._slot_freed.set()
    await bench.worker._consume_wakeup(slots=slots)
    assert bench.queue.told == told
    assert bench.waits_for() is None


async def test_as_many_jobs_as_one_claim_gives_are_followed_by_another_at_once() -> None:
    many = claim(*(f"j{number}" for number in range(32)))
    async with running(many, claim("last"), slots=40, reserved=0) as bench:
        await bench.begins(33)
        assert bench.queue.sleeps == [] or len(bench.queue.offered) >= 2
        assert bench.queue.offered[1][0] == 8


@pytest.mark.parametrize(("due", "pause"), [(None, 1.0), (0.25, 0.25), (5.0, 1.0), (0.0, 0.001), (-3.0, 0.001)])
async def test_it_sleeps_until_something_is_due_and_a_second_at_most(due: float | None, pause: float) -> None:
    async with running(claim(due=due)) as bench:
        await bench.asks(1)
        await asyncio.wait_for(bench.queue.asleep.wait(), 5)
        assert bench.queue.sleeps[0] == pytest.approx(pause)


async def test_a_slot_that_is_freed_wakes_it_only_where_accounts_wait_for_one() -> None:
    async with running(claim("a", waiting=1), slots=5) as bench:
        await bench.begins()
        bench.end("a")
        await bench.asks(2)
    async with running(claim("a", waiting=0), slots=5) as bench:
        await bench.begins()
        bench.end("a")
        await bench.hears("retired a")
        await asyncio.sleep(0.05)
        assert len(bench.queue.offered) == 1


async def test_a_job_that_returns_is_retired_and_counted() -> None:
    async with running(claim("turn:1:25:3")) as bench:
        await bench.begins()
        bench.end("turn:1:25:3")
        await bench.hears("retired turn:1:25:3")
        assert bench.worker.jobs_complete == 1
        assert "released turn:1:25:3" not in bench.queue.told


@pytest.mark.parametrize("lost", [True, False])
async def test_a_job_is_told_its_name_its_arguments_and_whether_an_earlier_run_was_lost(lost: bool) -> None:
    async with running(Claim((claimed("j", lost=lost),), None, 0)) as bench:
        await bench.begins()
        context = bench.contexts["j"]
        assert (context["job_id"], context["conv"], context["lost"]) == ("j", "1:j", lost)


@pytest.mark.parametrize("raised", [ValueError("surprise"), StoreUnavailable("away"), KeyError("x")])
async def test_a_job_that_fails_keeps_its_lease_and_takes_nobody_with_it(raised: Exception) -> None:
    async with running(claim("bad")) as bench:
        bench.raises = raised
        await bench.begins()
        bench.raises = None
        bench.queue.claims.append(claim("good"))
        bench.queue.tokens.release()
        await bench.begins()
        bench.end("good")
        await bench.hears("retired good")
        assert not any("bad" in said for said in bench.queue.told)
        assert bench.worker.jobs_failed == (0 if isinstance(raised, StoreUnavailable) else 1)


async def test_a_job_of_a_function_that_nobody_knows_fails_alone() -> None:
    async with running(Claim((claimed("j", function="gone"),), None, 0), claim("good")) as bench:
        bench.queue.tokens.release()
        await bench.begins()
        assert bench.worker.jobs_failed == 1
        assert list(bench.contexts) == ["good"]


async def test_one_that_is_claimed_while_it_runs_here_is_not_begun_twice() -> None:
    async with running(claim("a"), claim("a", "b")) as bench:
        await bench.begins()
        bench.queue.tokens.release()
        await bench.begins()
        assert sorted(bench.worker.tasks) == ["a", "b"]
        assert bench.begun.locked()


async def test_a_job_whose_lease_another_has_is_cancelled_and_not_given_back() -> None:
    async with running(claim("a", "b")) as bench:
        await bench.begins(2)
        task = bench.worker.tasks["a"]
        bench.worker._cancel_lost(["a", "unknown"])
        await asyncio.wait({task})
        await asyncio.sleep(0)
        assert not any(said.partition(" ")[2] == "a" for said in bench.queue.told)
        assert list(bench.worker.tasks) == ["b"]
        assert bench.worker._lost == set()


async def test_what_it_runs_is_renewed_with_a_heartbeat_of_three_leases() -> None:
    async with running(claim("a", "b")) as bench:
        await bench.begins(2)
        keeper = asyncio.create_task(bench.worker._keep_leases())
        await asyncio.sleep(0)
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        assert bench.queue.renewed[-1] == ["a", "b"]
        assert "alive for 90 s" in bench.queue.told


async def test_told_to_stop_it_lets_jobs_end_within_the_grace_time() -> None:
    bench = Bench(5, 0, grace=30)
    bench.queue.claims.append(claim("a", "b"))
    main = asyncio.create_task(bench.worker.main())
    await bench.begins(2)
    bench.worker.handle_sig(signal.SIGTERM)
    bench.end("a")
    await bench.hears("retired a")
    assert not main.done()
    bench.end("b")
    await asyncio.wait_for(main, 5)
    assert [said for said in bench.queue.told if said.startswith("re")] == ["retired a", "retired b"]


async def test_a_second_signal_ends_the_grace_time_and_gives_back_what_runs() -> None:
    bench = Bench(5, 0, grace=30)
    bench.queue.claims.append(claim("a", "b"))
    main = asyncio.create_task(bench.worker.main())
    await bench.begins(2)
    bench.worker.handle_sig(signal.SIGTERM)
    await asyncio.sleep(0)
    bench.worker.handle_sig(signal.SIGTERM)
    await asyncio.wait_for(main, 5)
    assert {said for said in bench.queue.told if said.startswith("re")} == {"released a", "released b"}
    assert bench.worker.jobs_retried == 2


async def test_a_claim_that_is_under_way_when_it_stops_gives_back_what_it_brings() -> None:
    bench = Bench(5, 0, grace=0)
    bench.queue.holds = asyncio.Event()
    bench.queue.claims.append(claim("a"))
    main = asyncio.create_task(bench.worker.main())
    await bench.asks(1)
    bench.worker.handle_sig(signal.SIGTERM)
    await asyncio.sleep(0)
    bench.queue.holds.set()
    await asyncio.wait_for(main, 5)
    assert "released a" in bench.queue.told
    assert bench.contexts == {}


@pytest.mark.parametrize("refusal", [StoreUnavailable("away"), StoreMisused("release", "wrong")])
async def test_what_cannot_be_given_back_is_left_to_its_lease(refusal: Exception) -> None:
    bench = Bench(5, 0, grace=0)
    bench.queue.claims.append(claim("a"))
    main = asyncio.create_task(bench.worker.main())
    await bench.begins()
    bench.queue.refuses = refusal
    bench.worker.handle_sig(signal.SIGTERM)
    await asyncio.wait_for(main, 5)
    assert bench.worker.jobs_retried == 0
    await bench.worker.close()  # nor does saying good-bye fail


async def test_while_redis_is_away_it_asks_again_and_takes_what_comes_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.process.worker._AWAY_PAUSE", 0.001)
    monkeypatch.setattr("workers.process.worker._LONGEST_SLEEP", 0.001)
    faults = (StoreUnavailable("away"), StoreMisused("claim", "wrong"), StoreUnavailable("away"))
    async with running(*faults, claim("a")) as bench:
        await bench.begins()
        assert len(bench.queue.offered) >= 4


async def test_a_wait_for_a_token_that_failed_is_forgotten_and_one_that_runs_is_kept() -> None:
    bench = Bench(1, 0, 0.0)

    async def fails() -> bool:
        raise StoreUnavailable("away")

    failed = asyncio.create_task(fails())
    await asyncio.wait({failed})
    bench.worker._wakeup_wait = failed
    bench.worker._drop_ended_wait()
    assert bench.waits_for() is None
    runs = bench.worker._wakeup_wait = asyncio.create_task(bench.queue.sleep(1.0))
    await asyncio.sleep(0)
    bench.worker._drop_ended_wait()
    assert bench.worker._wakeup_wait is runs
    runs.cancel()


async def test_what_ends_its_claims_for_good_ends_the_worker() -> None:
    bench = Bench(1, 0, 0.0)
    bench.queue.claims.append(RuntimeError("a fault of ours"))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await asyncio.wait_for(bench.worker.main(), 5)


async def test_start_and_end_call_what_was_given_for_them() -> None:
    seen: list[str] = []

    def note(what: str) -> Callable[[dict[str, Any]], Awaitable[None]]:
        async def noted(_: dict[str, Any]) -> None:
            seen.append(what)

        return noted

    bench = Bench(1, 0, 0.0)
    worker = cast(Any, bench.worker)
    worker.on_startup, worker.on_shutdown = note("start"), note("end")
    main = asyncio.create_task(bench.worker.main())
    await bench.asks(1)
    bench.worker.handle_sig(signal.SIGTERM)
    await asyncio.wait_for(main, 5)
    await bench.worker.close()
    await bench.worker.close()  # twice is as good as once
    assert seen == ["start", "end"]
    assert bench.queue.told[-1] == "gone"
