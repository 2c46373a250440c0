"""From entries of the mapping to accounts: what is filled in, and each contradiction at its own line."""

from pathlib import Path
from typing import Any

import pytest

from config.loading.loader import inspect, load
from config.snapshot import Account

ENVIRONMENT = {"S": "secret", "T": "token", "U": "user"}
HEAD = 'version: 1\nchatwoot: {default: {url: "http://c/"}}\n'
SECRETS, OTHERS = (f'webhook_secrets: ["${{S}}{each}"], bot_token: "${{T}}"' for each in ("", "2"))


def write(folder: Path, text: str, **layers: str) -> Path:
    (folder / "chatwoot_mapping.yaml").write_text(text, encoding="utf-8")
    for name, said in layers.items():
        path = folder / "domains" / name.replace("__", "/") / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said, encoding="utf-8")
    return folder


def entry(more: str = "", key: str = "1") -> str:
    return f'  "{key}": {{domain: retail, {OTHERS if key == "2" else SECRETS}{more}}}\n'


def problems(folder: Path, text: str, **layers: str) -> list[tuple[str, int]]:
    found = inspect(write(folder, text, **layers), ENVIRONMENT).problems
    return [(each.rule, each.line) for each in found]


def only(folder: Path, text: str, **layers: str) -> Account:
    (account,) = load(write(folder, text, **layers), ENVIRONMENT).accounts.values()
    return account


def test_an_account_says_little_and_the_rest_is_filled_in(tmp_path: Path) -> None:
    found = only(tmp_path, f"{HEAD}fallback: {{crew: sales, priority: 7}}\naccounts:\n{entry()}")
    assert (found.id, found.key, found.name, found.folder) == (1, "1", "1", "account_1")
    assert (found.crew, found.priority, found.signature) == ("sales", 7, "required")
    assert (found.installation.url, found.user_token) == ("http://c", None)


def test_what_an_account_says_comes_before_what_holds_for_all(tmp_path: Path) -> None:
    more = ', id: 4, name: Loja, tenant: shop, crew: sales, priority: 2, user_token: "${U}", signature: optional'
    text = f"{HEAD}fallback: {{domain: health, crew: customer_service, priority: 7}}\naccounts:\n{entry(more, 'loja')}"
    found = only(tmp_path, text)
    assert (found.id, found.name, found.domain, found.folder) == (4, "Loja", "retail", "shop")
    assert (found.crew, found.priority, found.signature) == ("sales", 2, "optional")
    assert found.user_token is not None
    assert found.user_token.reveal() == "user"


def test_the_company_of_the_settings_names_an_account_that_has_no_name(tmp_path: Path) -> None:
    found = only(tmp_path, f"{HEAD}accounts:\n{entry(', tenant: shop')}", retail__shop="company: {name: Loja Azul}\n")
    assert found.name == "Loja Azul"


@pytest.mark.parametrize(
    ("accounts", "rule"),
    [
        (entry(", chatwoot: other"), "unknown-installation"),
        (entry(key="loja"), "missing-key"),
        (f'  "1": {{{SECRETS}}}\n', "missing-key"),
        (f'  "1": {{domain: retial, {SECRETS}}}\n', "unknown-domain"),
        (entry(", crew: salez"), "unknown-crew"),
        (entry(', special_numbers: {"+5511999999999": salez}'), "unknown-crew"),
        ('  "1": {domain: retail, bot_token: "${T}"}\n', "missing-secret"),
        ('  "1": {domain: retail, webhook_secrets: ["${S}"]}\n', "missing-secret"),
    ],
)
def test_what_an_account_lacks_or_misspells_is_a_problem_of_its_line(tmp_path: Path, accounts: str, rule: str) -> None:
    assert problems(tmp_path, f"{HEAD}accounts:\n{accounts}") == [(rule, 4)]


def test_several_mistakes_of_one_account_are_all_found(tmp_path: Path) -> None:
    text = f'{HEAD}accounts:\n  "a":\n    domain: retial\n    chatwoot: other\n    {SECRETS.split(", ")[0]}\n'
    assert {rule for rule, _ in problems(tmp_path, text)} == {
        "unknown-domain",
        "unknown-installation",
        "missing-key",
        "missing-secret",
    }


def test_one_broken_account_is_no_reason_to_lose_the_others(tmp_path: Path) -> None:
    found = inspect(write(tmp_path, f"{HEAD}accounts:\n{entry()}{entry(', chatwoot: other', '2')}"), ENVIRONMENT)
    assert [each.rule for each in found.problems] == ["unknown-installation"]
    assert list(found.snapshot.accounts) == ["1"]


def test_the_fallback_is_checked_once_where_it_stands(tmp_path: Path) -> None:
    text = f'{HEAD}fallback: {{domain: retial}}\naccounts:\n  "1": {{{SECRETS}}}\n  "2": {{{OTHERS}}}\n'
    assert problems(tmp_path, text) == [("unknown-domain", 3)]
    text = f"{HEAD}fallback: {{crew: salez}}\naccounts:\n{entry()}{entry(key='2')}"
    assert {line for _, line in problems(tmp_path, text)} == {3}


