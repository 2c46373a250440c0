"""Our Worker on arq: jobs are claimed under a lease instead of polled, and given back instead of failed.

What stays arq's: functions, context, startup and shutdown, the health key that `arq --check` reads, the form of a job.
What is ours: claim and wake-up (no polling), leases renewed while a job runs (a dead worker's jobs run again within
one lease), slots that only the high lane may take, and a stop that costs no job a try.
"""

import asyncio
import time
from contextlib import suppress
from signal import Signals
from typing import Any, Literal

from arq.jobs import deserialize_job_raw
from arq.worker import Worker as ArqWorker

from chatwootai.stores.jobs.queue import Claim, Claimed, Queue
from chatwootai.stores.server.arq import Pool
from chatwootai.stores.server.connection import Connection, StoreMisused, StoreUnavailable, store_errors
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import SLOTS, TURNS_RUNNING
from chatwootai.telemetry.tasks import ended, owned

_LONGEST_SLEEP = 1.0
"""Seconds until an idle worker looks again: what a lost wake-up token costs at most."""

_AWAY_PAUSE = 0.2
_GIVE_BACK_SECONDS = 5.0
"""What a cancelled job gets to give itself back before it is cancelled again."""
_SPARE_PART = 5
"""A fifth of the slots is not for tenants that have as many turns running: a flood leaves room for the others."""
_MOST_AT_ONCE = 32
"""Jobs a claim: a worker with many free slots leaves some of a burst to the others that it woke."""

_log = log.get("worker")


