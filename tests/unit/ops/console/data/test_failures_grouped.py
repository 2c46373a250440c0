"""Dead letters by cause: which causes are one, what a group holds, and what is left out of its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.operators.dead_letters import DeadLetter
from ops.console.data.failures import Group, cause_of_group, groups_as_json


def letter(number: int = 1, conv: str = "1:25", at: float = 10.0) -> DeadLetter:
    return DeadLetter(turn=f"t{number}", conv=conv, cause="HTTP 502", at=at)


@pytest.mark.parametrize(
    ("cause", "group"),
    [
        ("create_message: HTTP 404: gone", "create_message: HTTP 404: gone"),
        ("conversation 25 of account 1", "conversation # of account #"),
        ("message 123456 was refused", "message # was refused"),
        ("request 0b2f4c1e0b2f4c1e failed", "request # failed"),
        ("request 0b2f4c1e0b2f-4c1e-aaaa failed", "request # failed"),
        ("in 12 s, HTTP 429", "in # s, HTTP 429"),
        ("model gpt-4 says no", "model gpt-# says no"),
        ("deadbeef", "deadbeef"),
        ("", ""),
    ],
)
def test_a_status_stays_and_what_may_be_anybodys_id_does_not(cause: str, group: str) -> None:
    assert cause_of_group(cause) == group


@given(st.text(max_size=400))
def test_a_groups_name_is_short_and_its_own(cause: str) -> None:
    group = cause_of_group(cause)
    assert len(group) <= 300
    assert cause_of_group(group) == group


@given(st.integers(1000, 10**9), st.integers(1000, 10**9))
def test_two_ids_make_one_group(one: int, other: int) -> None:
    assert cause_of_group(f"conversation {one}: gone") == cause_of_group(f"conversation {other}: gone")


def test_a_group_counts_its_letters_conversations_and_accounts() -> None:
    group = Group("HTTP 502")
    for one in (letter(1, "1:25", 30.0), letter(2, "1:25", 10.0), letter(3, "acme:9", 20.0)):
        group.take(one)
    assert (group.count, group.first, group.last) == (3, 10.0, 30.0)
    assert group.accounts == {"1": 2, "acme": 1}
    assert group.conversations == {"1:25", "acme:9"}


def test_a_group_shows_its_first_five_letters() -> None:
    group = Group("HTTP 502")
    for number in range(9):
        group.take(letter(number))
    assert group.examples == [("1:25", f"t{number}") for number in range(5)]
    (shown,) = groups_as_json([group])
    assert shown["examples"][0] == {"conversation": "1:25", "turn": "t0"}
    assert (shown["count"], shown["conversations"], shown["accounts"]) == (9, 1, {"1": 9})


def test_the_accounts_of_a_group_come_by_their_letters() -> None:
    group = Group("HTTP 502")
    for number, conv in enumerate(["a:1", "b:1", "b:2", "c:1", "b:3", "c:2"]):
        group.take(letter(number, conv))
    assert list(groups_as_json([group])[0]["accounts"].items()) == [("b", 3), ("c", 2), ("a", 1)]
