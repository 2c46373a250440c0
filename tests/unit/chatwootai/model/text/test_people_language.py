"""Which language a contact writes, and which one is answered in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.text.language import Guess, detect, language_of


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


SPOKEN = frozenset("pt es en de fr it nl ru uk el he ar hi th zh ja ko".split())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hallo, wie sicher ist Nimbus?", "de"),
        ("Was kostet Nimbus?", "de"),
        ("Ich möchte mit einem Menschen sprechen", "de"),
        ("Wann kommt meine Bestellung an?", "de"),
        ("Guten Tag, haben Sie auch Stühle?", "de"),
        ("Bonjour, combien coûte la livraison ?", "fr"),
        ("Je voudrais parler à une personne", "fr"),
        ("Quand est-ce que ma commande arrive ?", "fr"),
        ("Buongiorno, quanto costa la spedizione?", "it"),
        ("Vorrei parlare con una persona", "it"),
        ("Quando arriva il mio ordine?", "it"),
        ("Hoeveel kost de levering?", "nl"),
        ("Ik wil graag met iemand spreken", "nl"),
        ("Wanneer komt mijn bestelling?", "nl"),
        ("Oi, vocês entregam em Belo Horizonte?", "pt"),
        ("Quanto custa o frete para Curitiba? Não achei no site", "pt"),
        ("Hola, ¿hacen envíos a Montevideo?", "es"),
        ("Hello, do you deliver to Lisbon?", "en"),
        ("Сколько стоит доставка?", "ru"),
        ("Πόσο κοστίζει;", "el"),
        ("כמה עולה המשלוח?", "he"),
        ("كم سعر التوصيل؟", "ar"),
        ("डिलीवरी कितने की है?", "hi"),
        ("ค่าส่งเท่าไหร่", "th"),
        ("运费多少钱？", "zh"),
        ("送料はいくらですか？", "ja"),
        ("배송비가 얼마예요?", "ko"),
    ],
)
def test_every_language_that_is_spoken_is_told(text: str, language: str) -> None:
    assert detect(text, SPOKEN) == Guess(language, True)


@pytest.mark.parametrize(
    ("text", "among", "chosen"),
    [
        ("Hallo, wie sicher ist das?", {"en", "de"}, "de"),
        ("Hallo, wie sicher ist das?", {"en", "pt", "es"}, "en"),  # nobody speaks it here: the crew alone answers in it
        ("Сколько стоит доставка?", {"en"}, "en"),
        ("Скільки коштує?", {"en", "uk"}, "uk"),
        ("運費多少?", {"en", "ja"}, "ja"),
        ("Oi, vocês entregam?", {"en", "de"}, "en"),  # `languages: [en, de]`
        ("iPhone 15 для мамы", {"en", "ru"}, "ru"),
    ],
)
def test_only_what_is_spoken_here_is_chosen(text: str, among: set[str], chosen: str) -> None:
    assert language_of(text, (), None, "en", frozenset(among)) == chosen


def test_the_conversations_language_counts_where_it_is_spoken() -> None:
    german = frozenset({"en", "de", "sv"})
    assert language_of("ok", (), "sv-SE", "en", german) == "sv"
    assert language_of("ok", (), "pt_BR", "en", german) == "en"
    assert language_of("ok", (), "en-US", "en-GB", german) == "en-GB"
