"""An answer written into answers.yaml: every other line stays as it was, and what may not stand there is refused."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.inheritance.answers_edit import CannotEdit, WrittenAnswer, with_answer, without_answer

TEXT = """\
# Ours.
horario:
  questions: ["qual o horário?"]
  answer: "Nosso horário: {hours}."   # filled in

# Delivery.
frete:
  questions:
    - quanto é o frete?
  answer: >-
    Grátis acima
    de R$ 99.
"""
NEW = WrittenAnswer("trocas", ("posso trocar?", 'como "troco"?'), "Em até 30 dias.\nCom a nota fiscal.", "pt")


def read(text: str) -> dict[str, object]:
    return dict(YAML(typ="safe").load(io.StringIO(text)))


def test_a_new_answer_comes_last_and_nothing_else_changes() -> None:
    text = with_answer(TEXT, NEW)
    assert text.startswith(TEXT)
    assert read(text)["trocas"] == {
        "language": "pt",
        "questions": ["posso trocar?", 'como "troco"?'],
        "answer": "Em até 30 dias.\nCom a nota fiscal.",
    }
    assert without_answer(text, "trocas") == TEXT
    assert read(with_answer("", NEW)).keys() == {"trocas"}
    assert read(with_answer(TEXT.rstrip("\n"), NEW)).keys() == {"horario", "frete", "trocas"}


def test_an_answer_of_the_same_name_is_replaced_with_its_lines_alone() -> None:
    text = with_answer(TEXT, WrittenAnswer("horario", ("que horas abre?",), "Às 9."))
    assert read(text)["horario"] == {"questions": ["que horas abre?"], "answer": "Às 9."}
    assert text.startswith("# Ours.\nhorario:\n")
    assert text.endswith(TEXT[TEXT.index("\n# Delivery.") :])


@pytest.mark.parametrize(
    ("name", "questions", "answer"),
    [
        ("Horário", ("a?",), "b"), ("1a", ("a?",), "b"), ("", ("a?",), "b"), ("a", (), "b"), ("a", ("x" * 301,), "b"),
        ("a", ("a?",), "  "), ("a", ("a?",), "x" * 4001), ("a", ("a?",), "${CHATWOOT_1_BOT_TOKEN}"),
        ("a", ("ENC:abc",), "b"), ("a", ("a?",), "b\u202ec"), ("a", ("a?",), "b\x00"), ("a: &x", ("a?",), "b"),
    ],
)  # fmt: skip
def test_what_may_not_stand_there_is_refused(name: str, questions: tuple[str, ...], answer: str) -> None:
    with pytest.raises(CannotEdit):
        with_answer(TEXT, WrittenAnswer(name, questions, answer))


@pytest.mark.parametrize("text", ["{a: {questions: [b], answer: c}}", "- a", "a: [", "text"])
def test_a_file_that_is_not_an_answer_a_line_is_left_alone(text: str) -> None:
    with pytest.raises(CannotEdit):
        with_answer(text, NEW)


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=200))
def test_what_is_taken_is_read_back_as_it_was(question: str, answer: str) -> None:
    try:
        text = with_answer(TEXT, WrittenAnswer("novo", (question,), answer))
    except CannotEdit:
        return
    found = read(text)
    assert found["novo"] == {"questions": [question], "answer": answer.strip()}
    assert found.keys() == {"horario", "frete", "novo"}
