"""Looking at the queue and laying hands on it, on a real Redis."""

import asyncio
import time
from itertools import count

import pytest

from chatwootai.model.message.delivery import Contact, Delivery, Role
from chatwootai.model.message.effects import Signal, SignalKind
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision, pending
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.operators.actions import Dropped, DropResult, OperatorActions, RunNowResult
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.operators.inspection import Inspection, Job, State
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery
from workers.dead_letters import dead_letter

_turns = count()


def wish(account: str = "1", conversation: int = 25, message: int = 812, *, name: str | None = None) -> Delivery:
    where = {"account": account, "conversation": conversation, "received_at": time.time()}
    ana, known = Contact(id=3, name="Ana"), name or f"d-{account}-{message}"
    return delivery(message, "a secret wish", contact=ana, delivery_id=known, **where)


@pytest.fixture
def queue(redis: Connection) -> Queue:
    return Queue(redis, "w1", lease=5)


async def admitted(redis: Connection, *deliveries: Delivery, priority: int = 5) -> None:
    for one in deliveries:
        assert await Mailbox(redis).admit(one, priority=priority) is Admission.ACCEPTED


async def begun(redis: Connection, queue: Queue) -> TurnStart:
    jobs = (await queue.claim(1, 0)).jobs
    found = await Conversations(redis).begin(jobs[0].job.removeprefix("turn:").rpartition(":")[0], jobs[0].job, "w1")
    assert found is not None
    return found


async def answered(redis: Connection, queue: Queue, *, dead: str | None = None) -> str:
    """Take the next job through its whole life; the turn's name."""
    turn, work = f"turn{next(_turns)}", await begun(redis, queue)
    conversations = Conversations(redis)
    action = Action(kind=ActionKind.REPLY, turn=turn, part=0, text="never to be seen")
    decision = Decision(
        turn=turn,
        answered=[one.message.id for one in work.deliveries],
        actions=[action],
        exchanges=[Exchange(Role.CONTACT, "a secret wish", 1.0)],
        dead=dead_letter(turn, work.lease.conv, dead, work.deliveries) if dead else None,
    )
    await conversations.commit(work.lease, work.sequence, decision, ContextLimits(10, 1000))
    entry = pending(action)
    await conversations.post(work.lease, entry)
    await conversations.sent(work.lease, entry)
    await conversations.finish(work.lease)
    await queue.retire(work.lease.job)
    return turn


async def names(redis: Connection, conv: str = "1:25") -> list[str]:
    return [step.name for step in (await ConversationHistories(redis).read(conv)).steps]


async def waiting(redis: Connection, **only: str) -> list[Job]:
    return [job async for job in Inspection(redis).waiting(**only)]


async def test_waiting_jobs_say_whose_how_urgent_and_since_when(redis: Connection) -> None:
    before = time.time()
    await admitted(redis, wish(), wish(message=813))
    await admitted(redis, wish("2", 7, 5), priority=8)
    high, normal = await waiting(redis)
    assert (high.conv, high.lane, high.priority, high.state) == ("2:7", "high", 8, State.WAITING)
    assert (normal.conv, normal.lane, normal.priority, normal.messages) == ("1:25", "normal", 5, 2)
    assert before - 1 < (normal.since or 0) <= time.time() + 1


async def test_waiting_jobs_are_narrowed_to_a_tenant_or_a_lane(redis: Connection) -> None:
    await admitted(redis, wish(), wish("2", 7, 5))
    await admitted(redis, wish("2", 8, 6), priority=9)
    assert [job.conv for job in await waiting(redis, account="2")] == ["2:8", "2:7"]
    assert [job.conv for job in await waiting(redis, lane="high")] == ["2:8"]
    assert await waiting(redis, account="nobody") == []


async def test_more_than_a_page_is_listed_whole_and_once(redis: Connection) -> None:
    many = [wish("flood", number, number) for number in range(1, 1203)]
    await admitted(redis, *many, *(wish(f"t{number}", 1, 1) for number in range(30)))
    found = [job.conv for job in await waiting(redis)]
    assert len(found) == len(set(found)) == 1232