class Worker(ArqWorker):
    """An arq Worker that takes its jobs from `queue`. `grace`: seconds that running jobs get to end on SIGTERM."""

    def __init__(self, *, queue: Queue, connection: Connection, reserved: int, grace: float, **arq: Any) -> None:
        super().__init__(redis_pool=Pool(connection), **arq)
        self.queue = queue
        self.reserved = reserved
        self.grace = grace
        SLOTS.labels("any").set(self.max_jobs)
        SLOTS.labels("reserved").set(reserved)
        self._slot_freed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._forced = asyncio.Event()
        self._lost: set[str] = set()
        self._wakeup_wait: asyncio.Task[bool] | None = None
        """Waits for a wake-up token; never cancelled before the worker stops, since one may be under way to it."""

    async def main(self) -> None:
        """Start up, take jobs until told to stop, let running ones end or give them back."""
        self.ctx["redis"] = self.pool
        if self.on_startup:
            await self.on_startup(self.ctx)
        keeper = asyncio.create_task(self._keep_leases(), name="leases")
        taker = asyncio.create_task(self._take_jobs(), name="claims")
        stop = asyncio.create_task(self._stopping.wait(), name="stop")
        try:
            await asyncio.wait({keeper, taker, stop}, return_when=asyncio.FIRST_COMPLETED)
            for task in (keeper, taker):
                if task.done():
                    task.result()  # neither ever returns: what ended it is worth a crash
        finally:
            await ended(taker, stop, *([self._wakeup_wait] if self._wakeup_wait else []))
            await self._shutdown_jobs()
            await ended(keeper)

    async def _take_jobs(self) -> None:
        while True:
            self._slot_freed.clear()
            try:
                await self._wait_for_work(await self._claim_and_start())
            except StoreUnavailable:
                self._drop_ended_wait()
                await asyncio.sleep(_AWAY_PAUSE)
            except StoreMisused:  # said with the script's name; what runs goes on
                self._drop_ended_wait()
                await asyncio.sleep(_LONGEST_SLEEP)

    def _drop_ended_wait(self) -> None:
        """Forget a token wait that has ended, with a token or an error. One that still waits may yet bring a token."""
        if self._wakeup_wait is not None and self._wakeup_wait.done():
            if not self._wakeup_wait.cancelled():
                self._wakeup_wait.exception()  # looked at: no warning when it is collected
            self._wakeup_wait = None

    async def _claim_and_start(self) -> Claim | None:
        """Claim into free slots and start what came; None if there is no slot."""
        free, high = self._free()
        if free + high == 0:
            return None
        claim = await self._claim(free, high)
        for claimed in claim.jobs:
            self._start(claimed)
        return claim

    async def _claim(self, free: int, high: int) -> Claim:
        """Claim, and when stopped in the midst of it, give back at once what was claimed."""
        spare = max(1, self.max_jobs // _SPARE_PART)
        claim = asyncio.ensure_future(self.queue.claim(free, high, spare=spare, most=_MOST_AT_ONCE))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            with suppress(StoreUnavailable, StoreMisused):  # or we would not stop while Redis is away
                await asyncio.gather(*(self._give_back(claimed.job) for claimed in (await claim).jobs))
            raise

    # How the claiming task sleeps between two claims. Three things may wake it:
    #
    #   token     LPUSH on cw:wake, when a job becomes ready. It is popped by `_wakeup_wait`, a task of its own that
    #             outlives a round: a token that is under way to a task which is cancelled would be lost.
    #   slot      `_slot_freed`, when one of this worker's jobs ends. Cleared before each claim, so that a job that ends
    #             while Redis is asked still wakes.
    #   time      the next job falls due or a lease ends (`claim.due`), at most _LONGEST_SLEEP: what a lost token costs.
    #
    # Which of them it waits for is told by the claim before:
    #
    #   no slot was free (claim is None)   for a slot, without end. A token wait of an earlier round may still run:
    #                                      its token is requeued, since another worker may have a slot.
    #   as many jobs as one claim gives    for nothing: there may be more.
    #   accounts wait without a slot       for a token, time, or a slot: one that is freed may be theirs.
    #   else                               for a token or time: a freed slot changes nothing.
    #
    # A token and a freed slot may come together: then the token is kept, since the next claim has the slot for it.
    # Redis away while a token is awaited: `_wakeup_wait` ends with StoreUnavailable, `_take_jobs` drops it and pauses.

    async def _wait_for_work(self, claim: Claim | None) -> None:
        """Wait for what can change the next claim; which cases there are is listed above."""
        if claim is not None and len(claim.jobs) >= _MOST_AT_ONCE:
            return
        pause = _LONGEST_SLEEP if claim is None or claim.due is None else min(_LONGEST_SLEEP, max(claim.due, 0.001))
        if claim is not None and self._wakeup_wait is None:
            self._wakeup_wait = asyncio.create_task(self.queue.sleep(pause), name="wakeup")
        freed = asyncio.create_task(self._slot_freed.wait()) if claim is None or claim.waiting else None
        awaited: set[asyncio.Task[bool] | asyncio.Task[Literal[True]]] = {
            task for task in (self._wakeup_wait, freed) if task is not None
        }
        try:
            await asyncio.wait(awaited, timeout=None if claim is None else pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if freed is not None:
                freed.cancel()
        await self._consume_wakeup(slots=claim is not None)

    async def _consume_wakeup(self, *, slots: bool) -> None:
        """Forget a token wait that has ended; requeue a token that came while there was no slot."""
        wakeup = self._wakeup_wait
        if wakeup is not None and wakeup.done():
            self._wakeup_wait = None
            if wakeup.result() and not slots and not self._slot_freed.is_set():
                await self.queue.requeue_wakeup()

    def _free(self) -> tuple[int, int]:
        running = len(self.tasks)
        return max(0, self.max_jobs - running), min(self.reserved, max(0, self.max_jobs + self.reserved - running))

    def _start(self, claimed: Claimed) -> None:
        running = self.tasks.get(claimed.job)
        if running is not None and not running.done():
            return  # ours all along: its lease ended while Redis was away, and we were the first to ask
        task = owned(self.loop.create_task(self._run(claimed), name=claimed.job), "job")
        self.tasks[claimed.job] = task
        task.add_done_callback(lambda _: self._job_ended(claimed.job))
        TURNS_RUNNING.set(len(self.tasks))

    def _job_ended(self, job: str) -> None:
        self.tasks.pop(job, None)
        self._lost.discard(job)
        self._slot_freed.set()
        TURNS_RUNNING.set(len(self.tasks))

    async def _run(self, claimed: Claimed) -> None:
        """Run one job; whatever happens to it, its lease is either retired, released, or left to end."""
        try:
            name, args, kwargs, _, _ = deserialize_job_raw(claimed.blob, deserializer=self.job_deserializer)
            function = self.functions[name]
            await function.coroutine({**self.ctx, "job_id": claimed.job, "lost": claimed.lost}, *args, **kwargs)
            self.jobs_complete += 1
            await self.queue.retire(claimed.job)
        except asyncio.CancelledError:
            if claimed.job not in self._lost:
                await asyncio.shield(self._give_back(claimed.job))
        except StoreUnavailable as error:
            _log.warning("job_left_to_its_lease", job=claimed.job, error=str(error))
        except Exception:  # noqa: BLE001 - one job's surprise is not the worker's end
            # As if this worker had died with it: the lease ends, the next run counts a try.
            self.jobs_failed += 1
            _log.exception("job_failed", job=claimed.job)

    async def _give_back(self, job: str) -> None:
        try:
            await self.queue.release(job)
            self.jobs_retried += 1
        except (StoreUnavailable, StoreMisused) as error:
            _log.warning("job_left_to_its_lease", job=job, error=str(error))

    async def _keep_leases(self) -> None:
        """Renew every third of a lease, say that we live, and drop what another worker has taken meanwhile."""
        while True:
            try:
                await self.queue.heartbeat(ttl=3 * self.queue.lease)
                self._cancel_lost(await self.queue.renew(list(self.tasks)))
                with store_errors(self.pool):  # arq's own call
                    await self.record_health()
            except (StoreUnavailable, StoreMisused) as error:
                _log.debug("leases_not_renewed", error=str(error))
            await asyncio.sleep(self.queue.lease / 3)

    def _cancel_lost(self, lost: list[str]) -> None:
        for job in lost:
            task = self.tasks.get(job)
            if task is not None and not task.done():
                _log.warning("lease_lost", job=job)
                self._lost.add(job)
                task.cancel()

    async def _shutdown_jobs(self) -> None:
        """Let running jobs end within the grace time, then cancel them: each gives itself back."""
        running = set(self.tasks.values())
        if running and not self._forced.is_set():
            _log.info("stopping", running=len(running), grace=self.grace)
            forced = asyncio.create_task(self._forced.wait())
            deadline = time.monotonic() + self.grace
            while running and not forced.done() and (left := deadline - time.monotonic()) > 0:
                await asyncio.wait({*running, forced}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                running = {task for task in running if not task.done()}
            await ended(forced)
        await ended(*running, again=_GIVE_BACK_SECONDS)
        _log.info("stopped", given_back=len(running), completed=self.jobs_complete)

    def handle_sig(self, signum: Signals) -> None:
        """SIGTERM or SIGINT: stop taking jobs; a second one ends the grace time."""
        if self._stopping.is_set():
            self._forced.set()
        self._stopping.set()

    async def close(self) -> None:
        """Say good-bye and shut down."""
        if self._pool is None:
            return
        with suppress(StoreUnavailable, StoreMisused):  # its heartbeat ends by itself
            await self.queue.deregister()
        if self.on_shutdown:
            await self.on_shutdown(self.ctx)
        self._pool = None
