"""A turn: begun, read, decided, posted, finished; also by a run that was overtaken."""

from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores.conversation.decision import Commit, Decision, Pending, Post, pending
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from tests.property.mailbox.jobs import Jobs
from tests.property.mailbox.model import WORKERS, Run

pick = st.integers(min_value=0, max_value=1 << 16)


class Turns(Jobs):
    """The steps of a turn, in any order."""

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
