"""The door admits messages; workers, ours and arq's own, take jobs and let go of them."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission
from tests.builders import delivery
from tests.property.mailbox.ground import Ground
from tests.property.mailbox.model import CONVERSATIONS, STOCK, WORKERS, Conv, Run

pick = st.integers(min_value=0, max_value=1 << 16)


class Jobs(Ground):
    """Messages come, and jobs change hands."""

    @rule(
        where=st.sampled_from(CONVERSATIONS),
        message=st.integers(1, 12),
        request=st.one_of(st.none(), st.integers(1, 30)),
        priority=st.sampled_from((0, 5, 8)),
    )
    def admit(self, where: tuple[str, int], message: int, request: int | None, priority: int) -> None:
        self.admitted(where, message, request, priority)

    def admitted(self, where: tuple[str, int], message: int, request: int | None, priority: int) -> None:
        account, conversation = where
        name = keys.conv(account, conversation)
        marks = {("m", f"{name}:{message}")} | ({("d", f"{account}:{request}")} if request else set())
        known = str(request) if request else None
        one = delivery(message, str(message), account=account, conversation=conversation, delivery_id=known)
        answer = self.wait(self.mailbox.admit(one, priority=priority))
        if marks & self.seen:
            assert answer is Admission.DUPLICATE
            return
        assert answer is Admission.ACCEPTED
        self.seen |= marks
        conv = self.convs.setdefault(name, Conv(name, account))
        conv.box.add(message)
        conv.sequence += 1
        if conv.job is None:
            conv.next_turn()

    @precondition(lambda self: self.held())
    @rule(which=pick, message=st.integers(13, 60))
    def write_on(self, which: int, message: int) -> None:
        """A message for a conversation that somebody works on."""
        run, _, conv = self.pick_held(which)
        _, _, conversation = run.conv.rpartition(":")
        self.admitted((conv.account, int(conversation)), message, None, 5)

    @rule(worker=st.sampled_from(WORKERS), free=st.integers(0, 3), high=st.integers(0, 2))
    def claim(self, worker: str, free: int, high: int) -> None:
        jobs = self.wait(self.queue(worker).claim(free, high)).jobs
        assert len(jobs) <= free + high
        self.forget_leases_of_lost_jobs()
        for claimed in jobs:
            assert claimed.lost == (claimed.job in self.leases), claimed
            assert not claimed.lost or claimed.job in self.expired | self.brief, (
                f"{claimed.job} was taken from a living worker"
            )
            self.leases[claimed.job] = worker
            self.expired.discard(claimed.job)
            self.runs.append(Run(worker, claimed.job, claimed.lost))

    @precondition(lambda self: self.runs)
    @rule(which=pick)
    def retire(self, which: int) -> None:
        """The run has returned, whatever it did or did not do."""
        self.retired(self.pick(which))

    def retired(self, run: Run) -> None:
        if run.stock:
            self.wait(self._stock_ends(run.job))
            self.blobless.add(run.job)
        else:
            self.wait(self.queue(run.worker).retire(run.job))
            self.forget(run)
        self.runs.remove(run)

    async def _stock_ends(self, job: str) -> None:
        """What arq's own worker does when a job is done (arq.worker.Worker.finish_job)."""
        await self.redis.delete(f"arq:in-progress:{job}", f"arq:retry:{job}", f"arq:job:{job}")
        await self.redis.zrem(keys.QUEUE, job)

    @precondition(lambda self: any(not run.stock for run in self.runs))
    @rule(which=pick)
    def release(self, which: int) -> None:
        ours = [run for run in self.runs if not run.stock]
        run = ours[which % len(ours)]
        self.wait(self.queue(run.worker).release(run.job))
        self.forget(run)
        self.runs.remove(run)

    def renew(self, worker: str) -> None:
        jobs = [run.job for run in self.runs if run.worker == worker]
        lost = self.wait(self.queue(worker).renew(jobs))
        assert set(lost) == {job for job in jobs if self.leases.get(job) != worker}
        self.expired -= set(jobs) - set(lost)

    @rule(which=pick)
    def stock_takes(self, which: int) -> None:
        """What arq's own worker does to take a job (arq.worker.Worker.start_jobs); it pops nothing."""
        waiting = [job.decode() for job in self.wait(self._waiting())]
        if waiting:
            job = waiting[which % len(waiting)]
            self.wait(self.redis.set(f"arq:in-progress:{job}", b"1"))
            self.runs.append(Run(STOCK[which % 2], job, lost=False, stock=True))

    async def _waiting(self) -> list[bytes]:
        soon = (
            int((await self.redis.time())[0]) + 60
        ) * 1000  # not by the clock of this machine: by what is due at all
        found = []
        for job in await self.redis.zrangebyscore(keys.QUEUE, "-inf", soon):
            held = await self.redis.exists(b"arq:in-progress:" + job)
            if not held and await self.redis.exists(b"arq:job:" + job):
                found.append(job)
        return found
