"""A folder read where its variables are not set: its accounts are there, with stand-ins of the right form."""

from pathlib import Path

from config.loading.without_secrets import inspect_without_secrets, stand_ins

MAPPING = """\
version: 1
chatwoot: {default: {url: "${CHATWOOT_URL}"}, other: {url: "https://${DESK_HOST}"}}
accounts:
  "1": {domain: retail, webhook_secrets: ["${SECRET_1}"], bot_token: "${BOT_1}"}
  "2": {chatwoot: other, domain: retail, webhook_secrets: ["${SECRET_2}"], bot_token: "${BOT_2}"}
"""


def folder(place: Path) -> Path:
    (place / "chatwoot_mapping.yaml").write_text(MAPPING, "utf-8")
    (place / "domains/retail").mkdir(parents=True)
    (place / "domains/retail/config.yaml").write_text("gate: {sets: [all]}\n", "utf-8")
    return place


def test_accounts_are_there_though_not_even_their_chatwoots_address_is_set(tmp_path: Path) -> None:
    found = inspect_without_secrets(folder(tmp_path), {})
    accounts = found.found.snapshot.accounts
    assert [(key, one.settings.gate.sets) for key, one in accounts.items()] == [("1", ("all",)), ("2", ("all",))]
    assert {one.rule for one in found.unresolved} == {"unset-variable"}


def test_stand_ins_differ_and_leave_alone_what_is_set(tmp_path: Path) -> None:
    made = stand_ins(folder(tmp_path), {"BOT_1": "t"})
    assert "BOT_1" not in made
    assert len(set(made.values())) == len(made) == 5
