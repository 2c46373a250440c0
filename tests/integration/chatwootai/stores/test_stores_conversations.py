"""The mailbox, the fence and the outbox, on a real Redis."""

from dataclasses import replace

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.effects import Signal, SignalKind
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Commit, Decision, Post
from chatwootai.stores.conversation.lease import Stale
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery

CONV = "1:25"


def reply(turn: str, part: int = 1) -> Action:
    return Action(kind=ActionKind.REPLY, turn=turn, part=part, text="Olá")


async def begin(redis: Connection, worker: str = "w1") -> TurnStart:
    jobs = (await Queue(redis, worker, lease=5).claim(1)).jobs
    assert jobs, "a job should wait"
    begun = await Conversations(redis).begin(CONV, jobs[0].job, worker)
    assert begun is not None
    return begun


async def commit(
    redis: Connection, begun: TurnStart, turn: str = "t1", *, actions: tuple[Action, ...] = (), **more: object
) -> Commit:
    decision = Decision(
        turn=turn,
        answered=[one.message.id for one in begun.deliveries],
        actions=actions,
        exchanges=[Exchange(Role.CONTACT, one.message.text, one.message.at) for one in begun.deliveries],
    )
    return await Conversations(redis).commit(
        begun.lease,
        begun.sequence,
        decision,
        ContextLimits(4, 60_000),
        **more,  # type: ignore[arg-type]
    )


