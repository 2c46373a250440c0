"""Curated answers: what counts as the same question, which answer may be given, and what check says of a bad file."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatwootai.model.message.turn import Question
from config.loading.loader import inspect
from config.settings.answers import Answer, normalise_question
from config.settings.settings import Settings
from crews.answer.curated import CuratedAnswers, CuratedMatch
from tests.builders import question

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {name: Loja, domain: retail, tenant: loja, webhook_secrets: ["${S}"], bot_token: "${T}"}
"""
ENVIRON = {"S": "secret-one", "T": "token-one"}
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def settings(**answers: Answer) -> Settings:
    return Settings(answers=answers)


def folder(tmp_path: Path, answers: str, mapping: str = MAPPING) -> Path:
    tenant = tmp_path / "domains" / "retail" / "loja"
    tenant.mkdir(parents=True)
    (tmp_path / "chatwoot_mapping.yaml").write_text(mapping)
    (tenant / "answers.yaml").write_text(answers)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Quais as formas de pagamento?", "quais as formas de pagamento"),
        ("OI, BOM DIA!! quais as FÓRMAS de pagamento ???  obrigada :)", "quais as formas de pagamento"),
        ("Olá, tudo bem? Aceita Pix? 🙏", "aceita pix"),
        ("¡Hola! ¿Cuáles son los horarios, por favor?", "cuales son los horarios"),
        ("Hi there, how can I pay? Thanks in advance.", "how can i pay"),
        ("por favor, qual o endereço", "qual o endereco"),
        ("oi\nqual o endereço?", "qual o endereco"),
        ("oi", "oi"),
        ("Oi, bom dia!", "bom dia"),
        ("obrigado", "obrigado"),
        ("_?!_", ""),
    ],
)
def test_what_counts_as_the_same_question(written: str, same: str) -> None:
    assert normalise_question(written) == same


def test_a_word_that_begins_like_a_greeting_is_none() -> None:
    assert normalise_question("oito parcelas?") == "oito parcelas"
    assert normalise_question("hidratante bom dia e noite") == "hidratante bom dia e noite"


async def test_an_answer_is_given_to_any_of_its_questions_and_to_nothing_near_them() -> None:
    known = settings(pix=Answer(questions=("aceita pix?", "posso pagar com pix?"), answer="Sim, {company}!"))
    draft = await CuratedAnswers().draft(question("Boa tarde! ACEITA PIX??"), known, NOW)
    assert draft is not None
    assert draft.served_by == "curated"
    assert draft.text == "Sim, !"
    assert draft.usage.calls == 0
    assert draft.model is None
    for near in ("aceita pix parcelado?", "não aceita pix?", "pix", "aceita pix? e cartão?", "x" * 4000):
        assert await CuratedAnswers().draft(question(near), known, NOW) is None


async def test_an_answer_holds_on_its_channels_and_days_alone_in_the_tenants_time_zone() -> None:
    offer = Answer.model_validate(
        {
            "questions": ["promoção?"],
            "answer": "15%",
            "channels": ["whatsapp"],
            "start": "2026-12-01",
            "end": "2026-12-24",
        }
    )
    known = Settings.model_validate({"answers": {"offer": offer}, "hours": {"time_zone": "America/Sao_Paulo"}})

    async def given(now: datetime, channel: str = "whatsapp") -> bool:
        return await CuratedAnswers().draft(question("Promoção", channel=channel), known, now) is not None

    assert await given(NOW)
    assert not await given(NOW, "email")
    assert not await given(datetime(2026, 12, 1, 2, tzinfo=UTC))  # still November in São Paulo
    assert await given(datetime(2026, 12, 25, 2, tzinfo=UTC))  # still the 24th there
    assert not await given(datetime(2026, 12, 25, 4, tzinfo=UTC))


async def test_of_two_answers_the_contacts_language_decides_then_the_tenants_then_the_later_layer() -> None:
    known = settings(
        es=Answer(questions=("horario",), answer="Abrimos", language="es"),
        weak=Answer(questions=("horário",), answer="weak", language="pt"),
        pt=Answer(questions=("horário",), answer="Abre às nove", language="pt"),
    )
    for language, text in (
        ("es", "Abrimos"),
        ("pt-BR", "Abre às nove"),
        (None, "Abre às nove"),
        ("en", "Abre às nove"),
    ):
        draft = await CuratedAnswers().draft(question("Horário?", language=language), known, NOW)
        assert draft is not None
        assert draft.text == text


