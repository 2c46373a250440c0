"""Words by which operators name a conversation, a contact or a message: which form each has, and whose it is."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.snapshot import Account, Installation
from ops.access import CommandError, NotFound
from ops.jobs.lookup import CONVERSATION, JOB, Target, _only
from ops.jobs.outside_names import CONTACT, MESSAGE, URL, _conversations, _plain, conversation_of_url
from tests.builders import account


def accounts(*made: tuple[str, int, str]) -> dict[str, Account]:
    """Return accounts of key, Chatwoot's number and address."""
    return {key: account(key, id=number, installation=Installation("x", url)) for key, number, url in made}


ONE = accounts(("1", 3, "https://chat.acme.com"))


@pytest.mark.parametrize(
    "word",
    [
        "https://chat.acme.com/app/accounts/3/conversations/15",
        "https://chat.acme.com/app/accounts/3/inbox/17/conversations/15",
        "https://chat.acme.com/app/accounts/3/conversations/15?messageId=900",
        "https://chat.acme.com/app/accounts/3/custom_view/2/conversations/15#end",
        "/app/accounts/3/conversations/15",
        "app/accounts/3/conversations/15",
    ],
)
def test_an_address_of_chatwoot_names_its_conversation(word: str) -> None:
    assert URL.fullmatch(word)
    assert conversation_of_url(word, ONE) == "1:15"


def test_people_may_see_chatwoot_under_another_name_than_we_call() -> None:
    assert conversation_of_url("https://people.acme.com/app/accounts/3/conversations/15", ONE) == "1:15"


def test_of_several_with_one_number_the_one_of_that_host_is_meant() -> None:
    both = accounts(("1", 3, "https://a.example"), ("2", 3, "https://b.example"))
    assert conversation_of_url("https://b.example/app/accounts/3/conversations/15", both) == "2:15"
    with pytest.raises(NotFound, match="several accounts have number 3: 1, 2"):
        conversation_of_url("https://c.example/app/accounts/3/conversations/15", both)
    with pytest.raises(NotFound, match="several accounts have number 3: 1, 2"):
        conversation_of_url("/app/accounts/3/conversations/15", both)


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("https://chat.acme.com/app/accounts/4/conversations/15", "no account with Chatwoot's number 4"),
        ("https://chat.acme.com/app/accounts/3/contacts/15", "is no address of a conversation"),
        ("https://chat.acme.com/", "is no address of a conversation"),
        ("https://chat.acme.com/app/accounts/x/conversations/15", "is no address of a conversation"),
    ],
)
def test_another_address_is_told_with_one_that_would_do(word: str, words: str) -> None:
    with pytest.raises(NotFound, match=words):
        conversation_of_url(word, ONE)


KINDS = {"url": URL, "contact": CONTACT, "message": MESSAGE, "job": JOB, "conversation": CONVERSATION}


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("1:25", {"conversation"}),
        ("acme-br:25", {"conversation"}),
        ("turn:1:25:3", {"job"}),
        ("turn:acme:25:3", {"job"}),
        ("turn:1:25", set()),
        ("#7001", {"message"}),
        ("7001", {"message"}),
        ("1" * 16, set()),
        ("ana@example.com", {"contact"}),
        ("ana@example", set()),
        ("+55 31 99999-0000", {"contact"}),
        ("+55 (31) 99999.0000", {"contact"}),
        ("+5531", set()),
        ("5531999990000", {"message"}),
        ("https://x/app", {"url"}),
        ("app/accounts/3/", set()),
        ("0b2f4c1e-1111-2222-3333-444455556666", set()),
        ("", set()),
    ],
)
def test_a_word_has_one_form_at_most(word: str, kinds: set[str]) -> None:
    assert {kind for kind, form in KINDS.items() if form.fullmatch(word)} == kinds


@given(st.text(max_size=30))
def test_no_word_has_two_forms(word: str) -> None:
    assert sum(bool(form.fullmatch(word)) for form in KINDS.values()) <= 1


@given(st.sampled_from(["1", "acme", "loja-2"]), st.integers(1, 10**9), st.integers(0, 99))
def test_a_jobs_name_holds_its_conversation(key: str, conversation: int, number: int) -> None:
    found = JOB.fullmatch(f"turn:{key}:{conversation}:{number}")
    assert found is not None
    assert found["conv"] == f"{key}:{conversation}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+55 31 99999-0000", "+5531999990000", True),
        ("+55 (31) 99999.0000", "+5531999990000", True),
        ("Ana@Example.com ", "ana@example.com", True),
        ("ana.b@example.com", "anab@example.com", False),
        ("5531999990000", "+5531999990000", False),
        (None, "", True),
    ],
)
def test_addresses_are_compared_as_people_write_them(one: object, other: object, same: bool) -> None:
    assert (_plain(one) == _plain(other)) is same


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"payload": [{"id": 5, "last_activity_at": 20}, {"id": 6, "timestamp": 30}]}, [(20.0, 5), (30.0, 6)]),
        ({"payload": [{"id": 5}, {"id": "6"}, "x", None, {}]}, [(0.0, 5)]),
        ({"payload": None}, []),
        ({}, []),
        ([], []),
        (None, []),
    ],
)
def test_what_chatwoot_lists_of_a_contact_is_read_with_its_moment(
    answer: Any, found: Iterable[tuple[float, int]]
) -> None:
    assert _conversations(answer) == found


def test_of_several_conversations_one_must_be_named_or_the_newest_stands_for_them() -> None:
    assert _only("+55", ["1:9", "1:4"], one=False) == Target("1:9", others=("1:4",))
    assert _only("+55", ["1:9"], one=True) == Target("1:9")
    with pytest.raises(CommandError, match="name one of 1:9, 1:4"):
        _only("+55", ["1:9", "1:4"], one=True)
