"""What is heard, wished for and agreed on for the silence, on a real Redis."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import cast

import pytest

from chatwootai.model.message.effects import ObservedMessage, RequestedStatus, Signal, SignalKind
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision, IdleTimer, pending
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery

CONV = keys.conv("1", 25)
SAID = ObservedMessage(account="1", conversation=25, inbox=17, message=8, role="teammate", text="Oi, sou a Ana", at=2.0)
OPENS = Action(kind=ActionKind.STATUS, turn="t", part=0, text="open")


async def hear(redis: Connection, said: ObservedMessage) -> bool:
    return await Mailbox(redis).heard(said, ContextLimits(3, 60_000), priority=5)


async def begin(redis: Connection) -> TurnStart:
    (claimed,) = (await Queue(redis, "w", lease=5).claim(9)).jobs
    begun = await Conversations(redis).begin(CONV, claimed.job, "w")
    assert begun is not None
    return begun


async def end(redis: Connection, begun: TurnStart, *actions: Action, **more: object) -> bool:
    """Commit, carry out, finish; True if there is more to do."""
    conversations = Conversations(redis)
    decision = Decision(turn="t", answered=[one.message.id for one in begun.deliveries], actions=actions, exchanges=())
    decision = replace(decision, **more)  # type: ignore[arg-type]
    await conversations.commit(begun.lease, begun.sequence, decision, ContextLimits(9, 60_000))
    for action in actions:
        await conversations.sent(begun.lease, pending(action))
    return await conversations.finish(begun.lease)


async def answered(redis: Connection, silence: IdleTimer | None = None) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    await end(redis, await begin(redis), idle_timer=silence)


async def test_only_known_conversations_are_listened_to_and_each_word_once(redis: Connection) -> None:
    assert not await hear(redis, SAID)
    await answered(redis)
    assert await hear(redis, SAID)
    assert not await hear(redis, SAID)  # the account's webhook tells it too
    await Mailbox(redis).admit(delivery(9), priority=5)
    begun = await begin(redis)
    assert [(one.role, one.text) for one in begun.context] == [("teammate", "Oi, sou a Ana")]
    assert begun.requested_status is None


async def test_the_context_is_bounded(redis: Connection) -> None:
    await answered(redis)
    for number in range(10, 20):
        await hear(redis, replace(SAID, message=number, text=str(number)))
    assert await cast("Awaitable[int]", redis.llen(keys.context(CONV))) == 3


async def test_a_wish_makes_a_turn_and_is_fulfilled_once(redis: Connection) -> None:
    assert await hear(redis, replace(SAID, wish=RequestedStatus.OPEN))
    begun = await begin(redis)
    assert (begun.requested_status, begun.deliveries) == (RequestedStatus.OPEN, ())
    assert not await end(redis, begun, OPENS, applied_status=RequestedStatus.OPEN)
    assert (await Queue(redis, "w", lease=5).claim(9)).jobs == ()


async def test_a_wish_that_comes_while_a_turn_runs_is_the_next(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun = await begin(redis)
    await hear(redis, replace(SAID, wish=RequestedStatus.OPEN))
    assert await end(redis, begun)
    assert (await begin(redis)).requested_status is RequestedStatus.OPEN


async def test_another_wish_than_the_fulfilled_one_stays(redis: Connection) -> None:
    await hear(redis, replace(SAID, wish=RequestedStatus.OPEN))
    begun = await begin(redis)
    await hear(redis, replace(SAID, message=9, wish=RequestedStatus.PENDING))
    assert await end(redis, begun, OPENS, applied_status=RequestedStatus.OPEN)
    assert (await begin(redis)).requested_status is RequestedStatus.PENDING


async def test_a_silence_that_is_over_makes_a_turn_of_its_own(redis: Connection) -> None:
    await answered(redis, IdleTimer(b'{"step":"remind"}', 0.0))
    await Sweeper(redis).sweep(every=0.001)
    begun = await begin(redis)
    assert (begun.idle_note, begun.deliveries) == (b'{"step":"remind"}', ())
    again = await Conversations(redis).begin(CONV, begun.lease.job, "w")  # its worker died
    assert again is not None
    assert again.idle_note == begun.idle_note
    assert not await end(redis, again)
    assert await redis.zcard(keys.TIMERS) == 0


@pytest.mark.parametrize("what", ["message", "takeover", "resolved", "wish"])
async def test_whatever_happens_calls_it_off(redis: Connection, what: str) -> None:
    await answered(redis, IdleTimer(b"{}", 0.0))
    assert await redis.zcard(keys.TIMERS) == 1
    mailbox = Mailbox(redis)
    match what:
        case "message":
            await mailbox.admit(delivery(9), priority=5)
        case "wish":
            await hear(redis, replace(SAID, wish=RequestedStatus.OPEN))
        case _:
            await mailbox.signal(Signal(account="1", conversation=25, kind=SignalKind(what), at=9.0))
    assert await redis.zcard(keys.TIMERS) == 0
    await Sweeper(redis).sweep(every=0.001)
    if what in ("message", "wish"):
        assert (await begin(redis)).idle_note == b""


async def test_who_types_calls_nothing_off(redis: Connection) -> None:
    await answered(redis, IdleTimer(b"{}", 0.0))
    await Mailbox(redis).signal(Signal(account="1", conversation=25, kind=SignalKind.TYPING, at=9.0))
    assert await redis.zcard(keys.TIMERS) == 1


async def test_a_later_turn_knows_when_a_post_was_tried(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    begun, conversations = await begin(redis), Conversations(redis)
    assert begun.posting_at == 0.0
    decision = Decision(turn="t", answered=[7], actions=[OPENS], exchanges=())
    await conversations.commit(begun.lease, begun.sequence, decision, ContextLimits(9, 60_000))
    await conversations.post(begun.lease, pending(OPENS))
    again = await conversations.begin(CONV, begun.lease.job, "w")
    assert again is not None
    assert again.posting_at > 1_700_000_000
    await conversations.sent(again.lease, pending(OPENS), arrived=False)
    last = await conversations.begin(CONV, begun.lease.job, "w")
    assert last is not None
    assert last.posting_at == 0.0