async def test_another_way_to_find_an_answer_is_asked_after_the_words() -> None:
    answer = Answer(questions=("aceita pix?",), answer="Sim.")

    class Meaning:
        async def find(self, question: Question, settings: Settings, day: object) -> CuratedMatch | None:
            return CuratedMatch("pix", answer, 0.9) if "pix" in question.text else None

    from crews.answer.curated import ExactFinder

    curated = CuratedAnswers([ExactFinder(), Meaning()])
    known = settings(other=Answer(questions=("horário?",), answer="Nove."))
    assert (await curated.draft(question("dá pra usar pix?"), known, NOW)).text == "Sim."  # type: ignore[union-attr]
    assert (await curated.draft(question("horário"), known, NOW)).text == "Nove."  # type: ignore[union-attr]
    assert await curated.draft(question("e boleto?"), known, NOW) is None


def test_answers_of_a_tenant_are_loaded_and_inherited_by_name(tmp_path: Path) -> None:
    place = folder(tmp_path, "pix: {questions: [aceita pix?], answer: Sim.}\nboleto: null\n")
    (place / "domains" / "retail" / "answers.yaml").write_text(
        "boleto: {questions: [boleto?], answer: Não.}\nfrete: {questions: [frete?], answer: Grátis.}\n"
    )
    found = inspect(place, ENVIRON)
    assert found.problems == ()
    assert set(found.snapshot.accounts["1"].settings.answers) == {"frete", "pix"}


@pytest.mark.parametrize(
    ("answers", "rule", "line"),
    [
        ("pix: {answer: Sim.}\n", "missing-key", 1),
        ("pix:\n  questions: [aceita pix?]\n  answer: Sim.\n  chanels: [email]\n", "unknown-key", 4),
        ("pix:\n  questions: [aceita pix?]\n  answer: Sim.\n  channels: [fax]\n", "not-one-of", 4),
        ("pix:\n  questions:\n    - pix?\n    - '?!'\n  answer: Sim.\n", "empty-question", 4),
        ("a: {questions: [pix?], answer: A}\nb:\n  questions: [Oi! PIX]\n  answer: B\n", "two-answers", 3),
        ("pix:\n  questions: [pix?]\n  answer: 'Sim, {preco}'\n", "placeholder", 3),
        ("pix:\n  questions: [pix?]\n  answer: Sim\n  start: 2026-12-24\n  end: 2026-12-01\n", "order", 5),
        ("- pix\n", "type", 1),
    ],
)
def test_check_says_what_is_wrong_and_where(tmp_path: Path, answers: str, rule: str, line: int) -> None:
    problems = inspect(folder(tmp_path, answers), ENVIRON).problems
    assert [(each.rule, each.line, Path(each.file).name) for each in problems] == [(rule, line, "answers.yaml")]


@pytest.mark.parametrize(
    "apart", ["channels: [email]", "language: es", "start: 2027-01-01"], ids=["channels", "language", "dates"]
)
def test_one_question_may_have_two_answers_that_never_meet(tmp_path: Path, apart: str) -> None:
    one = "a: {questions: [pix?], answer: A, channels: [whatsapp], end: 2026-12-31}\n"
    assert inspect(folder(tmp_path, f"{one}b: {{questions: [pix], answer: B, {apart}}}\n"), ENVIRON).problems == ()


def test_a_file_that_is_nearly_named_so_is_pointed_out(tmp_path: Path) -> None:
    place = folder(tmp_path, "pix: {questions: [pix?], answer: Sim.}\n")
    (place / "domains" / "retail" / "loja" / "answer.yaml").write_text("{}")
    assert [each.remedy for each in inspect(place, ENVIRON).problems] == [
        "Remove it: answers.yaml is what is read here."
    ]


async def test_the_answers_that_ship_are_sound_and_answer(tmp_path: Path) -> None:
    environ = {f"CHATWOOT_{n}_{what}": f"{n}{what}" for n in (1, 2) for what in ("SECRET", "BOT_TOKEN")}
    shop = Path(__file__).parents[4] / "config"
    found = inspect(shop, environ)
    assert found.problems == ()
    asked = question("Bom dia! Quais as formas de pagamento?")
    for key in ("1", "2"):
        draft = await CuratedAnswers().draft(asked, found.snapshot.accounts[key].settings)
        assert draft is not None
        assert "Pix" in draft.text


async def test_an_answer_is_found_in_well_under_a_millisecond() -> None:
    many = {f"a{n}": Answer(questions=(f"pergunta {n} a?", f"pergunta {n} b?"), answer=str(n)) for n in range(2000)}
    curated, known = CuratedAnswers(), settings(**many)
    await curated.draft(question("pergunta 1 a"), known, NOW)
    asked = [question(f"Oi! Pergunta {n} b?") for n in range(2000)]
    began = time.process_time()
    drafts = [await curated.draft(each, known, NOW) for each in asked]
    assert (time.process_time() - began) / 2000 < 0.001
    assert [each.text for each in drafts if each] == [str(n) for n in range(2000)]
