"""Answers to pick from: buttons where a channel has them, a list elsewhere, and how they reach Chatwoot."""

import pytest

from chatwootai.channels.choices import listed, rendered
from chatwootai.channels.registry import shapes
from chatwootai.model import outcome
from chatwootai.model.delivery import Contact
from chatwootai.model.outbox import Action, ActionKind
from chatwootai.model.turn import Question
from chatwootai.stores.entries import pack_action, unpack_action
from workers.posting import as_carried, as_posted

CHOICES = ("Entrega", "Retirar na loja")
BUTTONS = {"webchat", "whatsapp", "telegram", "facebook", "line"}
REPLY = Action(kind=ActionKind.REPLY, turn="t", part=1, text="Qual prefere?", choices=CHOICES)
ASKED = Question(
    turn="t",
    account="1",
    tenant="a",
    domain="retail",
    inbox=1,
    channel="whatsapp",
    function="customer_service",
    conversation=1,
    contact=Contact(id=1),
    last_message=8,
    text="x",
    history=(),
    deadline=0.0,
)


def signed(text: str) -> str:
    return f"{text}\n\nLoja Acme"


@pytest.mark.parametrize("channel", sorted({*shapes(), "new one"}))
def test_each_choice_is_offered_exactly_once(channel: str) -> None:
    parts, buttons = rendered(channel, "Qual **prefere**?", CHOICES, signed)
    assert buttons == (CHOICES if channel in BUTTONS else ())
    told = "\n".join((*parts, *buttons))
    assert [told.count(title) for title in CHOICES] == [1, 1]
    assert parts[-1].endswith("Loja Acme")


def test_below_a_text_too_long_for_buttons_they_are_a_list() -> None:
    text = "Temos entrega todos os dias. " * 45
    parts, buttons = rendered("whatsapp", text, CHOICES, signed)
    assert buttons == ()
    assert "- Entrega\n- Retirar na loja" in parts[-1]
    assert rendered("telegram", text, CHOICES, signed)[1] == CHOICES


@pytest.mark.parametrize("channel", ["whatsapp", "sms"])
def test_without_choices_or_words_there_is_nothing_to_offer(channel: str) -> None:
    assert rendered(channel, "Oi.", (), str) == (("Oi.",), ())
    assert listed("Oi.", ()) == "Oi."


def test_they_stand_below_the_last_part() -> None:
    first, last = outcome.actions(outcome.reply(("a", "b"), choices=CHOICES), ASKED)
    assert (first.choices, last.choices) == ((), CHOICES)
    assert unpack_action(pack_action(last)) == last


def test_they_are_posted_in_chatwoots_words() -> None:
    sent = as_posted(REPLY)
    assert sent.extra == {"content_type": "input_select"}
    assert sent.content_attributes["items"] == [{"title": title, "value": title} for title in CHOICES]


def test_twilio_has_no_buttons_and_gets_a_list() -> None:
    assert as_carried(REPLY, "Channel::Whatsapp") == REPLY
    written = as_carried(REPLY, "Channel::TwilioSms")
    assert written.text == "Qual prefere?\n\n- Entrega\n- Retirar na loja"
    assert written.choices == ()
    assert as_posted(written).extra == {}
    assert shapes()["whatsapp"].buttons + 10 * len("\n- ") + 10 * 20 < shapes()["whatsapp"].length
