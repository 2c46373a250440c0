"""Edits, choices, deletions and failures of messages, on a real Redis."""

from dataclasses import replace

from chatwootai.model.message.delivery import Attachment, Change, Delivery, Message, Role
from chatwootai.model.message.effects import DeletedMessage, FailedMessage
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.model.policy.outcome import failure_actions
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Commit, Decision
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery

CONV = "1:25"
AT = 1_795_183_401.319


def told(message: int = 7, text: str = "oi", *, change: Change = Change.NEW, age: float = 3600.0) -> Delivery:
    return delivery(message, text, at=AT, received_at=AT + age, change=change, channel="telegram")


def edit(text: str, *, age: float = 3600.0) -> Delivery:
    return told(text=text, change=Change.EDIT, age=age)


async def begin(redis: Connection) -> TurnStart:
    (job,) = (await Queue(redis, "w1", lease=5).claim(1)).jobs
    begun = await Conversations(redis).begin(CONV, job.job, "w1")
    assert begun is not None
    return begun


async def answer(redis: Connection, begun: TurnStart, turn: str = "t1") -> Commit:
    decision = Decision(
        turn=turn,
        answered=[one.message.id for one in begun.deliveries],
        actions=(),
        exchanges=[Exchange(Role.CONTACT, one.message.text, one.message.at) for one in begun.deliveries],
    )
    done = await Conversations(redis).commit(begun.lease, begun.sequence, decision, ContextLimits(9, 60_000))
    if done is Commit.COMMITTED:
        await Conversations(redis).finish(begun.lease)
    return done


async def waiting(redis: Connection) -> int:
    return int(await redis.hget(keys.WAITING, "1") or 0)


async def test_an_edit_of_what_waits_replaces_it_and_a_running_turn_begins_again(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.admit(told(), priority=5)
    begun = await begin(redis)
    assert await mailbox.admit(edit("oi, mudei"), priority=5) is Admission.ACCEPTED
    assert await waiting(redis) == 1
    assert await answer(redis, begun) is Commit.GROWN
    _, now = await Conversations(redis).read(begun.lease)
    assert [one.message.text for one in now] == ["oi, mudei"]


async def test_an_edit_of_what_was_answered_is_a_turn_once(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.admit(told(), priority=5)
    assert await answer(redis, await begin(redis)) is Commit.COMMITTED
    assert await mailbox.admit(edit("oi"), priority=5) is Admission.UNCHANGED
    assert await mailbox.admit(edit("oi, mudei"), priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(edit("oi, mudei"), priority=5) is Admission.DUPLICATE
    begun = await begin(redis)
    assert [one.message.text for one in begun.deliveries] == ["oi, mudei"]
    assert await answer(redis, begun, "t2") is Commit.COMMITTED
    assert await mailbox.admit(edit("oi, mudei"), priority=5) is Admission.DUPLICATE
    assert await waiting(redis) == 0


async def test_an_update_of_what_nobody_here_knows_is_nothing_unless_it_is_new(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    assert await mailbox.admit(edit("oi"), priority=5) is Admission.UNCHANGED
    assert await mailbox.admit(edit("oi", age=2), priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(told(age=2), priority=5) is Admission.DUPLICATE  # its own news, overtaken


async def test_a_later_transcription_replaces_but_makes_no_turn_of_what_was_answered(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    voice = replace(told(text=""), message=Message(id=7, text="", at=AT, attachments=(Attachment(kind="audio"),)))
    spoken = replace(
        voice,
        change=Change.EDIT,
        message=replace(voice.message, attachments=(Attachment(kind="audio", transcript="oi"),)),
    )
    await mailbox.admit(voice, priority=5)
    assert await mailbox.admit(spoken, priority=5) is Admission.ACCEPTED
    begun = await begin(redis)
    assert begun.deliveries[0].message.attachments[0].transcript == "oi"
    await answer(redis, begun)
    again = replace(spoken, message=replace(voice.message, attachments=(Attachment(kind="audio", transcript="oi!"),)))
    assert await mailbox.admit(again, priority=5) is Admission.UNCHANGED


async def test_a_choice_has_the_id_of_what_it_answers_and_counts_once(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    choice = told(20030, "Trocar", change=Change.CHOICE)
    assert await mailbox.admit(choice, priority=5) is Admission.ACCEPTED
    assert await mailbox.admit(choice, priority=5) is Admission.DUPLICATE
    assert await answer(redis, await begin(redis)) is Commit.COMMITTED
    assert await mailbox.admit(choice, priority=5) is Admission.DUPLICATE


async def test_a_deleted_message_leaves_mailbox_and_context(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    gone = DeletedMessage(account="1", conversation=25, message=7, at=AT)
    await mailbox.admit(told(), priority=5)
    begun = await begin(redis)
    assert await mailbox.withdraw(gone)
    assert await waiting(redis) == 0
    assert await answer(redis, begun) is Commit.GROWN
    assert (await Conversations(redis).read(begun.lease))[1] == ()
    assert await mailbox.admit(told(), priority=5) is Admission.DUPLICATE
    assert not await mailbox.withdraw(gone)


async def test_a_deleted_message_that_was_answered_is_forgotten(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.admit(told(), priority=5)
    await answer(redis, await begin(redis))
    assert await redis.llen(keys.context(CONV)) == 1
    assert await mailbox.withdraw(DeletedMessage(account="1", conversation=25, message=7, at=AT))
    assert await redis.llen(keys.context(CONV)) == 0
    assert await redis.exists(keys.kept(CONV)) == 0


async def test_deleted_before_it_came_it_never_comes(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    await mailbox.withdraw(DeletedMessage(account="1", conversation=25, message=7, at=AT))
    assert await mailbox.admit(told(), priority=5) is Admission.DUPLICATE


async def test_people_are_told_once_of_a_failure_in_a_known_conversation(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    failure = FailedMessage(
        account="1", conversation=25, inbox=17, channel="whatsapp", message=9, why="window", text="Oi", at=AT
    )

    async def report() -> bool:
        return await mailbox.report("1", 25, 9, failure_actions(failure, "en"), priority=5, now=AT)

    assert not await report()  # nobody here knows the conversation
    await mailbox.admit(told(), priority=5)
    await answer(redis, await begin(redis))
    assert await report()
    assert not await report()
    begun = await begin(redis)
    assert [one.action.kind for one in begun.outbox if one.action] == [ActionKind.NOTE, ActionKind.STATUS]
