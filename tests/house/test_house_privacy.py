"""Every kind of key has an answer to what it holds of a person, and a way to find it."""

import pytest

from chatwootai.stores.key_list import KeyKind, key_kinds
from chatwootai.stores.privacy.holdings import BY_MEMBER, BY_ROW, BY_VALUE, OWN, STAYS, UNTRACED, found_by_name
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.privacy.subject import Subject

ANSWERS = {"words", "ids", "counts", "nothing"}
EXAMPLES = {
    "conv": "7:25", "account": "7", "contact": "93", "message": "11", "digest": "0a1b", "delivery": "0f6c-7f0e",
    "burst": "11", "turn": "0a1b2c", "job": "turn:7:25:3", "lane": "high", "worker": "host.1", "version": "3",
    "target": "api.example.com", "owner": "bot", "endpoint": "api.example.com", "scope": "contact:93", "unit": "nano",
    "period": "2026-11", "day": "2026-11-29", "kind": "documents", "audience": "customers", "stream": "cw:turns:7",
    "request": "0a1b", "side": "base",
}  # fmt: skip


@pytest.mark.parametrize("kind", key_kinds(), ids=lambda kind: kind.pattern)
def test_each_kind_says_what_it_holds_of_a_person_and_how_that_is_found(kind: KeyKind) -> None:
    assert kind.of_person in ANSWERS
    if kind.of_person in {"words", "ids"}:
        ways = (BY_MEMBER, BY_ROW, BY_VALUE, OWN, STAYS, UNTRACED)
        assert found_by_name(kind.pattern) or any(kind.pattern in way for way in ways), "nobody would find it"


@pytest.mark.parametrize(
    "kind", [kind for kind in key_kinds() if kind.type != "channel"], ids=lambda kind: kind.pattern
)
def test_a_key_is_told_from_its_name(kind: KeyKind) -> None:
    key = kind.pattern
    for name, value in EXAMPLES.items():
        key = key.replace(f"{{{name}}}", value)
    assert "{" not in key, "an example is missing"
    found = kind_of(key)
    assert found is not None
    assert found[0].pattern == kind.pattern
    assert {"account": "7", "conversation": "25", "contact": "93"}.items() >= {
        name: value for name, value in found[1].items() if name in {"account", "conversation", "contact"}
    }.items()


def test_what_is_looked_for_is_never_a_part_of_a_name_or_a_short_word() -> None:
    subject = Subject("1", 93, names={"Ana", "Ana Maria Lopes"}, phones={"+55 31 98765-4321"}, mails={"A@b.co"})
    assert subject.needles() == {
        "ana maria lopes": "names", "+55 31 98765-4321": "phones", "5531987654321": "phones", "a@b.co": "mails",
    }  # fmt: skip


def test_what_an_erasure_keeps_for_itself_is_read_back() -> None:
    subject = Subject("1", 93, {25, 26}, {"t"}, {"Ana"}, at_ms=5)
    again = Subject("1", 93)
    again.merge(Subject.from_json({**subject.as_json(), "of a later version": 1}))
    assert again == subject
