"""A record written into records.yaml: every other line stays as it was, and what may not stand there is refused."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.inheritance.records_edit import WrittenRecord, with_record, with_taught_source
from config.inheritance.written_texts import CannotEdit

TEXT = """\
# Ours.
faq:
  frete:            # by hand
    questions: [quanto é o frete?]
    content: Grátis acima de R$ 99.

  # below the delivery
  "12":
    content: Trocas em 30 dias.

manual:
    limpeza: {content: Pano seco.}
"""


def read(text: str) -> Any:
    return YAML(typ="safe").load(io.StringIO(text))


def test_a_record_takes_the_place_of_the_one_of_its_id_and_nothing_else_changes() -> None:
    text = with_record(TEXT, WrittenRecord("faq", "12", ("posso trocar?",), "Em 7 dias.\nCom nota.", "Trocas"))
    wanted = {"title": "Trocas", "questions": ["posso trocar?"], "content": "Em 7 dias.\nCom nota."}
    assert read(text) == {**read(TEXT), "faq": {**read(TEXT)["faq"], "12": wanted}}
    assert [line for line in TEXT.splitlines() if line not in text.splitlines()] == ["    content: Trocas em 30 dias."]


@pytest.mark.parametrize("source", ["faq", "manual", "novo"])
def test_a_new_record_comes_last_of_its_source(source: str) -> None:
    text = with_record(TEXT, WrittenRecord(source, "on", (), "Sim.", url="https://a.example/x"))
    added = {"url": "https://a.example/x", "content": "Sim."}
    assert read(text) == {**read(TEXT), source: {**read(TEXT).get(source, {}), "on": added}}
    assert set(TEXT.splitlines()) <= set(text.splitlines())


@given(
    st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=40).filter(
        lambda text: text.strip() and "${" not in text and "ENC:" not in text
    )
)
def test_what_was_written_is_read_back(said: str) -> None:
    text = with_record(with_record(TEXT, WrittenRecord("faq", "x", (said,), said)), WrittenRecord("b", "y", (), said))
    assert read(text)["faq"]["x"] == {"questions": [said], "content": said.strip()}
    assert read(text)["b"] == {"y": {"content": said.strip()}}


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("", WrittenRecord("faq", "a", (), " ")),
        ("", WrittenRecord("faq", "a", (), "${CHATWOOT_1_BOT_TOKEN}")),
        ("", WrittenRecord("faq", "a", ("q" * 301,), "A")),
        ("", WrittenRecord("faq", "a\u202e", (), "A")),
        ("faq: {a: {content: A}}\n", WrittenRecord("faq", "b", (), "B")),
        ("faq:\n", WrittenRecord("faq", "b", (), "B")),
        ("{faq: {}}\n", WrittenRecord("faq", "b", (), "B")),
        ("faq: [\n", WrittenRecord("faq", "b", (), "B")),
    ],
)
def test_what_cannot_be_written_is_refused(text: str, one: WrittenRecord) -> None:
    with pytest.raises(CannotEdit):
        with_record(text, one)


def test_a_source_for_what_is_taught_is_added_beside_others() -> None:
    text = "sources:\n  faq: {records: faq.jsonl}\nshow_sources: links\n"
    assert read(with_taught_source(text)) == {
        **read(text),
        "sources": {**read(text)["sources"], "taught": {"settings": "records"}},
    }
    assert read(with_taught_source("")) == {"sources": {"taught": {"settings": "records"}}}
