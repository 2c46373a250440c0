"""The guard: what must be the same in two questions for both to have one answer."""

from collections.abc import Iterator

import pytest

from crews.encoding.embedded import EmbeddedEncoder
from crews.matching.matcher import Matcher
from crews.matching.measured import Pair, measured, pairs
from crews.matching.question_guard import difference, is_opposite, reading
from crews.matching.vocabulary import languages, vocabulary

DIFFERENT = [
    ("pt", "vocês entregam na segunda?", "vocês entregam na terça?", "names"),
    ("pt", "aceitam pix?", "aceitam boleto?", "names"),
    ("pt", "parcela em 6 vezes?", "parcela em 10 vezes?", "numbers"),
    ("pt", "vocês entregam hoje?", "vocês não entregam hoje?", "negated"),
    ("pt", "como devolvo um produto?", "como compro um produto?", "trade"),
    ("pt", "quando vocês entregam?", "onde vocês entregam?", "kinds"),
    ("pt", "vocês têm a base Ruby Rose?", "vocês têm a base Eudora?", "names"),
    ("es", "¿abren el lunes?", "¿abren el martes?", "names"),
    ("es", "¿cómo devuelvo un producto?", "¿cómo cambio un producto?", "trade"),
    ("es", "¿puedo pagar con tarjeta?", "¿puedo pagar sin tarjeta?", "negated"),
    ("en", "where is order 48213?", "where is order 48231?", "numbers"),
    ("en", "how do I activate my card?", "how do I deactivate my card?", "switch"),
    ("en", "is it safe with alcohol?", "is it unsafe with alcohol?", "worth"),
    ("en", "is it for men?", "is it for women?", "sex"),
]


@pytest.fixture(scope="module")
def encoder() -> Iterator[EmbeddedEncoder]:
    made = EmbeddedEncoder()
    yield made
    made.close()


@pytest.mark.parametrize(("language", "one", "other", "what"), DIFFERENT)
def test_what_counts_differs(language: str, one: str, other: str, what: str) -> None:
    first, second = reading(one, language), reading(other, language)
    assert first is not None
    assert second is not None
    assert difference(first, second) == difference(second, first) == what


def test_a_language_without_words_lets_nothing_pass() -> None:
    assert reading("czy dostarczacie w niedzielę?", "pl") is None
    assert vocabulary("pl") is None
    assert set(languages()) == {"pt", "es", "en"}


def test_a_word_with_something_before_it_is_no_like_of_it() -> None:
    assert is_opposite("montagem", "desmontagem")
    assert is_opposite("unsafe", "safe")
    assert not is_opposite("montagem", "montagem")


async def test_the_same_in_other_words_is_found_and_what_looks_like_it_is_not(encoder: EmbeddedEncoder) -> None:
    matcher = Matcher(encoder)
    written = ("qual o prazo de entrega?", "vocês aceitam pix?", "como faço para trocar um produto?")

    async def found(asked: str) -> list[int]:
        return [each.at for each in await matcher.among(asked, written, "pt")]

    assert await found("oi, quanto tempo demora a entrega?") == [0]
    assert await found("dá pra pagar no pix?") == [1]
    assert await found("preciso trocar um produto") == [2]
    assert await found("vocês aceitam boleto?") == []
    assert await found("como faço para devolver um produto?") == []
    assert await found("ok") == []
    assert await matcher.among("vous acceptez pix ?", written, "fr") == []
    assert await matcher.among("aceita pix?", (), "pt") == []


async def test_pairs_held_out_are_matched_as_the_page_says(encoder: EmbeddedEncoder) -> None:
    held = [each for each in pairs() if not each.tune]
    figures = await measured(Matcher(encoder), held)
    assert figures["same"]["pairs"] >= 130
    assert figures["other"]["pairs"] >= 150
    assert figures["same"]["matched"] >= 0.6
    assert figures["other"]["matched"] <= 0.02


def test_no_pair_is_there_twice_and_each_says_something() -> None:
    every = pairs()
    assert len({(each.language, each.written, each.asked) for each in every}) == len(every)
    assert all(isinstance(each, Pair) and reading(each.asked, each.language) for each in every)