class TestInboxes:
    """Inboxes of the mapping: whose they are, and what they change."""

    TWO = f"{HEAD}accounts:\n{entry()}{entry(key='2')}inboxes:\n"

    @pytest.mark.parametrize(
        ("inbox", "rule"),
        [
            ('  "1/17": {account: "2"}\n', "contradiction"),
            ('  "17": {account: "3"}\n', "unknown-account"),
            ('  "3/17": {name: x}\n', "unknown-account"),
            ('  "17": {name: x}\n', "missing-key"),
            ('  "1/17": {crew: salez}\n', "unknown-crew"),
            ('  "1/17": {domain: retial}\n', "unknown-domain"),
            ('  "1/17": {tenant: nowhere}\n', "unknown-tenant"),
        ],
    )
    def test_a_mistake_is_a_problem_of_its_line(self, tmp_path: Path, inbox: str, rule: str) -> None:
        assert problems(tmp_path, f"{self.TWO}{inbox}") == [(rule, 7)]

    def test_one_inbox_is_mapped_once(self, tmp_path: Path) -> None:
        """Accounts of one Chatwoot: its inboxes are numbered over all of them."""
        assert problems(tmp_path, f'{self.TWO}  "1/17": {{name: a}}\n  "2/17": {{name: b}}\n') == [("inbox-twice", 8)]

    def test_an_inbox_of_the_only_account_need_not_say_so(self, tmp_path: Path) -> None:
        found = only(tmp_path, f"{HEAD}accounts:\n{entry()}inboxes:\n  17: {{name: Site, crew: sales, priority: 9}}\n")
        inbox = found.inboxes[17]
        assert (inbox.name, inbox.crew, inbox.priority, inbox.folder) == ("Site", "sales", 9, "account_1")

    def test_the_tenant_tells_whose_an_inbox_is(self, tmp_path: Path) -> None:
        text = f"{HEAD}accounts:\n{entry(', tenant: shop')}{entry(', tenant: store', '2')}inboxes:\n"
        snapshot = load(write(tmp_path, f"{text}  17: {{tenant: store}}\n"), ENVIRONMENT)
        assert [key for key, each in snapshot.accounts.items() if 17 in each.inboxes] == ["2"]

    def test_an_inbox_with_a_folder_needs_no_entry_and_one_with_both_keeps_the_folders_settings(
        self, tmp_path: Path
    ) -> None:
        layers: dict[str, Any] = {"retail__shop": "tone: shop\n", "retail__shop__inbox_17": "tone: inbox\n"}
        text = f"{HEAD}accounts:\n{entry(', tenant: shop')}"
        assert only(tmp_path, text, **layers).inboxes[17].settings.tone == "inbox"
        found = only(tmp_path, f"{text}inboxes:\n  17: {{name: Site}}\n", **layers).inboxes[17]
        assert (found.settings.tone, found.name) == ("inbox", "Site")

    def test_an_inbox_may_be_answered_as_another_tenant(self, tmp_path: Path) -> None:
        layers: dict[str, Any] = {"retail__shop": "tone: shop\n", "health__clinic": "tone: clinic\n"}
        text = f"{HEAD}accounts:\n{entry(', tenant: shop')}inboxes:\n  1/17: {{domain: health, tenant: clinic}}\n"
        found = only(tmp_path, text, **layers).inboxes[17]
        assert (found.domain, found.folder, found.settings.tone) == ("health", "clinic", "clinic")


def test_older_files_take_secrets_from_the_environment_by_their_accounts_name(tmp_path: Path) -> None:
    """There, and only there: a mapping of today names each."""
    names = {"CHATWOOT_LOJA_1_SECRET": "s", "CHATWOOT_LOJA_1_BOT_TOKEN": "t", "CHATWOOT_LOJA_1_USER_TOKEN": "u"}
    old = "accounts: {loja-1: {domain: retail, id: 1}}\n"
    found = load(write(tmp_path, old), names)
    (account,) = found.accounts.values()
    assert account.bot_token.reveal() == "t"
    assert account.user_token is not None
    assert sum("of the environment is used" in each.message for each in found.notes) == 3
    new = f"{HEAD}accounts: {{loja-1: {{domain: retail, id: 1}}}}\n"
    assert {each.rule for each in inspect(write(tmp_path, new), names).problems} == {"missing-secret"}


def test_a_pin_names_a_shard_that_there_is(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{HEAD}accounts:\n{entry(', shard: c')}")
    alone = inspect(folder, ENVIRONMENT)
    assert alone.problems == ()
    assert alone.snapshot.accounts["1"].shard == "c"
    assert any("`accounts.1.shard` has no effect here" in each.message for each in alone.snapshot.notes)
    shards = "a=redis://u:word@one,c=redis://two"
    among = inspect(folder, {**ENVIRONMENT, "CHATWOOTAI_REDIS_SHARDS": shards})
    assert among.problems == ()
    assert not any("shard" in each.message for each in among.snapshot.notes)
    assert among.snapshot.digest == alone.snapshot.digest
    (refused,) = inspect(folder, {**ENVIRONMENT, "CHATWOOTAI_REDIS_SHARDS": "a=redis://u:word@one"}).problems
    assert (refused.rule, refused.line) == ("unknown-shard", 4)
    assert "no shard `c`" in refused.message
    assert "word" not in str(refused)


def test_where_an_account_lives_is_part_of_what_is_in_force(tmp_path: Path) -> None:
    pinned = load(write(tmp_path, f"{HEAD}accounts:\n{entry(', shard: c')}"), ENVIRONMENT)
    unpinned = load(write(tmp_path, f"{HEAD}accounts:\n{entry()}"), ENVIRONMENT)
    assert pinned.digest != unpinned.digest
