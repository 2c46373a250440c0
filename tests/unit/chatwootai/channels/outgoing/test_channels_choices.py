"""Answers to pick from: buttons where a channel has them, a list elsewhere, and how they reach Chatwoot."""

import pytest

from chatwootai.channels.outgoing.choices import render_choices
from chatwootai.channels.registry import all_capabilities
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Exchange
from chatwootai.model.policy import outcome
from chatwootai.model.policy.numbered_choice import resolve_choice, with_choices
from chatwootai.stores.conversation.entries import pack_action, unpack_action
from tests.builders import question
from workers.delivery.message_body import message_body

CHOICES = ("Entrega", "Retirar na loja")
BUTTONS = {"webchat", "telegram", "facebook", "line"}
REPLY = Action(kind=ActionKind.REPLY, turn="t", part=1, text="Qual prefere?", choices=CHOICES)
ASKED = question()


def signed(text: str) -> str:
    return f"{text}\n\nLoja Acme"


@pytest.mark.parametrize("channel", sorted({*all_capabilities(), "new one"}))
def test_each_choice_is_offered_exactly_once(channel: str) -> None:
    parts, buttons = render_choices(channel, "Qual **prefere**?", CHOICES, signed)
    assert buttons == (CHOICES if channel in BUTTONS else ())
    told = "\n".join((*parts, *buttons))
    assert [told.count(title) for title in CHOICES] == [1, 1]
    assert parts[-1].endswith("Loja Acme")


def test_below_a_text_too_long_for_buttons_they_are_a_list() -> None:
    text = "Temos entrega todos os dias. " * 45
    parts, buttons = render_choices("whatsapp", text, CHOICES, signed, "Channel::Whatsapp")
    assert buttons == ()
    assert "1. Entrega\n2. Retirar na loja" in parts[-1]
    assert render_choices("telegram", text, CHOICES, signed)[1] == CHOICES


@pytest.mark.parametrize("channel", ["whatsapp", "sms"])
def test_without_choices_or_words_there_is_nothing_to_offer(channel: str) -> None:
    assert render_choices(channel, "Oi.", (), str) == (("Oi.",), ())
    assert with_choices("Oi.", ()) == "Oi."


def test_they_stand_below_the_last_part() -> None:
    first, last = outcome.actions(outcome.reply(("a", "b"), choices=CHOICES), ASKED)
    assert (first.choices, last.choices) == ((), CHOICES)
    assert unpack_action(pack_action(last)) == last


def test_they_are_posted_in_chatwoots_words() -> None:
    sent = message_body(REPLY)
    assert sent.extra == {"content_type": "input_select"}
    assert sent.content_attributes["items"] == [{"title": title, "value": title} for title in CHOICES]


@pytest.mark.parametrize("carrier", ["Channel::TwilioSms", None])
def test_only_metas_whatsapp_has_buttons(carrier: str | None) -> None:
    assert render_choices("whatsapp", "Qual prefere?", CHOICES, str, "Channel::Whatsapp") == (
        ("Qual prefere?",),
        CHOICES,
    )
    written, buttons = render_choices("whatsapp", "Qual prefere?", CHOICES, str, carrier)
    assert written == ("Qual prefere?\n\n1. Entrega\n2. Retirar na loja",)
    assert buttons == ()


OFFER = Exchange(Role.CREW, with_choices("Qual prefere?", CHOICES), 1.0)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2", "Retirar na loja"),
        (" 1. ", "Entrega"),
        ("opção 2, por favor", "Retirar na loja"),
        ("a 1", "Entrega"),
        ("#2", "Retirar na loja"),
        ("retirar na LOJA", "retirar na LOJA"),
        ("3", "3"),
        ("0", "0"),
        ("2 unidades", "2 unidades"),
        ("8812", "8812"),
        ("", ""),
    ],
)
def test_a_number_answers_a_list(said: str, meant: str) -> None:
    assert resolve_choice(said, [OFFER]) == meant
    assert resolve_choice(said, [Exchange(Role.CREW, f"{OFFER.text}\n\nLoja Acme", 1.0)]) == meant


@pytest.mark.parametrize(
    "before",
    [
        [],
        [Exchange(Role.TEAMMATE, OFFER.text, 1.0)],
        [OFFER, Exchange(Role.CONTACT, "oi", 2.0)],
        [Exchange(Role.CREW, "Temos:\n1. Batom\n2. Creme\n\nQuer saber mais?\nAbraço\nAna\nLoja\nAcme", 1.0)],
        [Exchange(Role.CREW, "3. Batom\n4. Creme", 1.0)],
        [Exchange(Role.CREW, "Quantos?", 1.0)],
    ],
)
def test_a_number_that_answers_no_list_is_a_number(before: list[Exchange]) -> None:
    assert resolve_choice("2", before) == "2"


def test_a_list_of_numbers_is_answered_by_what_it_lists() -> None:
    assert resolve_choice("2", [Exchange(Role.CREW, with_choices("Quantos?", ("2", "1")), 1.0)]) == "2"
