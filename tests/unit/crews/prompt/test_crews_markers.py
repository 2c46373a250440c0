"""The marks beside a crew's words: taught once, read leniently, never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema.crew_schema import Blueprint
from crews.catalog import Catalog
from crews.prompt.markers import parse_markers, split_choices, split_confidence, split_handoff, with_marker_instructions

FUNCTIONS = ("customer_service", "sales", "support", "analytics")


def shipped(function: str, channel: str = "whatsapp") -> Blueprint:
    return Catalog.from_environment({}).blueprint(function, channel)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_taught_each_mark_once(function: str) -> None:
    told = with_marker_instructions(shipped(function)).tasks[-1].description
    assert [told.count(mark) for mark in ("[[handoff: ", "[[choices: ", "[[sure")] == [2, 2, 0]
    assert with_marker_instructions(shipped(function), doubt=True).tasks[-1].description.count("[[sure: 40%]]") == 1
    assert "[[choices" not in with_marker_instructions(shipped(function, "email")).tasks[-1].description


def test_what_is_taught_stays_short_and_is_taught_once() -> None:
    crew = shipped("customer_service")
    told = with_marker_instructions(crew, doubt=True)
    assert with_marker_instructions(told, doubt=True) == told
    assert len(told.tasks[-1].description) - len(crew.tasks[-1].description) < 650


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        ("[[handoff: customer is upset]]\nUm colega vai ajudar.", "Um colega vai ajudar.", "customer is upset"),
        ("Um colega vai ajudar.\n[[handoff: refund]]", "Um colega vai ajudar.", "refund"),
        ("  **[[HANDOFF: refund]]**  \nJá volto.", "Já volto.", "refund"),
        ("[[handoff]]\nOk.", "Ok.", "the crew asks for a person"),
        ("[[handoff: ]]", "", "the crew asks for a person"),
        ("[[handoff: cut off", "", "cut off"),
        ("[[handoff: a]]\nOi\n[[handoff: b]]", "Oi", "a"),
        ("[[handoff: angry]] Um colega vai ajudar.", "Um colega vai ajudar.", "angry"),
        ("Um colega [[handoff: angry]] vai ajudar.", "Um colega vai ajudar.", "angry"),
        ("[handoff: refund]\nOk.", "Ok.", "refund"),
        ("[[handoff:\nrefund\n]]\nOk.", "Ok.", "refund"),
        ("[handoff] Ok.", "[handoff] Ok.", None),
        ("Our handoff is smooth.", "Our handoff is smooth.", None),
        ("  Tudo bem. ", "Tudo bem.", None),
    ],
)
def test_the_handoff_line_is_taken_out(text: str, said: str, reason: str | None) -> None:
    assert split_handoff(text) == (said, reason)


def test_a_handoff_reason_is_bounded() -> None:
    assert len(split_handoff(f"[[handoff: {'x' * 5000}]]")[1] or "") == 200


@pytest.mark.parametrize(
    ("text", "said", "choices"),
    [
        ("Qual prefere?\n[[choices: Entrega | Retirada]]", "Qual prefere?", ("Entrega", "Retirada")),
        ("Qual?\n\n**[[CHOICES: *Entrega* |  Retirar na  loja ]]**", "Qual?", ("Entrega", "Retirar na loja")),
        ("Qual?\n[[choices:\n- Entrega\n- Retirada\n]]\nAguardo.", "Qual?\n \nAguardo.", ("Entrega", "Retirada")),
        ("Qual? [[choice Sim | sim | Não]", "Qual?", ("sim", "Não")),
        ("Qual?\n[[choices: Entrega | Retirada | Tro", "Qual?", ("Entrega", "Retirada")),
        ("Qual?\n[[choices: cut", "Qual?", ()),
        ("Qual?\n[[choices]]", "Qual?", ()),
        ("Qual?\n[[choices: | |]]", "Qual?", ()),
        ("Qual?\n[[choices: A]]\n[[choices: B]]", "Qual?", ("A",)),
        ("[[choices: A | B]]", "", ("A", "B")),
        ("Qual?\n[[choices: " + "x" * 21 + " | " + "y" * 20 + "]]", "Qual?", ("y" * 20,)),
        ("Qual?\n[[choices: A [x] | B]]", "Qual?", ("A [x]", "B")),
        ("Qual?\n[[choices: [A] | [B]]]", "Qual?", ("A", "B")),
        ("Your choices: A | B", "Your choices: A | B", ()),
    ],
)
def test_the_choices_are_taken_out(text: str, said: str, choices: tuple[str, ...]) -> None:
    assert split_choices(text) == (said, choices)


def test_no_more_choices_than_a_list_holds() -> None:
    assert len(split_choices(f"Qual?\n[[choices: {' | '.join(map(str, range(50)))}]]")[1]) == 10


@pytest.mark.parametrize(
    ("text", "said", "sure"),
    [
        ("Acho que sim.\n[[sure: 40%]]", "Acho que sim.", 0.4),
        ("Acho que sim.\n**[[SURE: 0,35]]**", "Acho que sim.", 0.35),
        ("Acho que sim.\n[[confidence: 55]]", "Acho que sim.", 0.55),
        ("[[certeza: 1]] Sim.", "Sim.", 1.0),
        ("Sim.\n[[sure: 400%]]", "Sim.", 1.0),
        ("Sim.\n[[sure: low]]", "Sim.", 0.3),
        ("Sim.\n[[unsure]]", "Sim.", 0.3),
        ("Sim.\n[[sure]]", "Sim.", None),
        ("Sim.\n[[sure: 4", "Sim.", None),
        ("Sim.\n[sure: 40%]", "Sim.", 0.4),
        ("Sim.\n[[sure: não]]", "Sim.", 0.3),
        ("Sim.\n[[sure: 40%\n]]", "Sim.", 0.4),
        ("You wrote [[sure: 99%]]\n[[sure: 20%]]", "You wrote", 0.2),
        ("[Sure: our terms](https://a.b)", "[Sure: our terms](https://a.b)", None),
        ("Are you sure: yes", "Are you sure: yes", None),
    ],
)
def test_how_sure_it_is_is_taken_out(text: str, said: str, sure: float | None) -> None:
    assert split_confidence(text) == (said, sure)


@pytest.mark.parametrize("text", ["*" * 400_000 + "[", " " * 400_000 + "[", "[[choices" * 40_000 + "]"])
def test_what_takes_marks_out_takes_time_that_grows_with_the_text_alone(text: str) -> None:
    """Going back over it from each place would take many minutes, with every other conversation waiting."""
    assert parse_markers(text).handoff is None


def test_all_marks_of_one_answer() -> None:
    marked = parse_markers("[[handoff: refund]]\nQual?\n[[choices: A | B]]\n[[sure: 20%]]")
    assert (marked.text, marked.handoff, marked.choices, marked.confidence) == ("Qual?", "refund", ("A", "B"), 0.2)


@given(cut=st.integers(0, 60), mark=st.sampled_from(["[[handoff: a b]]", "[[choices: A | B]]", "[[sure: 40%]]"]))
def test_a_mark_that_is_cut_off_shows_nothing_of_itself_beyond_its_brackets(cut: int, mark: str) -> None:
    said = parse_markers(f"Sim.\n{mark}"[:cut]).text
    assert said in "Sim." or (said.startswith("Sim.\n[") and mark.startswith(said[5:]) and ":" not in said)
