"""Putting an account's new shard in force: the pin in the mapping, what is set aside; and rows of places."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.installation.config_versions import ConfigVersion
from ops.access import CommandError, acting
from ops.moving.switch import MAPPING, _set_aside, pin
from ops.moving.where import cells

OWN = 'version: 1\naccounts:\n  "1":  # the first\n    domain: retail\n  "2": {domain: health, shard: a}\n'


def version(digest: str, *overrules: str) -> ConfigVersion:
    return ConfigVersion(7, digest, 1.0, "worker w1", "edit", 2, overrules)


def test_the_mapping_says_the_new_shard_and_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / MAPPING
    path.write_text(OWN)
    with acting("ana") as told:
        pin(tmp_path, "1", "b")
        pin(tmp_path, "2", "b")
    assert path.read_text() == OWN.replace("retail\n", "retail\n    shard: b\n").replace("shard: a", "shard: b")
    assert told == [f"pinned: {account} to b in {path}" for account in "12"]


def test_a_pin_that_stands_already_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / MAPPING
    path.write_text(OWN)
    before = path.stat()
    with acting("ana"):
        pin(tmp_path, "2", "a")
    assert (path.read_text(), path.stat().st_ino) == (OWN, before.st_ino)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mappings: {}\n", "older spelling"),
        ("[", "Write `shard: b` at the account and run it again"),
        ("accounts: {}\n", "has no account 1"),
        (OWN.replace('"1"', '"11"'), "has no account 1"),
    ],
)
def test_a_mapping_that_cannot_be_pinned_in_is_told_and_left_alone(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / MAPPING).write_text(text)
    with pytest.raises(CommandError, match=words):
        pin(tmp_path, "1", "b")
    assert (tmp_path / MAPPING).read_text() == text


def test_what_was_in_force_is_set_aside_behind_what_it_had_set_aside() -> None:
    assert _set_aside(version("old", "older"), "new") == ("older", "old")


@pytest.mark.parametrize("current", [None, version("new", "older")])
def test_where_it_is_in_force_already_or_nothing_was_nothing_is(current: ConfigVersion | None) -> None:
    assert _set_aside(current, "new") == ()


def test_what_comes_back_into_force_is_not_set_aside() -> None:
    assert _set_aside(version("old", "new", "older"), "new") == ("older", "old")


@given(st.lists(st.text("ab", min_size=1, max_size=3), max_size=9), st.text("ab", min_size=1, max_size=3))
def test_each_is_set_aside_once_and_never_the_new_one(overrules: list[str], digest: str) -> None:
    found = _set_aside(version("old", *overrules), digest)
    assert len(set(found)) == len(found)
    assert digest not in found
    assert set(found) == {*overrules, "old"} - {digest}
    assert found[-1] == "old"


def test_of_very_many_the_newest_are_kept() -> None:
    found = _set_aside(version("old", *map(str, range(900))), "new")
    assert len(found) == 500
    assert (found[0], found[-1]) == ("401", "old")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("1", "a", "hash", "", "")),
        ({"pinned": True, "shard": ""}, ("1", "-", "pin", "", "")),
        ({"keys": {"a": 12, "": 3}}, ("1", "a", "hash", "a: 12, -: 3", "")),
        ({"marks": {"a": "left b"}, "then": "b"}, ("1", "a", "hash", "", "a: left b", "b")),
    ],
)
def test_an_account_is_shown_in_a_row(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    row = {"account": "1", "shard": "a", "pinned": False, "keys": {}, "marks": {}, **changes}
    assert cells(row) == expected
