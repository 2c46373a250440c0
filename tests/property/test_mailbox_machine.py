"""The mailbox as a state machine, on the real Redis, against a model in plain Python.

Workers here are only what they believe: a list of runs, each with the hold it was given. They stall, die, come back too
late, and repeat themselves, in any order hypothesis can think of; Redis forgets scripts and jobs; leases end.
After every step what lies in Redis is held against the model, and in the end everything must come to rest.

The draw is fixed, so that a red run stays red. For a longer, freshly drawn one:

    MAILBOX_EXAMPLES=3000 MAILBOX_STEPS=120 MAILBOX_RANDOM=1 python -m pytest tests/property/test_mailbox_machine.py
"""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.priority import lane_of
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Commit, Decision, Pending, Post, pending
from chatwootai.stores.conversation.lease import FencedLease, Stale
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.scripts import Runner
from tests.builders import delivery

T = TypeVar("T")

ACCOUNTS = ("1", "shop:2")
CONVERSATIONS = (("1", 1), ("1", 2), ("shop:2", 1))
WORKERS = ("w1", "w2", "w3")
STOCK = ("s1", "s2")
"""Names of arq's own workers: they take a job by arq's keys alone, and no lease tells that they died with it."""
_COUNTED = ("open", "ready", "tenants", "scheduled", "leases", "owners", "running", "waiting")
_WORK = (
    *("arq:queue", "arq:job:", "arq:retry:", "cw:box:", "cw:outbox:", "cw:job:"),
    *(f"cw:{what}" for what in _COUNTED),
)
"""Keys that exist only while there is work. What is remembered (seen, context, state, dead letters) may stay."""
_EXAMPLES = int(os.environ.get("MAILBOX_EXAMPLES", "500"))
_STEPS = int(os.environ.get("MAILBOX_STEPS", "50"))
_SHRINKS = bool(os.environ.get("MAILBOX_SHRINK"))  # a shorter story, minutes later
_DRAWN = not os.environ.get("MAILBOX_RANDOM")
_ROUNDS = 12
"""In which everything must come to rest: two would do, but each answered turn may have a next."""

pick = st.integers(min_value=0, max_value=1 << 16)


@dataclass(eq=False)
class Run:
    """One run of a job, as the worker that does it sees it: it may have been overtaken long ago."""

    worker: str
    job: str
    lost: bool
    stock: bool = False
    lease: FencedLease | None = None
    sequence: int = 0
    messages: list[int] = field(default_factory=list)
    broken: tuple[bytes, ...] = ()
    view: list[Pending] = field(default_factory=list)
    decision: Decision | None = None

    @property
    def conv(self) -> str:
        return self.job.removeprefix("turn:").rpartition(":")[0]


@dataclass
class Conv:
    """What must be true of one conversation."""

    name: str
    account: str
    box: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    turn: int = 0
    job: str | None = None
    fence: int = 0
    sequence: int = 0
    tries: int = 0
    outbox: list[bytes] = field(default_factory=list)
    answered: Counter[int] = field(default_factory=Counter)
    owed: list[bytes] = field(default_factory=list)  # entries in the order in which they were decided
    posted: list[bytes] = field(default_factory=list)  # as they came to stand in Chatwoot

    def next_turn(self) -> None:
        self.turn += 1
        self.job = f"turn:{self.name}:{self.turn}"

    @property
    def busy(self) -> bool:
        return bool(self.box or self.outbox)


