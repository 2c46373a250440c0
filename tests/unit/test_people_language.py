"""Which language a contact writes, and which one is answered in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.language import Guess, detect, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Oi, vocês entregam em Belo Horizonte?", "pt"),
        ("Qual o preço do sofá Lisboa e quando chega?", "pt"),
        ("meu pedido ainda nao chegou", "pt"),
        ("Boa tarde, gostaria de trocar um batom", "pt"),
        ("Hola, ¿hacen envíos a Montevideo?", "es"),
        ("buenas tardes, quiero saber cuando llega mi pedido", "es"),
        ("necesito cambiar el color, por favor", "es"),
        ("Hello, do you deliver to Lisbon?", "en"),
        ("when will my order arrive", "en"),
        ("I want to talk to a human", "en"),
    ],
)
def test_words_leave_no_doubt(text: str, language: str) -> None:
    assert detect(text) == Guess(language, True)


@pytest.mark.parametrize("text", ["", "ok", "8812", "👍", "Lisboa", "https://x.example", "Maria"])
def test_words_that_tell_nothing(text: str) -> None:
    assert not detect(text).sure


@pytest.mark.parametrize(
    ("text", "before", "conversation", "tenant", "chosen"),
    [
        ("Hola, ¿tienen sillas?", (), None, "pt", "es"),
        ("ok", ("Hola, ¿tienen sillas?",), None, "pt", "es"),  # what was clear before goes on
        ("ok", ("sim", "Hola, ¿tienen sillas?"), "pt", "pt", "es"),
        ("ok", (), "es-MX", "pt", "es"),
        ("ok", (), "fr", "pt-BR", "pt-BR"),
        ("ok", (), None, "pt-BR", "pt-BR"),
        ("Onde fica a loja de vocês?", ("I want to talk to you",), "en", "en", "pt"),
    ],
)
def test_the_language_of_an_answer(
    text: str, before: tuple[str, ...], conversation: str | None, tenant: str, chosen: str
) -> None:
    assert language_of(text, before, conversation, tenant) == chosen


@given(st.text(max_size=300), st.text(max_size=20))
def test_there_is_always_one(text: str, conversation: str) -> None:
    assert language_of(text, (text,), conversation, "pt") in {"pt", "es", "en"}
