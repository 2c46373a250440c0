"""Accidents: workers die, leases end, jobs and entries break, Redis forgets scripts; the sweep."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chatwootai.stores import keys
from tests.property.mailbox.model import STOCK, WORKERS
from tests.property.mailbox.turns import Turns

pick = st.integers(min_value=0, max_value=1 << 16)


class Accidents(Turns):
    """What happens to jobs and workers, and what mends it."""

    @rule(worker=st.sampled_from((*WORKERS, *STOCK)))
    def die(self, worker: str) -> None:
        """kill -9: nothing is said to anyone. A stock worker's name is gone with it; its next run has another."""
        self.runs = [run for run in self.runs if run.worker != worker]
        if worker in STOCK:
            self.wait(self.redis.delete(keys.worker(worker)))

    @rule(what=st.sampled_from(("sweep", "time", "scripts", *WORKERS, *STOCK)))
    def time_passes(self, what: str) -> None:
        """What happens by itself, now and then."""
        match what:
            case "sweep":
                self.sweep()
            case "time":
                self.wait(self._due())
            case "scripts":
                self.wait(self.redis.script_flush())
            case _ if what in WORKERS:
                self.renew(what)
            case _:
                self.stock_starts(what)

    def stock_starts(self, worker: str) -> None:
        if not any(run.worker == worker for run in self.runs):
            self.wait(self.redis.set(keys.worker(worker), b"1"))

    @precondition(lambda self: self.leases)
    @rule(which=pick)
    def lease_ends(self, which: int) -> None:
        job = sorted(self.leases)[which % len(self.leases)]
        self.wait(self.redis.zadd(keys.LEASES, {job: 1}, xx=True))
        self.expired.add(job)

    async def _due(self) -> None:
        for job in await self.redis.zrange(keys.SCHEDULED, 0, -1):
            await self.redis.zadd(keys.SCHEDULED, {job: 1})
            await self.redis.zadd(keys.QUEUE, {job: 1}, xx=True)

    @precondition(lambda self: any(conv.job for conv in self.convs.values()))
    @rule(which=pick)
    def job_is_lost(self, which: int) -> None:
        """A blob that expired, or that an operator deleted."""
        jobs = [conv.job for conv in self.convs.values() if conv.job]
        job = jobs[which % len(jobs)]
        self.wait(self.redis.delete(f"arq:job:{job}"))
        self.blobless.add(job)

    @precondition(lambda self: any(conv.box - conv.broken for conv in self.convs.values()))
    @rule(which=pick)
    def entry_breaks(self, which: int) -> None:
        sound = [(conv, one) for conv in self.convs.values() for one in sorted(conv.box - conv.broken)]
        conv, message = sound[which % len(sound)]
        self.wait(self._break(conv.name, message))
        conv.broken.add(message)

    async def _break(self, conv: str, message: int) -> None:
        await self.redis.zremrangebyscore(keys.box(conv), message, message)
        await self.redis.zadd(keys.box(conv), {b"\xff %d" % message: message})

    def sweep(self) -> None:
        self.swept(self.wait(self.scripts.run("repair", -1, 500)))

    def swept(self, mended: list[bytes]) -> None:
        for name in mended:
            conv = self.convs[name.decode()]
            conv.next_turn()
            conv.tries = int(self.wait(self.redis.hget(keys.state(conv.name), "tries")) or 0)
        self.forget_leases_of_lost_jobs()
