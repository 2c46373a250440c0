"""Edits of the mapping: what is asked for changes, and every other byte stays as its owner wrote it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.document.tree import find
from config.document.yaml_source import parse
from config.mapping.mapping_edit import MappingEdit, NotEditable

OWN = """\
version: 1
# our Chatwoot
chatwoot:
    default:   {url: 'http://chatwoot:3000'}   # inside
accounts:
    1:
        domain: retail
        webhook_secrets: ["${ONE}"]

    # the furniture shop
    "2":  {domain: furniture}
inboxes:
    17: {account: "1", name: 'WhatsApp'}
    "2/17": {name: "Site"}
    18: {account: '2'}
"""


def changed(edit: MappingEdit) -> list[str]:
    """Return the lines that differ, with their sign."""
    return [line for line in edit.diff("m").splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_nothing_asked_nothing_changed() -> None:
    edit = MappingEdit(OWN)
    assert (edit.text(), edit.diff("m")) == (OWN, "")


def test_an_empty_file_becomes_a_mapping_without_empty_sections() -> None:
    edit = MappingEdit("")
    edit.installation("default", "http://c")
    assert edit.inboxes("1") == {}
    edit.account("1", {"domain": "retail", "webhook_secrets": ["${S}"]})
    assert edit.text() == (
        'version: 1\nchatwoot:\n  default: {url: "http://c"}\naccounts:\n'
        '  "1":\n    domain: retail\n    webhook_secrets: ["${S}"]\n'
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "not readable as YAML"),
        ("- 1\n", "must hold a map"),
        ("mappings: {}\n", "older spelling (`mappings:`)"),
        ("inbox_domain_mapping: {}\n", "older spelling"),
    ],
)
def test_a_file_that_is_no_mapping_is_left_alone(text: str, why: str) -> None:
    with pytest.raises(NotEditable, match=why.replace("(", r"\(").replace(")", r"\)")):
        MappingEdit(text)


def test_an_accounts_secrets_are_added_to_and_what_stands_there_is_kept() -> None:
    edit = MappingEdit(OWN)
    edit.account("1", {"webhook_secrets": ["${ONE}", "${NEW}"], "domain": "cosmetics", "bot_token": "${T}"})
    assert changed(edit) == [
        '-        webhook_secrets: ["${ONE}"]',
        '+        webhook_secrets: ["${ONE}", "${NEW}"]',
        "+        bot_token: ${T}",
    ]
    assert "# the furniture shop" in edit.text()


@pytest.mark.parametrize("spaces", [1, 2, 3, 4, 8])
def test_a_file_means_what_was_asked_for_however_it_is_indented(spaces: int) -> None:
    unit = " " * spaces
    text = f'accounts:\n\n{unit}# one\n{unit}"1":\n{unit * 2}domain: retail\n{unit}"2":\n{unit * 2}domain: health\n'
    edit = MappingEdit(text)
    edit.account("1", {"bot_token": "${T}"})
    assert changed(edit) == [f"+{unit * 2}bot_token: ${{T}}"]
    assert YAML(typ="safe").load(edit.text())["accounts"]["1"] == {"domain": "retail", "bot_token": "${T}"}


def test_a_file_that_is_indented_in_two_ways_is_written_anew_with_its_comments() -> None:
    edit = MappingEdit('accounts:\n  "1":  # one\n       domain: retail\n  "2":\n    domain: health\n')
    edit.account("1", {"bot_token": "${T}"})
    read = YAML(typ="safe").load(edit.text())["accounts"]
    assert read == {"1": {"domain": "retail", "bot_token": "${T}"}, "2": {"domain": "health"}}
    assert "# one" in edit.text()


def test_what_the_file_says_is_read_however_a_key_is_written() -> None:
    edit = MappingEdit(OWN)
    assert (edit.has_account("1"), edit.has_account("2"), edit.has_account("3")) == (True, True, False)
    assert edit.written_value("accounts", "1", "domain") == "retail"
    assert edit.written_value("accounts", "1", "crew") is None
    assert edit.written_value("accounts", "9", "crew") is None
    assert edit.written_value("chatwoot", "default", "url") == "http://chatwoot:3000"
    assert (edit.says("inboxes"), edit.says("fallback")) == (True, False)


def test_the_inboxes_of_an_account() -> None:
    edit = MappingEdit(OWN)
    assert edit.inboxes("1") == {17: "WhatsApp"}
    assert edit.inboxes("2") == {17: "Site", 18: None}
    alone = MappingEdit('accounts: {"1": {domain: retail}}\ninboxes: {17: {name: A}, "odd": {}}\n')
    assert alone.inboxes("1") == {17: "A"}, "an inbox without an owner is the only account's"
    assert MappingEdit('accounts: {"1": {}, "2": {}}\ninboxes: {17: {name: A}}\n').inboxes("1") == {}


def test_an_inbox_is_renamed_where_it_stands_or_added_under_a_key_that_is_free() -> None:
    edit = MappingEdit(OWN)
    edit.inbox("2", 17, "Loja")
    assert changed(edit) == ['-    "2/17": {name: "Site"}', '+    "2/17": {name: "Loja"}']
    edit.inbox("1", 18, "Mail")
    assert '"1/18": {account: "1", name: "Mail"}' in edit.text(), "18 is the other account's"
    edit.inbox("1", 19, "Chat")
    assert '"19": {account: "1", name: "Chat"}' in edit.text()


def test_an_account_is_taken_out_with_its_inboxes_and_no_comment_of_anothers() -> None:
    edit = MappingEdit(OWN)
    edit.remove_account("1")
    text = edit.text()
    assert "retail" not in text
    assert "WhatsApp" not in text
    assert "# the furniture shop" in text
    assert edit.inboxes("2") == {17: "Site", 18: None}
    edit.remove_account("nobody")
    assert edit.text() == text


def test_an_inbox_is_taken_out() -> None:
    edit = MappingEdit(OWN)
    edit.remove_inbox("1", 17)
    edit.remove_inbox("1", 99)
    assert changed(edit) == ["-    17: {account: \"1\", name: 'WhatsApp'}"]


def test_an_installation_is_added_once_and_moved_when_asked() -> None:
    edit = MappingEdit(OWN)
    edit.installation("default", "http://elsewhere")
    assert edit.diff("m") == ""
    edit.move_installation("default", "http://elsewhere")
    assert "http://elsewhere" in edit.text()
    assert "# our Chatwoot" in edit.text()


def test_a_saved_mapping_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "chatwoot_mapping.yaml"
    path.touch(0o600)
    edit = MappingEdit.read(path.with_name("missing.yaml"))
    edit.installation("default", "http://c")
    edit.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert MappingEdit.read(path).says("chatwoot")
    assert [each.name for each in path.parent.iterdir()] == [path.name], "nothing is left beside it"


@settings(max_examples=25)
@given(
    st.from_regex(r"[a-z0-9-]{1,8}", fullmatch=True) | st.sampled_from(["no", "on", "y", "off", "null", "true", "7"])
)
def test_an_account_is_pinned_to_a_shard_whatever_its_name_reads_like(shard: str) -> None:
    edit = MappingEdit(OWN)
    edit.pin("1", shard)
    node, problems = parse(edit.text().encode(), "mapping.yaml")
    assert problems == []
    assert node is not None
    assert find(node, ("accounts", "1", "shard"))[1].value == shard  # type: ignore[union-attr]  # a scalar


def test_a_pin_is_written_plainly_where_it_can_be_and_changes_nothing_else() -> None:
    edit = MappingEdit(OWN)
    edit.pin("1", "eu-west")
    assert changed(edit) == ["+        shard: eu-west"]
    again = MappingEdit(edit.text())
    again.pin("1", "eu-west")
    assert changed(again) == []