class MailboxMachine(RuleBasedStateMachine):
    """The rules are what workers, doors and accidents do; the expectations stand beside each of them."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.redis = self.wait(self._connect())
        self.mailbox = Mailbox(self.redis)
        self.conversations = Conversations(self.redis)
        self.scripts = Runner(self.redis)
        self.convs: dict[str, Conv] = {}
        self.seen: set[tuple[str, str]] = set()
        self.leases: dict[str, str] = {}
        self.expired: set[str] = set()
        self.runs: list[Run] = []
        self.blobless: set[str] = set()
        self.brief: set[str] = set()  # leases that ended, and were prolonged by seconds for a post
        self.turns = 0
        self.state: dict[Any, Any] = {}

    async def _connect(self) -> Any:
        redis = connect(self.url)
        await redis.flushall()
        for name in STOCK:
            await redis.set(keys.worker(name), b"1")
        return redis

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def queue(self, worker: str) -> Queue:
        return Queue(self.redis, worker, lease=60)

    # The door

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

    # Workers

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

    @rule(worker=st.sampled_from(WORKERS))
    def take_up(self, worker: str) -> None:
        """As a worker does: claim, and begin what came."""
        known = list(self.runs)
        self.claim(worker, 2, 1)
        for run in [run for run in self.runs if run not in known]:
            self.begun(run, self.wait(self.conversations.begin(run.conv, run.job, run.worker, lost=run.lost)))

    @precondition(lambda self: self.held())
    @rule(which=pick, parts=st.integers(0, 3), fate=st.sampled_from(("sent", "unsaid")))
    def go_on(self, which: int, parts: int, fate: str) -> None:
        """The next step of a turn, as it should be: decide, post what was decided, finish."""
        run, _, _ = self.pick_held(which)
        if run.broken:
            self.discard(self.held().index(run))
        elif run.messages and run.decision is None:
            self.commit(self.held().index(run), parts, force=False, dead=False)
        elif run.view:
            self.post(self.viewing().index(run), fate)
        else:
            self.finish(self.held().index(run))
            self.retired(run)

    @precondition(lambda self: self.runs)
    @rule(which=pick)
    def begin(self, which: int) -> None:
        run = self.pick(which)
        self.begun(run, self.wait(self.conversations.begin(run.conv, run.job, run.worker, lost=run.lost)))

    def begun(self, run: Run, begun: TurnStart | None) -> None:
        conv = self.convs[run.conv]
        if conv.job != run.job or self.leases.get(run.job, run.worker) != run.worker:
            assert begun is None, "an old job, or another's, may begin nothing"
            return
        assert begun is not None
        conv.fence += 1
        conv.tries += run.lost
        assert begun.lease == FencedLease(conv.name, run.job, conv.fence)
        assert (begun.sequence, begun.tries) == (conv.sequence, conv.tries)
        assert [one.message.id for one in begun.deliveries] == sorted(conv.box - conv.broken)
        assert len(begun.broken) == len(conv.broken)
        assert [one.entry for one in begun.outbox] == conv.outbox
        run.lease, run.sequence, run.decision, run.broken = begun.lease, begun.sequence, None, begun.broken
        run.messages, run.view = [one.message.id for one in begun.deliveries], list(begun.outbox)

    @precondition(lambda self: self.held())
    @rule(which=pick)
    def read(self, which: int) -> None:
        run, lease, conv = self.pick_held(which)
        answer = self.tried(run, self.conversations.read(lease))
        if answer is not None and run.decision is None:
            run.sequence, run.messages = answer[0], [one.message.id for one in answer[1]]
            assert run.messages == sorted(conv.box - conv.broken)

    @precondition(lambda self: any(run.messages for run in self.held()))
    @rule(which=pick, parts=st.integers(0, 3), force=st.booleans(), dead=st.booleans())
    def commit(self, which: int, parts: int, force: bool, dead: bool) -> None:
        """Decide; a run that has decided says the same again, as after an answer that got lost."""
        run, lease, conv = self.pick_held(which)
        repeated = run.decision is not None
        if not run.messages:
            return
        decision = run.decision or self.decide(run, parts, dead=dead)
        answer = self.tried(run, self._commit(lease, run, decision, force=force))
        if answer is None:
            return
        if repeated:
            assert answer is Commit.COMMITTED
        elif run.sequence != conv.sequence and not force:
            assert answer is Commit.GROWN
        else:
            assert answer is Commit.COMMITTED
            self.decided(run, decision)

    def decide(self, run: Run, parts: int, *, dead: bool = False) -> Decision:
        self.turns += 1
        turn = f"t{self.turns}"
        return Decision(
            turn=turn,
            answered=run.messages,
            actions=[Action(kind=ActionKind.REPLY, turn=turn, part=n, text="x") for n in range(1, parts + 1)],
            exchanges=[Exchange(Role.CONTACT, "x", 1.0)],
            dead=b"{}" if dead else None,
        )

    def _commit(self, lease: FencedLease, run: Run, decision: Decision, *, force: bool) -> Coroutine[Any, Any, Commit]:
        return self.conversations.commit(lease, run.sequence, decision, ContextLimits(4, 600_000), force=force)

    def decided(self, run: Run, decision: Decision) -> None:
        conv = self.convs[run.conv]
        run.decision = decision
        conv.answered.update(decision.answered)
        conv.box -= set(decision.answered)
        conv.broken -= set(decision.answered)  # one that broke after it was read
        conv.tries = 0
        entries = [pending(action) for action in decision.actions]
        conv.outbox += [one.entry for one in entries]
        conv.owed += [one.entry for one in entries]
        run.view += entries

    @precondition(lambda self: any(run.view for run in self.held()))
    @rule(which=pick, fate=st.sampled_from(("sent", "unsaid", "never", "refused")))
    def post(self, which: int, fate: str) -> None:
        """Post the first entry that this run knows of.

        It arrives and we say so, arrives and we have no time to say so, does not arrive and we say so, or neither.
        """
        run, lease, conv = self.pick_viewing(which)
        first = run.view[0]
        may = self.tried(run, self.conversations.post(lease, first), leased=True)
        if may is None:
            return
        if may is Post.GONE:
            assert conv.outbox[:1] != [first.entry]
            run.view.pop(0)
            return
        if run.job in self.expired:  # it has the job for a moment more
            self.expired.discard(run.job)
            self.brief.add(run.job)
        assert conv.outbox[0] == first.entry
        there = first.entry in conv.posted
        assert may is Post.UNSURE or not there, "what may stand in Chatwoot must be looked for"
        if fate in {"sent", "unsaid"} and not there:
            conv.posted.append(first.entry)
        if fate == "sent":
            self.sent(run, lease)
        elif fate == "refused" and not there:
            self.tried(run, self.conversations.sent(lease, first, arrived=False))

    def sent(self, run: Run, lease: FencedLease) -> None:
        conv, first = self.convs[run.conv], run.view.pop(0)
        self.tried(run, self.conversations.sent(lease, first))
        conv.outbox.pop(0)

    @precondition(lambda self: any(run.view for run in self.held()))
    @rule(which=pick, drop=st.booleans(), instead=st.booleans())
    def replace(self, which: int, drop: bool, instead: bool) -> None:
        run, lease, conv = self.pick_viewing(which)
        first = run.view[0]
        assert first.action is not None
        self.turns += 1
        note = pending(Action(kind=ActionKind.NOTE, turn=f"n{self.turns}", part=0, text="x"))
        others = [note] if instead else []
        done = self.tried(run, self._replace(lease, first, others, drop=drop))
        if done is None or conv.outbox[:1] != [first.entry]:
            return
        turn = first.action.turn
        rest = conv.outbox[1:]
        gone = [first.entry, *(entry for entry in rest if drop and f'"turn":"{turn}"'.encode() in entry)]
        conv.outbox = [one.entry for one in others] + [entry for entry in rest if entry not in gone]
        at = conv.owed.index(first.entry) + (first.entry in conv.posted)
        conv.owed[at:at] = [one.entry for one in others]
        conv.owed = [entry for entry in conv.owed if entry not in gone or entry in conv.posted]
        run.view = others + [one for one in run.view if one.entry not in gone]

    async def _replace(self, lease: FencedLease, first: Pending, others: list[Pending], *, drop: bool) -> bool:
        instead = [one.action for one in others if one.action]
        await self.conversations.replace(lease, first, instead=instead, drop_turn=drop)
        return True

    @precondition(lambda self: any(run.broken for run in self.held()))
    @rule(which=pick)
    def discard(self, which: int) -> None:
        run, lease, conv = self.pick_held(which)
        if run.broken and self.tried(run, self._discard(lease, run.broken)):
            gone = {int(entry.rpartition(b" ")[2]) for entry in run.broken}
            conv.answered.update(gone & conv.broken)
            conv.box -= gone
            conv.broken -= gone

    async def _discard(self, lease: FencedLease, entries: tuple[bytes, ...]) -> bool:
        await self.conversations.discard(lease, entries, name="broken", dead=b"{}")
        return True

    @precondition(lambda self: self.held())
    @rule(which=pick, after=st.sampled_from((0.0, 3600.0)), count=st.booleans())
    def again(self, which: int, after: float, count: bool) -> None:
        run, lease, conv = self.pick_held(which)
        if self.tried(run, self._again(lease, after, count=count)):
            conv.tries += count
            conv.next_turn()

    async def _again(self, lease: FencedLease, after: float, *, count: bool) -> bool:
        await self.conversations.again(lease, after=after, count=count)
        return True

    @precondition(lambda self: self.held())
    @rule(which=pick)
    def finish(self, which: int) -> None:
        run, lease, conv = self.pick_held(which)
        more = self.tried(run, self.conversations.finish(lease))
        if more is None:
            return
        assert more == conv.busy
        if more:
            conv.next_turn()
        else:
            conv.job, conv.tries = None, 0

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

    def forget(self, run: Run) -> None:
        if self.leases.get(run.job) == run.worker:
            del self.leases[run.job]
            self.expired.discard(run.job)

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

    # Accidents

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

    def forget_leases_of_lost_jobs(self) -> None:
        """A claim or a sweep that meets the lease of a job without a blob ends it."""
        kept = {job.decode() for job in self.wait(self.redis.zrange(keys.LEASES, 0, -1))}
        for job in set(self.leases) - kept:
            assert job in self.blobless, f"{job} lost its lease"
            del self.leases[job]
            self.expired.discard(job)

    # What always holds

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        if not self.convs:
            return
        self.state = self.wait(self._state())
        self.mailboxes_and_outboxes_hold_what_they_must()
        self.counts_are_exact()
        self.tenants_stand_where_their_jobs_put_them()
        self.whoever_has_work_can_be_run()

    def mailboxes_and_outboxes_hold_what_they_must(self) -> None:
        for conv in self.convs.values():
            assert {int(score) for _, score in self.state["box", conv.name]} == conv.box
            assert self.state["outbox", conv.name] == conv.outbox
            assert conv.posted == [entry for entry in conv.owed if entry in conv.posted], "out of order or twice"
            assert max(conv.answered.values(), default=0) <= 1, "a message was answered twice"
            assert not conv.box & set(conv.answered)

    async def _state(self) -> dict[Any, Any]:
        asked: dict[Any, tuple[Any, ...]] = {
            "leases": ("ZRANGE", keys.LEASES, 0, -1),
            "scheduled": ("ZRANGE", keys.SCHEDULED, 0, -1),
            "queue": ("ZRANGE", keys.QUEUE, 0, -1),
            "open": ("ZRANGE", keys.OPEN, 0, -1),
            "running": ("HGETALL", keys.RUNNING),
            "waiting": ("HGETALL", keys.WAITING),
            "owners": ("HGETALL", keys.OWNERS),
            "keys": ("KEYS", "*"),
        }
        for lane in ("high", "normal"):
            asked["tenants", lane] = ("ZRANGE", f"cw:tenants:{lane}", 0, -1, "WITHSCORES")
            for account in ACCOUNTS:
                asked["ready", lane, account] = ("ZRANGE", f"cw:ready:{lane}:{account}", 0, -1, "WITHSCORES")
        for name in self.convs:
            asked["conv", name] = ("HGETALL", keys.state(name))
            asked["box", name] = ("ZRANGE", keys.box(name), 0, -1, "WITHSCORES")
            asked["outbox", name] = ("LRANGE", keys.outbox(name), 0, -1)
        pipeline = self.redis.pipeline(transaction=False)
        for command in asked.values():
            pipeline.execute_command(*command, **({"withscores": True} if command[-1] == "WITHSCORES" else {}))
        return dict(zip(asked, await pipeline.execute(), strict=True))

    def counts_are_exact(self) -> None:
        leased = {job.decode() for job in self.state["leases"]}
        assert leased == set(self.leases) == {job.decode() for job in self.state["owners"]}
        running = Counter(self.convs[Run("", job, lost=False).conv].account for job in leased)
        assert {name.decode(): int(n) for name, n in self.state["running"].items()} == dict(running)
        waiting = Counter(dict.fromkeys(ACCOUNTS, 0))
        for conv in self.convs.values():
            waiting[conv.account] += len(conv.box)
        assert {name.decode(): int(n) for name, n in self.state["waiting"].items()} == dict(+waiting)

    def tenants_stand_where_their_jobs_put_them(self) -> None:
        running = {name.decode(): int(n) for name, n in self.state["running"].items()}
        for lane in ("high", "normal"):
            wanted = {
                account: running.get(account, 0) * 1e13 + ready[0][1]
                for account in ACCOUNTS
                if (ready := self.state["ready", lane, account])
            }
            assert {name.decode(): rank for name, rank in self.state["tenants", lane]} == wanted

    def whoever_has_work_can_be_run(self) -> None:
        opened = {name.decode() for name in self.state["open"]}
        for conv in self.convs.values():
            if conv.busy:
                assert conv.name in opened, f"{conv.name} would be forgotten"
                assert conv.job is not None
                assert self.state["conv", conv.name][b"job"].decode() == conv.job
                assert self.runnable(conv.job, self.state["conv", conv.name]), f"{conv.name} is stuck"

    def runnable(self, job: str, state: dict[bytes, bytes]) -> bool:
        """Ready, leased, scheduled, in a living stock worker's hands, or to be found by the sweep."""
        raw, known = job.encode(), set(self.state["keys"])
        if b"arq:job:" + raw not in known or raw in self.state["leases"] or raw in self.state["scheduled"]:
            return True
        ready = [one for account in ACCOUNTS for lane in ("high", "normal") for one in self.lane(lane, account)]
        if raw in ready and raw in self.state["queue"]:
            return True
        if b"arq:in-progress:" + raw not in known:
            return True  # in nobody's hands: the sweep sees that
        worker = state.get(b"worker")
        return worker is None or keys.worker(worker.decode()).encode() not in known or self.works(worker.decode(), job)

    def works(self, worker: str, job: str) -> bool:
        return any(run.worker == worker and run.job == job for run in self.runs)

    def lane(self, lane: str, account: str) -> list[bytes]:
        return [job for job, _ in self.state["ready", lane, account]]

    # Rest

    def teardown(self) -> None:
        try:
            if self.convs:
                self.come_to_rest()
        finally:
            self.wait(self.redis.aclose())
            self.loop.close()

    def come_to_rest(self) -> None:
        """Everybody dies; one worker comes, answers everything, and nothing of ours remains."""
        self.runs.clear()
        self.wait(self.redis.delete(*(keys.worker(name) for name in STOCK)))
        for _ in range(_ROUNDS):
            if not (self.leases or any(conv.job for conv in self.convs.values())):
                break
            self.wait(self._due())
            for job in list(self.leases):
                self.wait(self.redis.zadd(keys.LEASES, {job: 1}, xx=True))
                self.expired.add(job)
            self.sweep()
            self.claim("w1", 50, 50)
            for run in list(self.runs):
                self.worked_off(run)
        self.redis_is_as_the_model_says()
        for conv in self.convs.values():
            assert not conv.busy, f"{conv.name} never came to rest"
            assert set(conv.posted) == set(conv.owed), "decided, and never said"
        left = {key.decode() for key in self.state["keys"] if key.decode().startswith(_WORK)}
        assert not left, "something of ours remains"
        admitted = Counter(name.rpartition(":")[0] for kind, name in self.seen if kind == "m")
        assert admitted == Counter({conv.name: conv.answered.total() for conv in self.convs.values()})

    def worked_off(self, run: Run) -> None:
        """A turn as it should go."""
        self.begun(run, self.wait(self.conversations.begin(run.conv, run.job, run.worker, lost=run.lost)))
        if run.lease is not None:
            lease, conv = run.lease, self.convs[run.conv]
            if run.broken:
                self.discard(self.held().index(run))
            if run.messages:
                decision = self.decide(run, 1)
                assert self.wait(self._commit(lease, run, decision, force=False)) is Commit.COMMITTED
                self.decided(run, decision)
            while run.view:
                self.post(self.viewing().index(run), "sent")
            assert not conv.busy
            self.finish(self.held().index(run))
        self.retired(run)

    # Choosing

    def tried(self, run: Run, work: Coroutine[Any, Any, T], *, leased: bool = False) -> T | None:
        """Do what only the holder may; None if it is rightly refused."""
        conv, lease = self.convs[run.conv], run.lease
        assert lease is not None
        holds = conv.job == lease.job and conv.fence == lease.fence
        holds = holds and not (leased and self.leases.get(run.job, run.worker) != run.worker)
        try:
            answer = self.wait(work)
        except Stale:
            assert not holds, "the holder was turned away"
            return None
        assert holds, "somebody wrote who no longer holds the conversation"
        return answer

    def held(self) -> list[Run]:
        return [run for run in self.runs if run.lease is not None]

    def viewing(self) -> list[Run]:
        return [run for run in self.held() if run.view]

    def pick(self, which: int) -> Run:
        return self.runs[which % len(self.runs)]

    def pick_held(self, which: int) -> tuple[Run, FencedLease, Conv]:
        return self._chosen(self.held()[which % len(self.held())])

    def pick_viewing(self, which: int) -> tuple[Run, FencedLease, Conv]:
        return self._chosen(self.viewing()[which % len(self.viewing())])

    def _chosen(self, run: Run) -> tuple[Run, FencedLease, Conv]:
        assert run.lease is not None
        return run, run.lease, self.convs[run.conv]


def test_nothing_is_lost_and_nothing_said_twice_in_any_order_of_events(redis_server: Embedded) -> None:
    assert lane_of(8) == "high", "the rules admit into both lanes"
    MailboxMachine.url = redis_server.url
    run_state_machine_as_test(
        MailboxMachine,
        settings=settings(
            max_examples=_EXAMPLES,
            stateful_step_count=_STEPS,
            derandomize=_DRAWN,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if _SHRINKS else [Phase.generate],
        ),
    )