async def test_ten_thousand_waiting_jobs_are_listed_in_a_few_reads(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    for tenant in range(100):
        many = (wish(f"t{tenant}", number, number) for number in range(1, 101))
        await asyncio.gather(*(mailbox.admit(one, priority=one.conversation % 11) for one in many))
    took = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(await waiting(redis)) == 10_000
        took.append(time.perf_counter() - start)
    assert min(took) < 5, took  # half a second on an idle machine; a read a job would take a minute


async def test_a_running_job_names_its_owner_and_its_lease(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish())
    await begun(redis, queue)
    (job,) = [one async for one in Inspection(redis).running()]
    assert (job.conv, job.worker, job.state) == ("1:25", "w1", State.RUNNING)
    assert 0 < (job.lease or 0) - time.time() <= 5
    assert abs((job.began or 0) - time.time()) < 30
    assert await waiting(redis) == []


async def test_a_job_that_a_stock_worker_runs_shows_as_running(redis: Connection) -> None:
    await admitted(redis, wish())
    await redis.set("arq:in-progress:turn:1:25:1", b"1")
    await Conversations(redis).begin("1:25", "turn:1:25:1", "stock")
    (job,) = await waiting(redis)
    assert (job.state, job.worker, job.lease) == (State.RUNNING, "stock", None)


async def test_a_job_put_off_says_when_it_is_due_and_may_be_hastened(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish())
    work = await begun(redis, queue)
    await Conversations(redis).again(work.lease, after=60)
    await queue.retire(work.lease.job)
    (job,) = [one async for one in Inspection(redis).scheduled()]
    assert 50 < (job.due or 0) - time.time() < 70
    assert job.tries == 1
    hand = OperatorActions(redis)
    assert await hand.run_now(job.job) is RunNowResult.READY
    assert await hand.run_now(job.job) is RunNowResult.WAITING
    assert (await begun(redis, queue)).lease.job == job.job
    assert await hand.run_now(job.job) is RunNowResult.RUNNING
    assert await hand.run_now("turn:1:25:99") is RunNowResult.GONE


async def test_one_job_is_found_wherever_it_is(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish())
    look = Inspection(redis)
    assert (await look.job("turn:1:25:1")).state is State.WAITING  # type: ignore[union-attr]
    work = await begun(redis, queue)
    assert (await look.job("turn:1:25:1")).state is State.RUNNING  # type: ignore[union-attr]
    await Conversations(redis).again(work.lease, after=60)
    await queue.retire(work.lease.job)
    assert await look.job("turn:1:25:1") is None
    assert (await look.job("turn:1:25:2")).state is State.SCHEDULED  # type: ignore[union-attr]


async def test_the_floor_in_numbers(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish(), wish(message=813), wish("2", 7, 5))
    await admitted(redis, wish("2", 8, 6), priority=9)
    await begun(redis, queue)
    stats = await Inspection(redis).stats()
    assert (stats.waiting, stats.running, stats.scheduled, stats.dead, stats.messages) == (2, 1, 0, 0, 4)
    assert stats.priorities == {5: 2}
    assert stats.workers == {"w1": 1}
    assert [(one.account, one.high, one.normal, one.running, one.messages) for one in stats.tenants] == [
        ("1", 0, 1, 0, 2),
        ("2", 0, 1, 1, 2),
    ]
    assert abs((stats.since or 0) - time.time()) < 5


async def test_an_empty_floor_has_numbers_too(redis: Connection) -> None:
    stats = await Inspection(redis).stats()
    assert (stats.waiting, stats.since, stats.tenants, stats.priorities) == (0, None, (), {})


async def test_a_conversations_life_is_told_step_by_step_without_a_word_of_anyone(
    redis: Connection, queue: Queue
) -> None:
    await admitted(redis, wish())
    turn = await answered(redis, queue)
    await Mailbox(redis).signal(Signal(account="1", conversation=25, kind=SignalKind.RESOLVED, at=time.time()))
    life = await ConversationHistories(redis).read("1:25")
    assert [step.name for step in life.steps] == ["admitted", "began", "committed", "sent", "rests", "resolved"]
    assert life.steps[0].details == {"message": "812", "delivery": "d-1-812", "lane": "normal"}
    assert life.steps[2].details == {"turn": turn, "messages": "812", "actions": "1", "dead": "0"}
    assert life.answered_by(turn) == {812}
    raw = b"".join(await redis.lrange(keys.life("1:25"), 0, -1))
    assert b"secret" not in raw
    assert b"seen" not in raw
    assert [step.at for step in life.steps] == sorted(step.at for step in life.steps)


async def test_a_life_is_bounded_in_length_and_time(redis: Connection) -> None:
    for number in range(1, 240):
        await admitted(redis, wish(message=number))
    assert 200 <= await redis.llen(keys.life("1:25")) <= 220
    assert 0 < await redis.pttl(keys.life("1:25")) <= 7 * lifetimes.DAY


async def test_a_signal_to_nobody_leaves_no_trace(redis: Connection) -> None:
    for kind in SignalKind:
        await Mailbox(redis).signal(Signal(account="1", conversation=25, kind=kind, at=1.0))
    assert not (await ConversationHistories(redis).read("1:25")).known


async def test_a_delivery_is_found_by_its_id(redis: Connection) -> None:
    await admitted(redis, wish("10", 25, 812, name="0d1f"))
    lives = ConversationHistories(redis)
    assert await lives.admitted("0d1f", ["9", "10"]) == ("10:25", 812)
    assert await lives.admitted("0d1f", ["9"]) is None
    assert await lives.admitted("other", ["9", "10"]) is None
    assert await lives.admitted("0d1f", []) is None


async def test_a_dead_letter_is_answered_again_once_however_often_it_is_asked_for(
    redis: Connection, queue: Queue
) -> None:
    await admitted(redis, wish())
    turn = await answered(redis, queue, dead="it failed")
    letter = await DeadLetters(redis).read(turn)
    assert letter is not None
    assert (letter.conv, letter.cause, [one.message.id for one in letter.deliveries]) == ("1:25", "it failed", [812])
    assert await Mailbox(redis).admit(wish(), priority=5) is Admission.DUPLICATE
    hand, now = OperatorActions(redis), time.time()
    assert await hand.admit("1:25", letter.deliveries, now=now, letter=turn) == 1
    assert await hand.admit("1:25", letter.deliveries, now=now, letter=turn) is None
    assert [one async for one in DeadLetters(redis).all()] == []
    await answered(redis, queue)
    assert (await queue.claim(1, 0)).jobs == ()
    assert (await names(redis)).count("committed") == 2


async def test_what_waits_already_is_not_put_there_twice(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish())
    assert await OperatorActions(redis).admit("1:25", [wish()], now=time.time()) == 0
    assert await redis.hget(keys.WAITING, "1") == b"1"


async def test_readmission_starts_the_clock_anew_and_reaches_a_running_turn(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish())
    await answered(redis, queue)
    await admitted(redis, wish(message=813))
    work = await begun(redis, queue)
    assert await OperatorActions(redis).admit("1:25", [wish()], now=99.0) == 1
    sequence, deliveries = await Conversations(redis).read(work.lease)
    assert sequence == work.sequence + 1
    assert [(one.message.id, one.received_at == 99.0) for one in deliveries] == [(812, True), (813, False)]


async def test_what_was_answered_is_kept_for_a_day_and_no_more_of_it_than_twenty(
    redis: Connection, queue: Queue
) -> None:
    await admitted(redis, *(wish(message=number) for number in range(1, 31)))
    await answered(redis, queue)
    kept = (await ConversationHistories(redis).read("1:25")).kept
    assert [one.message.id for one in kept] == list(range(11, 31))
    assert 0 < await redis.pttl(keys.kept("1:25")) <= lifetimes.DAY


async def test_dropping_gives_up_all_that_waits_and_nothing_that_runs(redis: Connection, queue: Queue) -> None:
    await admitted(redis, wish(), wish(message=813))
    hand = OperatorActions(redis)
    assert await hand.drop("1:25") == Dropped(DropResult.DROPPED, 2, 0)
    assert await hand.drop("1:25") == Dropped(DropResult.NOTHING)
    assert await waiting(redis) == []
    assert await redis.hgetall(keys.WAITING) == {}
    assert await redis.zcard(keys.OPEN) == 0
    assert [one.message.id for one in (await ConversationHistories(redis).read("1:25")).kept] == [812, 813]
    await admitted(redis, wish(message=814))
    await begun(redis, queue)
    assert (await hand.drop("1:25")).fate is DropResult.RUNNING


async def test_letters_that_nobody_can_read_are_shown_and_can_be_thrown_away(redis: Connection) -> None:
    await redis.zadd(keys.DEAD, {"odd": 1.0, "gone": 2.0})
    await redis.set(keys.dead("odd"), b"\xff{")
    letters = DeadLetters(redis)
    assert [(one.turn, one.unreadable) for one in [one async for one in letters.all()]] == [("odd", 1)]
    assert await letters.discard("odd")
    assert not await letters.discard("odd")
