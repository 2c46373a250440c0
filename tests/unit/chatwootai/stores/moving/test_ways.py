"""How keys go with an account that moves: by name, by value, by membership; whose a key is, told by its name alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores import keys
from chatwootai.stores.moving.account_data import AccountData, _json, _restored
from chatwootai.stores.moving.move import Running
from chatwootai.stores.moving.places import _owner
from chatwootai.stores.moving.ways import AFTERWARDS, ANEW, ENDED, MEMBERS, goes_whole, ways_of
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.server.connection import connect

NAMES = st.text(
    st.characters(blacklist_characters=":", blacklist_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12
)
NUMBERS = st.integers(min_value=0, max_value=10**9)


def data(account: str) -> AccountData:
    return AccountData(connect("redis://127.0.0.1:1/0"), account)


def owns(account: str, key: str) -> bool:
    return data(account)._owns(key)


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("cw:box:{conv}", True),
        ("cw:knowledge:{account}", True),
        ("arq:job:{job}", True),
        ("cw:done:{account}:{digest}", False),
        ("cw:moved:{account}", False),
        ("cw:turn:{turn}", False),
        ("cw:audit", False),
        ("cw:limit:{endpoint}", False),
    ],
)
def test_a_key_that_names_its_account_goes_whole_unless_something_else_is_said(pattern: str, whole: bool) -> None:
    assert goes_whole(pattern) is whole


@pytest.mark.parametrize("pattern", [*ANEW, *sorted(ENDED)])
def test_what_is_made_anew_or_has_ended_never_goes_whole(pattern: str) -> None:
    assert not goes_whole(pattern)
    assert "whole" not in ways_of(pattern)


def test_an_unheard_of_kind_has_no_way() -> None:
    assert ways_of("cw:new") == []
    assert ways_of("cw:new:{account}") == ["whole"]


@given(NAMES, NUMBERS)
def test_a_conversations_keys_are_its_accounts_and_nobody_elses(account: str, number: int) -> None:
    conv = keys.conv(account, number)
    for key in (keys.box(conv), keys.state(conv), keys.outbox(conv), keys.context(conv)):
        assert owns(account, key)
        assert not owns(f"{account}x", key)
        assert not owns(f"x{account}", key)


@given(NAMES, NUMBERS, NUMBERS)
def test_a_jobs_keys_are_those_of_the_account_that_it_names(account: str, conversation: int, number: int) -> None:
    key = f"cw:job:turn:{account}:{conversation}:{number}"
    assert owns(account, key)
    assert not owns(str(conversation) + "x", key)


@pytest.mark.parametrize(
    "key", ["cw:audit", "cw:moved:7", "cw:done:7:abc", "cw:turn:7:1:2", "other:7:box", "cw:limit:7", "cw:leases", "7"]
)
def test_what_stays_or_is_not_ours_is_nobodys(key: str) -> None:
    assert not owns("7", key)


@pytest.mark.parametrize("account", ["a*", "a?", "[ab]", "a^b", "a\\b", "acme"])
def test_what_redis_would_take_for_a_pattern_is_quoted(account: str) -> None:
    quoted = data(account)._quoted
    plain, at = "", 0
    while at < len(quoted):
        at += quoted[at] == "\\"
        plain, at = plain + quoted[at], at + 1
    assert plain == account
    assert quoted.count("\\") == sum(each in "*?[]\\^" for each in account) + account.count("\\")


@given(NAMES, NUMBERS, NUMBERS)
def test_the_owner_of_a_key_is_the_account_in_it_or_in_its_job(account: str, conversation: int, number: int) -> None:
    for key in (keys.box(keys.conv(account, conversation)), f"cw:job:turn:{account}:{conversation}:{number}"):
        known = kind_of(key)
        assert known is not None
        assert _owner(known[1].get("account"), known[1].get("job") or "") == account


@pytest.mark.parametrize("job", ["", "turn", "turn:7", "turn:7:25", "other:7:25:1", "turn:7:25:1:2"])
def test_a_job_of_another_form_is_nobodys(job: str) -> None:
    assert _owner(None, job) == ""


@pytest.mark.parametrize("pattern", MEMBERS.values())
def test_members_are_told_by_the_account_that_they_begin_with(pattern: str) -> None:
    assert pattern.replace("{account}", "7") in {"7:*", "turn:7:*", "7"}


def test_records_of_turns_are_the_only_ones_that_follow() -> None:
    assert AFTERWARDS == "cw:turn:{turn}"
    assert ways_of(AFTERWARDS) == ["by value"]


@pytest.mark.parametrize(("ttl", "restored"), [(-1, 0), (0, 1), (1, 1), (86_400_000, 86_400_000)])
def test_a_key_keeps_its_lifetime_and_one_that_is_about_to_end_a_millisecond(ttl: int, restored: int) -> None:
    assert _restored("k", b"dump", ttl) == ("RESTORE", "k", restored, b"dump", "REPLACE")


@pytest.mark.parametrize("raw", [None, b"", b"{", b"[]", b"1", b'"x"', b"null"])
def test_a_value_that_is_no_object_says_nothing(raw: bytes | None) -> None:
    assert _json(raw) == {}


@pytest.mark.parametrize(
    ("running", "words"),
    [
        (Running(), "nothing"),
        (Running(("a",)), "1 turns"),
        (Running(("a", "b")), "2 turns"),
        (Running(ingest=True), "an ingest of its knowledge"),
        (Running(("a", "b"), ingest=True), "2 turns, an ingest of its knowledge"),
    ],
)
def test_what_runs_is_said_in_words(running: Running, words: str) -> None:
    assert str(running) == words
    assert bool(running) is (words != "nothing")
