"""Which questions may be answered with another customer's answer."""

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange
from crews.answer.cacheability import shareable_policy
from crews.model_calls.call import CachePolicy
from tests.builders import question

FRESH = CachePolicy(seconds=60)


@pytest.mark.parametrize(
    "text",
    ["Oi!", "Qual o horário de funcionamento?", "¿Cuáles son las formas de pago?", "Is it open at 10:30?", "12x?"],
)
def test_what_anyone_could_ask_is_shared(text: str) -> None:
    assert shareable_policy(question(text), FRESH) is FRESH


@pytest.mark.parametrize(
    "text",
    [
        "Onde está o pedido CW-0042?",
        "CPF 123.456.789-00",
        "(11) 9 8765-4321",
        "ana@example.com",
        "https://example.com/x",
        "Meu pedido não chegou",
        "My parcel is late",
        "¿Dónde está mi paquete?",
        "Sou a Ana",
        "[image: x]",
        "a" * 301,
    ],
)
def test_what_could_be_somebodys_is_not(text: str) -> None:
    assert shareable_policy(question(text), FRESH) is None


def test_a_conversation_under_way_and_mail_are_not_shared() -> None:
    assert shareable_policy(question("Sim", history=(Exchange(Role.CREW, "Quer?", 0.0),)), FRESH) is None
    assert shareable_policy(question("Oi", subject="Re: x"), FRESH) is None


def test_a_crew_that_does_not_say_so_shares_nothing() -> None:
    assert shareable_policy(question("Oi"), None) is None
