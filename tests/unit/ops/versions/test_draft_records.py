"""Remarks on records of a draft: answers and records that say something to the same question already."""

from config.settings.settings import Settings
from ops.versions.draft_records import changed_records, record_remarks


def settings_of(**more: object) -> Settings:
    return Settings.model_validate(more)


BEFORE = settings_of(records={"faq": {"old": {"content": "Sim.", "questions": ["Tem loja?"]}}})


def test_only_records_that_changed_are_remarked_upon() -> None:
    old = BEFORE.records["faq"]["old"].model_dump()
    twice = {**old, "content": "Não."}
    after = settings_of(records={"faq": {"old": old}, "manual": {"new": twice}})
    assert set(changed_records(BEFORE, after)) == {("manual", "new")}
    assert list(record_remarks(BEFORE, after)) == ["`manual` `new`: the record `old` of `faq` answers “Tem loja?” too"]


def test_a_curated_answer_goes_first_and_other_numbers_are_told() -> None:
    answers = {"prazo": {"questions": ["Qual o prazo?"], "answer": "Em 5 dias."}}
    records = {"faq": {"prazo": {"questions": ["Oi! Qual o PRAZO"], "content": "Em 7 dias."}}}
    (told,) = record_remarks(BEFORE, settings_of(answers=answers, records=records))
    assert "the curated answer `prazo` is given to “Qual o prazo?”" in told or "“Oi! Qual o PRAZO”" in told
    assert told.endswith("names other numbers: one of them may be wrong")
    same = {"faq": {"prazo": {"questions": ["Qual o prazo?"], "content": "São 5 dias."}}}
    (told,) = record_remarks(None, settings_of(answers=answers, records=same))
    assert told.endswith("before any document is looked at")