async def test_the_same_message_is_admitted_once_whatever_its_delivery_id(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    assert await mailbox.admit(delivery(7, delivery_id="a"), priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(delivery(7, delivery_id="b"), priority=5) is Admission.DUPLICATE
    assert await mailbox.admit(delivery(8, delivery_id="a"), priority=5) is Admission.DUPLICATE
    assert await mailbox.admit(delivery(8, delivery_id="c"), priority=5) is Admission.ACCEPTED


async def test_another_account_cannot_use_up_a_delivery_id(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    assert await mailbox.admit(delivery(7, delivery_id="a", account="2"), priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(delivery(7, delivery_id="a", account="1"), priority=5) is Admission.ACCEPTED


async def test_messages_come_in_order_of_their_ids_whatever_the_order_of_arrival(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    for message in (9, 7, 10, 8):
        await mailbox.admit(delivery(message, f"m{message}"), priority=5)
    begun = await begin(redis)
    assert [one.message.id for one in begun.deliveries] == [7, 8, 9, 10]
    assert begun.deliveries[0] == delivery(7, "m7")


async def test_a_full_account_is_refused_and_forgets_nothing(redis: Connection) -> None:
    mailbox = Mailbox(redis, most_waiting=1)
    assert await mailbox.admit(delivery(7), priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(delivery(8), priority=5) is Admission.FULL
    begun = await begin(redis)
    await commit(redis, begun)
    assert await mailbox.admit(delivery(8), priority=5) is Admission.ACCEPTED


async def test_commit_refuses_when_the_mailbox_has_grown_and_accepts_when_forced(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.admit(delivery(7), priority=5)
    begun = await begin(redis)
    await mailbox.admit(delivery(8), priority=5)
    assert await commit(redis, begun) is Commit.GROWN
    assert await commit(redis, begun, force=True) is Commit.COMMITTED
    sequence, left = await Conversations(redis).read(begun.lease)
    assert [one.message.id for one in left] == [8]
    assert sequence == 2


async def test_a_commit_sent_twice_over_a_broken_connection_is_one(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    for _ in range(2):
        assert await commit(redis, begun, actions=(reply("t1"),)) is Commit.COMMITTED
    assert await redis.llen(keys.outbox(CONV)) == 1


async def test_whoever_began_before_may_write_nothing(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    first = await begin(redis)
    second = await conversations.begin(CONV, first.lease.job, "w1")
    assert second is not None
    assert second.lease.fence > first.lease.fence
    with pytest.raises(Stale):
        await commit(redis, first)
    with pytest.raises(Stale):
        await conversations.read(first.lease)
    with pytest.raises(Stale):
        await conversations.finish(first.lease)
    assert await commit(redis, second) is Commit.COMMITTED


async def test_an_old_job_finds_nothing_to_do(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await commit(redis, begun)
    assert await conversations.finish(begun.lease) is False
    assert await conversations.begin(CONV, begun.lease.job, "w1") is None
    assert await redis.zcard(keys.OPEN) == 0


async def test_an_entry_is_marked_before_it_is_posted_and_looked_for_afterwards(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await commit(redis, begun, actions=(reply("t1", 1), reply("t1", 2)))
    again = await conversations.begin(CONV, begun.lease.job, "w1")
    assert again is not None
    first, second = again.outbox
    assert await conversations.post(again.lease, first) is Post.GO
    assert await conversations.post(again.lease, first) is Post.UNSURE
    await conversations.sent(again.lease, first, arrived=False)
    assert await conversations.post(again.lease, first) is Post.GO
    await conversations.sent(again.lease, first)
    assert await conversations.post(again.lease, first) is Post.GONE
    assert await conversations.post(again.lease, second) is Post.GO


async def test_what_cannot_be_posted_gives_way_to_a_note(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await commit(redis, begun, actions=(reply("t1", 1), reply("t1", 2)))
    held = await conversations.begin(CONV, begun.lease.job, "w1")
    assert held is not None
    note = Action(kind=ActionKind.NOTE, turn="n", part=0, text="x")
    await conversations.replace(held.lease, held.outbox[0], instead=(note,), drop_turn=True, dead=b"{}")
    after = await conversations.begin(CONV, begun.lease.job, "w1")
    assert after is not None
    assert [pending.action for pending in after.outbox] == [note]
    assert await redis.zcard(keys.DEAD) == 1


@pytest.mark.parametrize("dropped", [True, False])
@pytest.mark.parametrize(("posted", "remembered"), [(0, ["contact"]), (1, ["contact", "crew"])])
async def test_a_reply_of_which_nothing_was_posted_is_not_remembered_as_said(
    redis: Connection, posted: int, remembered: list[str], dropped: bool
) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    decision = Decision(
        turn="t1",
        answered=[7],
        actions=(replace(reply("t1", 1), after=7), replace(reply("t1", 2), after=7)),
        exchanges=[Exchange(Role.CONTACT, "oi", 1_795_183_408.0), Exchange(Role.CREW, "Olá\nOlá", 1_795_183_409.0)],
    )
    await conversations.commit(begun.lease, begun.sequence, decision, ContextLimits(4, 60_000))
    held = await conversations.begin(CONV, begun.lease.job, "w1")
    assert held is not None
    for one in held.outbox[:posted]:
        await conversations.post(held.lease, one)
        await conversations.sent(held.lease, one)
    await conversations.replace(held.lease, held.outbox[posted], drop_turn=dropped)
    after = await conversations.begin(CONV, begun.lease.job, "w1")
    assert after is not None
    assert [said.role for said in after.context] == remembered
    assert after.outbox == (() if dropped else held.outbox[posted + 1 :])
    again = await Mailbox(redis).admit(delivery(7), priority=5)
    assert again is (Admission.ACCEPTED if dropped and not posted else Admission.DUPLICATE)


@pytest.mark.parametrize(("left", "again"), [(True, Admission.ACCEPTED), (False, Admission.DUPLICATE)])
async def test_what_was_left_to_people_may_be_handed_back(redis: Connection, left: bool, again: Admission) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    decision = Decision(turn="t1", answered=[7], actions=(), exchanges=(), left=left)
    await conversations.commit(begun.lease, begun.sequence, decision, ContextLimits(4, 60_000))
    assert await Mailbox(redis).admit(delivery(7), priority=5) is again


async def test_finish_queues_the_next_turn_for_what_came_meanwhile(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await Mailbox(redis).admit(delivery(8), priority=5)
    await commit(redis, begun, force=True)
    assert await conversations.finish(begun.lease) is True
    after = await begin(redis)
    assert after.lease.job != begun.lease.job
    assert [one.message.id for one in after.deliveries] == [8]
    assert [said.text for said in after.context] == ["oi"]


async def test_a_resolved_conversation_starts_anew_even_if_the_event_comes_late(redis: Connection) -> None:
    mailbox, conversations = Mailbox(redis), Conversations(redis)
    await mailbox.admit(delivery(7), priority=5)
    begun = await begin(redis)
    await commit(redis, begun)
    await conversations.finish(begun.lease)
    await mailbox.admit(delivery(20), priority=5)
    at = delivery(10).message.at
    await mailbox.signal(Signal(account="1", conversation=25, kind=SignalKind.RESOLVED, at=at))
    assert (await begin(redis)).context == ()


async def test_the_context_is_bounded(redis: Connection) -> None:
    mailbox, conversations = Mailbox(redis), Conversations(redis)
    for message in range(7, 14):
        await mailbox.admit(delivery(message, str(message)), priority=5)
        begun = await begin(redis)
        await commit(redis, begun, turn=f"t{message}")
        await conversations.finish(begun.lease)
    await mailbox.admit(delivery(20), priority=5)
    assert [said.text for said in (await begin(redis)).context] == ["10", "11", "12", "13"]
    assert 0 < await redis.pttl(keys.context(CONV)) <= 60_000


async def test_an_unreadable_entry_is_kept_for_an_operator_and_holds_nobody_up(redis: Connection) -> None:
    conversations = Conversations(redis)
    await Mailbox(redis).admit(delivery(7), priority=5)
    await redis.zadd(keys.box(CONV), {b"\xff not ours": 6})
    begun = await begin(redis)
    assert [one.message.id for one in begun.deliveries] == [7]
    await conversations.discard(begun.lease, begun.broken, name="broken", dead=b"{}")
    await commit(redis, begun)
    assert await conversations.finish(begun.lease) is False


async def test_put_off_runs_again_when_due_and_counts_a_try_only_if_told(redis: Connection) -> None:
    conversations, queue = Conversations(redis), Queue(redis, "w1", lease=5)
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await conversations.again(begun.lease, after=0.02, count=True)
    await queue.retire(begun.lease.job)
    claim = await queue.claim(1)
    while not claim.jobs:
        await queue.sleep(claim.due or 0.01)
        claim = await queue.claim(1)
    after = await conversations.begin(CONV, claim.jobs[0].job, "w1")
    assert after is not None
    assert after.tries == 1
    await conversations.again(after.lease, after=60, count=False)
    assert int(await redis.hget(keys.state(CONV), "tries")) == 1  # type: ignore[arg-type, misc]


async def test_the_sweep_mends_a_conversation_whose_job_is_gone(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await redis.delete(f"arq:job:{begun.lease.job}")
    await redis.zadd(keys.OPEN, {CONV: 0})
    assert await Sweeper(redis).sweep(every=0.001) == [CONV]
    await Queue(redis, "w2", lease=5).retire(begun.lease.job)
    again = await begin(redis, "w2")
    assert [one.message.id for one in again.deliveries] == [7]


async def test_a_sweep_goes_on_past_the_many_that_are_well(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await redis.delete(f"arq:job:{begun.lease.job}")
    await redis.zadd(keys.OPEN, {f"other:{number}": number for number in range(120)})
    await redis.zadd(keys.OPEN, {CONV: 200})
    assert CONV in await Sweeper(redis).sweep(every=0.001)


async def test_scripts_survive_a_redis_that_has_forgotten_them(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.admit(delivery(7), priority=5)
    await redis.script_flush()
    assert await mailbox.admit(delivery(8), priority=5) is Admission.ACCEPTED
