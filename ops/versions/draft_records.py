"""Records of knowledge in a draft: written into it, what they change, and what says something else already."""

import re
from collections.abc import Iterator
from typing import Final

from config.files.drafts import ConfigDraft
from config.files.sources import Sources
from config.inheritance.records_edit import TAUGHT, WrittenRecord, with_record, with_taught_source
from config.inheritance.written_texts import CannotEdit
from config.settings import knowledge
from config.settings.answers import Answer, normalise_question
from config.settings.knowledge import RECORDS_FILE, Record
from config.settings.settings import Settings
from config.snapshot import Account

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


def record_sources(account: Account) -> list[str]:
    """Return the names of the account's sources that may hold a record for customers, sorted.

    Where there is none: the one that a draft adds with its first record.
    """
    sources = account.settings.knowledge.sources.items()
    found = [name for name, one in sources if one.holds_records and one.audience == "customers"]
    return sorted(found) or [TAUGHT]


def with_drafted_record(
    draft: ConfigDraft, sources: Sources, account: Account, folder: str, one: WrittenRecord
) -> ConfigDraft:
    """Return the draft with a record of one of the account's sources, and with that source where it has none.

    Raises:
        CannotEdit: it cannot be written so, or the account has no such source.
    """
    if one.source not in record_sources(account):
        there = ", ".join(record_sources(account))
        raise CannotEdit(f"source: one that holds records; the account has {there}")
    if one.source not in account.settings.knowledge.sources:
        path = f"{folder}/{knowledge.FILE}"
        text = _text(draft, sources, path)
        if f"{TAUGHT}:" not in text:
            draft = draft.change(path, with_taught_source(text).encode(), sources)
    path = f"{folder}/{RECORDS_FILE}"
    return draft.change(path, with_record(_text(draft, sources, path), one).encode(), sources)


def _text(draft: ConfigDraft, sources: Sources, path: str) -> str:
    return draft.files.get(path, sources.folder.files.get(path, b"")).decode("utf-8", "replace")


def changed_records(before: Settings | None, after: Settings) -> dict[tuple[str, str], Record]:
    """Return the records that settings hold otherwise than before, by source and id."""
    known = before.records if before else {}
    return {
        (source, name): record
        for source, records in after.records.items()
        for name, record in records.items()
        if known.get(source, {}).get(name) != record
    }


def record_remarks(before: Settings | None, after: Settings) -> Iterator[str]:
    """Yield a sentence for each answer or record that says something to a question of a record that has changed."""
    for (source, name), record in changed_records(before, after).items():
        asked = {normalise_question(each): each for each in record.questions}
        for other, answer in after.answers.items():
            if same := _common(asked, answer.questions):
                told = f"the curated answer `{other}` is given to “{same}” before any document is looked at"
                yield f"`{source}` `{name}`: {told}{_differ(record.content, answer)}"
        for place, records in after.records.items():
            for other, one in records.items():
                if (place, other) != (source, name) and (same := _common(asked, one.questions)):
                    told = f"the record `{other}` of `{place}` answers “{same}” too"
                    yield f"`{source}` `{name}`: {told}{_differ(record.content, one)}"


def _common(asked: dict[str, str], questions: tuple[str, ...]) -> str:
    return next((asked[key] for each in questions if (key := normalise_question(each)) in asked), "")


def _differ(content: str, other: Answer | Record) -> str:
    """Return that two texts name different numbers: prices, days, hours. Different words may still say the same."""
    said = other.answer if isinstance(other, Answer) else other.content
    one, two = set(_NUMBER.findall(content)), set(_NUMBER.findall(said))
    return ", and names other numbers: one of them may be wrong" if one != two else ""
