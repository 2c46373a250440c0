"""Curated answers by meaning: which questions are looked at, and which answer they get."""

from collections.abc import Iterator
from datetime import date

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange, Question
from config.settings.answers import Answer
from config.settings.settings import Settings
from crews.answer.by_meaning import ByMeaning
from crews.answer.curated import CuratedAnswers, ExactFinder
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import EncoderUnavailable, Vectors
from crews.matching.matcher import Matcher
from tests.builders import question

DAY = date(2026, 12, 1)
ANSWERS = {
    "prazo": Answer(questions=("qual o prazo de entrega?", "em quanto tempo entregam?"), answer="Dois dias."),
    "pix": Answer(questions=("vocês aceitam pix?",), answer="Sim."),
    "delivery": Answer(questions=("what is the delivery time?",), answer="Two days.", language="en"),
}
SETTINGS = Settings(answers=ANSWERS, language="pt")


@pytest.fixture(scope="module")
def encoder() -> Iterator[EmbeddedEncoder]:
    made = EmbeddedEncoder()
    yield made
    made.close()


async def name(encoder: EmbeddedEncoder, asked: Question, settings: Settings = SETTINGS) -> str | None:
    found = await ByMeaning(Matcher(encoder), seconds=60).find(asked, settings, DAY)
    return found.name if found else None


async def test_a_question_in_other_words_gets_its_answer_and_says_so(encoder: EmbeddedEncoder) -> None:
    curated = CuratedAnswers([ExactFinder(), ByMeaning(Matcher(encoder), seconds=60)])
    draft = await curated.draft(question("bom dia, quanto tempo demora a entrega?"), SETTINGS)
    assert draft is not None
    assert (draft.text, draft.served_by, draft.usage.calls) == ("Dois dias.", "near", 0)
    exact = await curated.draft(question("qual o prazo de entrega?"), SETTINGS)
    assert exact is not None
    assert exact.served_by == "curated"


@pytest.mark.parametrize(
    "asked",
    [
        question("vocês aceitam boleto?"),
        question("quanto tempo demora a entrega do pedido 4821?"),
        question("how long does delivery take?"),  # the tenant's language, where none is told
        question("quanto tempo demora a entrega?", subject="Pedido"),
        question("quanto tempo demora a entrega?", images=("data:image/png;base64,",)),
        question("quanto tempo demora a entrega?" + " por favor" * 40),
        question("quanto tempo demora a entrega?", history=(Exchange(Role.CONTACT, "comprei um sofá", 1.0),)),
    ],
)
async def test_what_is_another_question_or_may_be_gets_none(encoder: EmbeddedEncoder, asked: Question) -> None:
    assert await name(encoder, asked) is None


async def test_a_greeting_before_it_does_not_matter_and_the_language_does(encoder: EmbeddedEncoder) -> None:
    greeted = (Exchange(Role.CONTACT, "Oi, bom dia!", 1.0), Exchange(Role.CREW, "Oi! Como posso ajudar?", 2.0))
    assert await name(encoder, question("quanto tempo demora a entrega?", history=greeted)) == "prazo"
    assert await name(encoder, question("how long does delivery take?", language="en")) == "delivery"
    assert await name(encoder, question("quanto tempo demora a entrega?", language="fr")) is None


async def test_between_two_answers_and_without_leave_there_is_none(encoder: EmbeddedEncoder) -> None:
    twice = ANSWERS | {"outro": Answer(questions=("qual é o tempo de entrega?",), answer="Três dias.")}
    asked = question("quanto tempo demora a entrega?")
    assert await name(encoder, asked, Settings(answers=twice, language="pt")) is None
    assert await name(encoder, asked, Settings(answers=ANSWERS, language="pt", near_answers=False)) is None


async def test_an_encoder_that_is_away_costs_a_match_and_nothing_else() -> None:
    class Away:
        name, dimensions = "away", 1

        async def questions(self, texts: object) -> Vectors:
            raise EncoderUnavailable("away")

        passages = questions

    finder = ByMeaning(Matcher(Away()))
    assert await finder.find(question("quanto tempo demora a entrega?"), SETTINGS, DAY) is None
