"""What stands before a conversation: in which order, each thing once, in the tenant's words; and a look at it."""

import asyncio
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from config.settings.settings import Settings
from crews.answer.preview import PreviewedCall, preview
from crews.catalog import SHIPPED, Catalog
from crews.prompt.brief import Brief, join_parts
from crews.prompt.markers import parse_markers

SHOP = {
    "language": "pt",
    "company": {"name": "Casa Bela", "facts": {"batom_aberto": "Não tem troca.", "nota-fiscal": "Vai por e-mail."}},
    "hours": {"week": {"monday": ["09:00-18:00"]}},
    "promotions": [{"name": "Natal", "text": "10% em tudo.", "start": "2020-01-01", "end": "2040-01-01"}],
}
FUNCTIONS = ("customer_service", "sales", "support", "analytics")


def sent(function: str = "customer_service", channel: str = "whatsapp", **settings: object) -> list[PreviewedCall]:
    told = Settings.model_validate({**SHOP, **settings})
    return asyncio.run(preview(function, channel, "Quanto custa o frete?", told, Catalog(SHIPPED)))


def instructions(**given: object) -> str:
    (call,) = sent(**given)  # type: ignore[arg-type]
    return str(call.messages[0]["content"])


def test_the_customers_words_come_last_and_alone() -> None:
    (call,) = sent()
    assert [each["role"] for each in call.messages] == ["system", "user"]
    assert call.messages[-1]["content"] == "Quanto custa o frete?"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("channel", ["whatsapp", "email", "default"])
def test_who_rules_facts_the_day_and_the_task_in_this_order(function: str, channel: str) -> None:
    text = instructions(function=function, channel=channel)
    places = [
        text.index(each)
        for each in (
            "You are the automatic",
            "Rules, which",
            "<facts>",
            "<situation>\nToday",
            "Your task:",
            "Your answer:",
        )
    ]
    assert places == sorted(places)
    assert "Current Task" not in text
    assert "Provide your complete response" not in text


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_thing_is_said_once(function: str) -> None:
    text = instructions(function=function)
    assert [text.count(each) for each in ("You are the", "Casa Bela", "Your goal", "<situation>", "[[handoff: ")] == [
        1, 1, 1, 1, 2,
    ]  # fmt: skip
    assert "checked by the team" not in text
    assert "have it checked" not in text


def test_what_is_the_same_for_all_customers_is_one_prefix() -> None:
    one, other = instructions(), instructions(promotions=[])
    prefix = one[: one.index("<situation>")]
    assert other.startswith(prefix)
    assert "</facts>" in prefix


def test_keys_are_words_and_hours_are_in_the_tenants_language() -> None:
    text = instructions()
    assert "- batom aberto: Não tem troca." in text
    assert "- nota fiscal: Vai por e-mail." in text
    assert "- horário de atendimento: seg 09:00-18:00; ter-dom fechado" in text
    assert "- horario de atención: lun 09:00-18:00" in instructions(language="es")
    assert "- opening hours: Mon 09:00-18:00" in instructions(language="en")


@pytest.mark.parametrize(("language", "example"), [("pt", "alergia depois"), ("es", "alergia desp"), ("en", "a rash")])
def test_marks_are_taught_by_two_examples_in_the_tenants_language(language: str, example: str) -> None:
    text = instructions(language=language)
    assert f"[[handoff: {example}" in text
    assert "[[handoff: reason]]" not in text
    assert "[[choices: A | B | C]]" not in text


def test_an_example_recited_is_no_reason() -> None:
    assert (
        parse_markers("[[handoff: cobrada duas vezes no pedido 8812]]\nJá chamo.").handoff
        == "the crew asks for a person"
    )
    assert (
        parse_markers("[[handoff: cobrada duas vezes no pedido 17]]\nJá chamo.").handoff
        == "cobrada duas vezes no pedido 17"
    )


def test_an_answer_of_sixty_words_and_a_mark_has_room() -> None:
    # Sixty words of Portuguese answers to customers: 83 tokens of gpt-4o-mini, 104 at the 95th percentile; a mark: 23.
    for function in FUNCTIONS:
        for channel in ("whatsapp", "webchat", "telegram"):
            (call,) = sent(function=function, channel=channel)
            assert call.call.max_tokens is not None
            assert call.call.max_tokens >= 127


def test_a_brief_leaves_out_what_is_empty() -> None:
    brief = Brief("answer", "Ana.", "help.", "", "Answer.", "A text.")
    assert join_parts(brief.parts("")) == (
        "You are Ana.\n\nYour goal: help.\n\nYour task: Answer.\n\nYour answer: A text."
    )
    assert [part.source for part in brief.parts(" Monday. ")][2] == "situation"


def test_the_parts_of_what_is_sent_are_all_of_it() -> None:
    (call,) = sent()
    assert join_parts(call.parts) == call.messages[0]["content"]
    assert call.tokens > 300
    assert datetime.now(ZoneInfo("America/Sao_Paulo")).strftime("%Y-%m-%d") in join_parts(call.parts), "the shop's day"


def test_the_verb_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    from ops.cli import main

    assert main(["crew", "show", "customer_service", "--channel", "whatsapp", "--prompt", "--say", "Oi?"]) == 0
    printed = capsys.readouterr().out
    assert "-- agents.attendant.role (" in printed
    assert "agents.yaml:" in printed
    assert printed.rstrip().endswith("Oi?")
    assert main(["crew", "show", "customer_service", "--channel", "whatsapp", "--prompt", "--json"]) == 0
    (call,) = json.loads(capsys.readouterr().out)["calls"]
    assert [each["role"] for each in call["messages"]] == ["system", "user"]
    assert sum(part["tokens"] for part in call["messages"][0]["parts"]) <= call["tokens"]
