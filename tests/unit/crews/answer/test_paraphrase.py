"""Curated answers while no model answers: to the same question in other words, and to nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from chatwootai.model.message.turn import Draft
from config.settings.answers import Answer
from config.settings.settings import Settings
from crews.answer.paraphrase import content_words, find_paraphrased
from crews.catalog import Catalog
from crews.errors import BudgetSpent, CrewError, ModelRefused, ModelUnavailable
from crews.model_calls.call import Call, Completion
from crews.runtime import environment
from tests.builders import question

DAY = date(2026, 12, 1)


def found(asked: str, written: str, language: str = "pt") -> bool:
    settings = Settings(answers={"one": Answer(questions=(written,), answer="Sim.")}, language="pt")
    return find_paraphrased(question(asked, language=language), settings, DAY) == "one"


@pytest.mark.parametrize(
    ("written", "asked", "language"),
    [
        ("Quais as formas de pagamento?", "oi, vcs podem me dizer a forma de pagamento?", "pt"),
        ("Vocês entregam em Santos?", "entregam em santos", "pt"),
        ("Vocês abrem no sábado?", "no sábado vcs abrem?", "pt"),
        ("Qual o prazo de troca?", "gostaria de saber qual é o prazo da troca", "pt"),
        ("Quanto custa o frete para Curitiba?", "qto custa frete pra Curitiba", "pt"),
        ("¿Cuál es el horario de la tienda?", "quisiera saber los horarios de las tiendas", "es"),
        ("What are the opening hours?", "Could you tell me your opening hours please", "en"),
    ],
)
def test_the_same_in_other_words(written: str, asked: str, language: str) -> None:
    assert found(asked, written, language)


@pytest.mark.parametrize(
    ("written", "asked", "language"),
    [
        ("Qual o prazo de troca?", "qual o prazo de entrega?", "pt"),
        ("Posso trocar perfume aberto?", "posso trocar perfume?", "pt"),
        ("Posso trocar perfume?", "posso trocar perfume aberto?", "pt"),
        ("Vocês parcelam em 6 vezes?", "vocês parcelam em 12 vezes?", "pt"),
        ("Vocês entregam em Santos?", "vocês não entregam em Santos?", "pt"),
        ("Vendem perfume com álcool?", "vendem perfume sem álcool?", "pt"),
        ("Vocês abrem sábado?", "vocês abrem domingo?", "pt"),
        ("Quando entregam o pedido?", "onde entregam o pedido?", "pt"),
        ("Mandam de Santos para Curitiba?", "mandam de Curitiba para Santos?", "pt"),
        ("Vocês compram perfumes usados?", "comprei perfumes usados", "pt"),
        ("¿Hacen envíos gratis?", "¿no hacen envíos gratis?", "es"),
        ("¿Hacen envíos gratis?", "no hacen envios gratis", "pt"),
        ("Do you ship abroad?", "don't you ship abroad?", "en"),
        ("Do you ship abroad?", "do you ship nothing abroad?", "en"),
        ("Vocês abrem sábado?", "por que vocês abrem sábado?", "pt"),
        ("Entregam de São Paulo ao Rio?", "entregam do Rio a São Paulo", "pt"),
        ("¿Abren de 9 a 18?", "abren de 18 a 9", "es"),
        ("¿Puedo cambiar azul por negro?", "puedo cambiar negro por azul", "es"),
        ("Posso pagar antes de receber?", "posso receber antes de pagar?", "pt"),
        ("Quero trocar e não cancelar o pedido", "quero cancelar e não trocar o pedido", "pt"),
        ("A loja avisa o cliente?", "o cliente avisa a loja?", "pt"),
        ("Does the red one cost more than the blue one?", "does the blue one cost more than the red one?", "en"),
        ("Qual o horário?", "horário", "pt"),
        ("Formas de pagamento?", "formas pagamento", "fr"),
    ],
)
def test_what_says_something_else_is_another_question(written: str, asked: str, language: str) -> None:
    assert not found(asked, written, language)


def test_two_answers_to_the_same_are_none() -> None:
    both = {name: Answer(questions=(f"{name} o prazo de troca?",), answer=name) for name in ("qual", "quais")}
    assert find_paraphrased(question("me diz o prazo da troca"), Settings(answers=both), DAY) is None


def test_dates_channels_and_languages_hold() -> None:
    answer = Answer(questions=("Qual o prazo de troca?",), answer="7 dias", channels=("email",), end=date(2026, 11, 1))
    asked = question("me diz o prazo da troca", channel="email")
    assert find_paraphrased(asked, Settings(answers={"a": answer}), date(2026, 10, 1)) == "a"
    assert find_paraphrased(asked, Settings(answers={"a": answer}), DAY) is None
    by_sms = replace(asked, origin=replace(asked.origin, channel="sms"))
    assert find_paraphrased(by_sms, Settings(answers={"a": answer}), date(2026, 10, 1)) is None
    assert find_paraphrased(replace(asked, language="es"), Settings(answers={"a": answer}), date(2026, 10, 1)) is None


def test_one_word_is_no_question() -> None:
    assert content_words("preço?", "pt") == ()


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def complete(self, call: Call) -> Completion:
        raise self.error


async def drafted(error: Exception, text: str = "me diz o prazo da troca", *, near: bool = True) -> Draft:
    environment.load()
    from crews.answer.draft import Crews

    answers = {"troca": Answer(questions=("Qual o prazo de troca?",), answer="São 7 dias.")}
    settings = Settings(answers=answers, near_answers=near)
    return await Crews(Catalog.from_environment({}), Failing(error)).draft(question(text), settings)


@pytest.mark.parametrize(
    "error", [ModelUnavailable("away", retry_at=0.0), ModelRefused("no"), BudgetSpent("spent"), TimeoutError()]
)
async def test_with_no_model_the_near_answer_is_given_and_named(error: Exception) -> None:
    draft = await drafted(error)
    assert (draft.text, draft.served_by, draft.usage.calls) == ("São 7 dias.", "near", 0)


async def test_a_tenant_may_do_without_and_other_questions_fail_as_before() -> None:
    with pytest.raises(CrewError):
        await drafted(ModelRefused("no"), near=False)
    with pytest.raises(CrewError):
        await drafted(ModelRefused("no"), "qual o prazo de entrega?")
