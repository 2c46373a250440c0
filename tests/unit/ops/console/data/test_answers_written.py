"""An answer as a person writes it in a form or in JSON: its questions, its name, and what counts as nothing."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.console.data.answer_drafts import ACTIONS, COMMANDS, written_answer


@pytest.mark.parametrize(
    ("sent", "questions"),
    [
        ("Qual o frete?", ("Qual o frete?",)),
        ("Qual o frete?\r\n\n  Quanto   custa?  \n", ("Qual o frete?", "Quanto custa?")),
        (["Qual o frete?", " ", "Quanto custa?"], ("Qual o frete?", "Quanto custa?")),
        (["Qual o frete?", None, "Qual  o frete?"], ("Qual o frete?",)),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_questions_are_lines_each_once_without_spaces_too_many(sent: object, questions: tuple[str, ...]) -> None:
    assert written_answer({"questions": sent}).questions == questions


@pytest.mark.parametrize("name", ["answer", "name", "language", "questions"])
def test_nothing_is_no_word(name: str) -> None:
    found = written_answer({"questions": "Oi?", "answer": "Sim", name: None})
    assert "None" not in (found.name, found.answer, found.language, *found.questions)


def test_an_answer_keeps_its_lines() -> None:
    found = written_answer({"questions": "Oi?", "answer": " Sim.\r\n\r\nAté logo. ", "language": " pt-BR "})
    assert (found.answer, found.language) == ("Sim.\n\nAté logo.", "pt-BR")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Quais as formas de pagamento que vocês aceitam hoje?", "quais_as_formas_de_pagamento_que"),
        ("24h?", "answer_24h"),
        ("日本", "answer"),
        ("Ação!", "acao"),
        ("", "answer"),
    ],
)
def test_a_name_that_is_left_out_is_made_of_the_first_question(question: str, name: str) -> None:
    assert written_answer({"questions": question, "answer": "x"}).name == name


def test_a_name_that_is_given_stays() -> None:
    assert written_answer({"questions": "Oi?", "name": " frete "}).name == "frete"


@given(st.text(max_size=200))
def test_a_made_name_is_one_that_a_file_may_have(question: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,66}", written_answer({"questions": question}).name)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.none() | st.text(max_size=9))


@given(st.dictionaries(st.sampled_from(["questions", "answer", "name", "language"]), JSON))
def test_any_json_is_an_answer_of_texts(sent: dict[str, Any]) -> None:
    found = written_answer(sent)
    assert all(one and one == " ".join(one.split()) for one in found.questions)
    assert len(set(found.questions)) == len(found.questions)


def test_each_action_has_its_line_on_a_terminal() -> None:
    assert ACTIONS.keys() == COMMANDS.keys()
    assert all("{account}" in line for line in COMMANDS.values())
