"""Which message a reply points at, and how that reaches Chatwoot."""

import pytest

from chatwootai.channels.outgoing.reply_reference import referenced_message
from chatwootai.model.message.delivery import Change, Delivery
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.policy import outcome
from chatwootai.stores.conversation.entries import pack_action, unpack_action
from tests.builders import delivery, question
from workers.delivery.message_body import message_body


def said(number: int, channel: str = "whatsapp", change: Change = Change.NEW) -> Delivery:
    return delivery(number, channel=channel, change=change, conversation=1)


ASKED = question()


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "webchat"])
def test_where_several_messages_are_answered_at_once_the_last_is_pointed_at(channel: str) -> None:
    assert referenced_message([said(7, channel), said(8, channel)]) == 8
    assert referenced_message([said(8, channel)]) is None


@pytest.mark.parametrize("channel", ["email", "sms", "facebook", "instagram", "line", "api", "new one"])
def test_other_channels_would_not_show_it(channel: str) -> None:
    assert referenced_message([said(7, channel), said(8, channel)]) is None


def test_an_edited_message_is_one_message_and_a_choice_is_none() -> None:
    assert referenced_message([said(8), said(8, change=Change.EDIT)]) is None
    assert referenced_message([said(7), said(8, change=Change.CHOICE)]) is None


def test_only_the_first_part_points() -> None:
    first, second = outcome.actions(outcome.reply(("a", "b"), reply_to=8), ASKED)
    assert (first.reply_to, second.reply_to) == (8, None)
    assert unpack_action(pack_action(first)) == first
    assert [one.reply_to for one in outcome.actions(outcome.reply(("a", "b")), ASKED)] == [None, None]


def test_it_is_posted_in_chatwoots_words() -> None:
    action = Action(kind=ActionKind.REPLY, turn="t", part=1, reply_to=8, cc=("a@b.c", "d@e.f"))
    assert message_body(action).content_attributes == {"in_reply_to": 8}
    assert message_body(action).extra == {"cc_emails": "a@b.c,d@e.f"}
    assert message_body(Action(kind=ActionKind.REPLY, turn="t", part=1)).content_attributes == {}
