"""The mapping as the interface has it, its old spellings, and what an account ends up with."""

from pathlib import Path

import pytest

from chatwootai.model.policy.handoff_cause import Sentence
from config.document.problems import ConfigurationError
from config.loading.loader import inspect, load, shipped
from config.snapshot import Snapshot

ENVIRONMENT = {
    "CHATWOOT_URL": "http://chatwoot:3000/",
    "CHATWOOT_1_SECRET": "secret-of-one",
    "CHATWOOT_1_BOT_TOKEN": "bot-of-one",
    "CHATWOOT_2_SECRET": "secret-of-two",
    "CHATWOOT_2_BOT_TOKEN": "bot-of-two",
}
ACCOUNT = '{domain: retail, webhook_secrets: ["${CHATWOOT_1_SECRET}"], bot_token: "${CHATWOOT_1_BOT_TOKEN}"}'
MODERN = """\
version: 1
chatwoot: {default: {url: "${CHATWOOT_URL}"}}
accounts:
  "1":
    domain: retail
    tenant: account_1
    webhook_secrets: ["${CHATWOOT_1_SECRET}"]
    bot_token: "${CHATWOOT_1_BOT_TOKEN}"
  "2":
    domain: furniture
    tenant: account_2
    webhook_secrets: ["${CHATWOOT_2_SECRET}"]
    bot_token: "${CHATWOOT_2_BOT_TOKEN}"
inboxes:
  "17": {account: "1", domain: cosmetics}
"""
OLD = {
    "accounts and inboxes": """\
accounts:
  1: {domain: retail, account_id: account_1}
  2: {domain: furniture, account_id: account_2}
inboxes:
  17: {account: "1", domain: cosmetics}
""",
    "a bare string as domain": """\
accounts: {"1": retail, "2": furniture}
inboxes: {"1/17": cosmetics}
""",
    "everything under mappings": """\
mappings:
  accounts:
    "1": {domain: retail, account_id: account_1}
    "2": {domain: furniture, account_id: 2}
  inboxes:
    "17": {account: "1", domain: cosmetics}
""",
    "the domain mappings": """\
account_domain_mapping: {"1": retail, "2": {domain: furniture, account_id: account_2}}
inbox_domain_mapping: {"1/17": cosmetics}
""",
}


def write(folder: Path, mapping: str, **layers: str) -> Path:
    (folder / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    for name, text in layers.items():
        path = folder / "domains" / name.replace("__", "/") / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def account(**extra: str) -> str:
    inside = ACCOUNT[:-1] + "".join(f", {key}: {value}" for key, value in extra.items()) + "}"
    return f'version: 1\nchatwoot: {{default: {{url: "${{CHATWOOT_URL}}"}}}}\naccounts:\n  "1": {inside}\n'


def rules(folder: Path, environment: dict[str, str] = ENVIRONMENT) -> list[tuple[str, int]]:
    return [(each.rule, each.line) for each in inspect(folder, environment).problems]


def test_a_mapping_alone_is_enough_to_answer(tmp_path: Path) -> None:
    snapshot = load(write(tmp_path, account(name="Loja Azul")), ENVIRONMENT)
    one = snapshot.account("1")
    assert one
    assert (one.id, one.folder, one.crew, one.priority, one.signature) == (
        1, "account_1", "customer_service", 5, "required",
    )  # fmt: skip
    assert one.installation.url == "http://chatwoot:3000"
    assert [secret.reveal() for secret in one.webhook_secrets] == ["secret-of-one"]
    assert one.settings.company.name == "Loja Azul"
    for name in Sentence:
        for language in ("pt", "pt-BR", "es", "en", "fr", None):
            assert one.settings.sentence(name, language)
    assert "Loja Azul" in one.settings.sentence("greeting", "en")
    assert snapshot.account("99") is None
    assert snapshot.notes == () or all("example tenant" in note.message for note in snapshot.notes)


def test_an_example_tenant_speaks_only_for_the_company_of_its_name(tmp_path: Path) -> None:
    stranger = load(write(tmp_path, account(name="Loja Azul", tenant="account_1")), ENVIRONMENT)
    assert "endereco" not in stranger.accounts["1"].settings.company.facts
    assert "not used" in stranger.notes[0].message
    sandra = load(write(tmp_path, account(name="Sandra Cosméticos", tenant="account_1")), ENVIRONMENT)
    assert "endereco" in sandra.accounts["1"].settings.company.facts


def test_the_mapping_that_ships_loads_once_its_secrets_are_set() -> None:
    folder = Path(__file__).resolve().parents[4] / "config"
    snapshot = load(folder, ENVIRONMENT)
    assert {key: each.name for key, each in snapshot.accounts.items()} == {
        "1": "Sandra Cosmeticos",
        "2": "Casa Bela Móveis",
    }
    assert snapshot.accounts["1"].inboxes[17].priority == 8
    assert snapshot.notes == ()
    assert {each.rule for each in inspect(folder, {}).problems} == {"unset-variable"}


@pytest.mark.parametrize("spelling", OLD)
def test_old_spellings_load_to_the_same_snapshot(spelling: str, tmp_path: Path) -> None:
    old = load(write(tmp_path, OLD[spelling]), ENVIRONMENT)
    new = load(write(tmp_path, MODERN), ENVIRONMENT)
    assert old == new
    assert old.digest == new.digest
    assert old.notes
    assert new.notes == ()
    assert old.accounts["1"].inboxes[17].domain == "cosmetics"


def test_old_spellings_load_without_any_secret_and_say_what_that_means(tmp_path: Path) -> None:
    snapshot = load(write(tmp_path, OLD["a bare string as domain"]), {})
    assert snapshot.accounts["1"].webhook_secrets == ()
    assert not snapshot.accounts["1"].bot_token
    assert any("every delivery is refused" in note.message for note in snapshot.notes)


def test_an_old_mapping_that_asks_for_signatures_must_have_secrets(tmp_path: Path) -> None:
    mapping = 'accounts:\n  "1": {domain: retail, signature: required}\n'
    assert rules(write(tmp_path, mapping), {}) == [("missing-secret", 2), ("missing-secret", 2)]


def test_an_old_inbox_of_a_tenant_goes_to_that_tenants_account_alone(tmp_path: Path) -> None:
    mapping = 'accounts: {"1": retail, "2": furniture}\ninboxes:\n  "17": {domain: cosmetics, account_id: account_2}\n'
    snapshot = load(write(tmp_path, mapping), {})
    assert 17 not in snapshot.accounts["1"].inboxes
    assert snapshot.accounts["2"].inboxes[17].domain == "cosmetics"


@pytest.mark.parametrize(
    "mapping",
    ["", "version: 1\n", "{}", "accounts: {}\n", "mappings: {}\n", "accounts:\n", "version: 1\ninboxes: {}\n"],
)
def test_a_mapping_that_resolves_to_nothing_is_an_error(mapping: str, tmp_path: Path) -> None:
    assert [rule for rule, _ in rules(write(tmp_path, mapping))] == ["empty-mapping"]


def test_a_missing_file_and_a_missing_folder_say_so(tmp_path: Path) -> None:
    assert rules(tmp_path) == [("missing-mapping", 1)]
    assert rules(tmp_path / "nowhere") == [("missing-folder", 1)]
    (tmp_path / "chatwoot_maping.yml").touch()
    assert "Rename chatwoot_maping.yml" in inspect(tmp_path, {}).problems[0].remedy


def test_unset_names_are_named_with_their_file_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(write(tmp_path, account()), {"CHATWOOT_URL": "http://c"})
    problems = caught.value.problems
    assert [each.line for each in problems] == [4, 4]
    assert "accounts.1.webhook_secrets.0" in problems[0].message
    assert "`CHATWOOT_1_SECRET` is not set" in problems[0].message


def test_a_value_of_the_environment_that_does_not_fit_is_not_told(tmp_path: Path) -> None:
    mapping = account(priority='"${CHATWOOT_1_SECRET}"', crew='"${CHATWOOT_2_SECRET}"')
    with pytest.raises(ConfigurationError) as caught:
        load(write(tmp_path, mapping), ENVIRONMENT)
    assert "secret-of" not in str(caught.value)


def test_a_token_in_the_wrong_place_is_not_told(tmp_path: Path) -> None:
    token = "k3JHs8fnQ2LmN9pRt5VwX7zB"
    wrong = account(signature=token, domain=token, crew=token, bot_tokn=token, chatwoot=token)
    wrong = wrong.replace("domain: retail, ", "")
    found = inspect(write(tmp_path, wrong + f'inboxes: {{"5": {{account: {token}}}}}\n'), ENVIRONMENT).problems
    assert len(found) >= 5
    assert token not in "\n".join(map(str, found))


def test_numbers_and_flags_may_come_from_the_environment(tmp_path: Path) -> None:
    folder = write(
        tmp_path, account(priority='"${P:-9}"'), retail__account_1='emoji: "${E}"\nburst: {window_ms: "${W:-100}"}\n'
    )
    one = load(folder, {**ENVIRONMENT, "E": "false"}).accounts["1"]
    assert (one.priority, one.settings.emoji, one.settings.burst.window_ms) == (9, False, 100)


def test_two_installations_may_have_equal_account_and_inbox_numbers(tmp_path: Path) -> None:
    mapping = """\
version: 1
chatwoot: {default: {url: "http://a"}, other: {url: "https://b/chat"}}
accounts:
  a: {id: 1, domain: retail, webhook_secrets: ["${CHATWOOT_1_SECRET}"], bot_token: "${CHATWOOT_1_BOT_TOKEN}"}
  b:
    {id: 1, chatwoot: other, domain: health, webhook_secrets: ["${CHATWOOT_2_SECRET}"], bot_token: "${CHATWOOT_URL}"}
inboxes:
  "a/17": {crew: customer_service}
  "b/17": {priority: 0}
"""
    snapshot = load(write(tmp_path, mapping), ENVIRONMENT)
    assert snapshot.accounts["a"].inboxes[17].crew == "customer_service"
    assert snapshot.accounts["b"].inboxes[17].priority == 0
    assert snapshot.accounts["b"].installation.url == "https://b/chat"
    assert snapshot.settings("b", 17).emoji is False


def test_layers_inherit_down_to_the_inbox(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        account(tenant="azul"),
        _base="tone: base\nlanguage: es\n",
        retail="tone: domain\ncompany: {facts: {a: domain, b: domain}}\n",
        retail__azul="company: {facts: {b: tenant}}\ngreeting: tenant\n",
        retail__azul__inbox_17="greeting: inbox\ncompany: {facts: {a: null}}\n",
    )
    snapshot = load(folder, ENVIRONMENT)
    above, inbox = snapshot.settings("1", 1), snapshot.settings("1", 17)
    assert (above.tone, above.language, above.greeting) == ("domain", "es", "tenant")
    assert above.company.facts == {"a": "domain", "b": "tenant"}
    assert (inbox.greeting, inbox.tone, inbox.company.facts) == ("inbox", "domain", {"b": "tenant"})
    assert inbox.sentences is shipped().sentences or inbox.sentences == shipped().sentences
    assert inbox.handoff is above.handoff  # what a layer leaves alone is shared


def test_an_unused_tenant_is_checked_too(tmp_path: Path) -> None:
    folder = write(tmp_path, account(), retail__later="deadline_ms: soon\n")
    assert rules(folder) == [("type", 1)]


def test_a_digest_tells_equal_from_different(tmp_path: Path) -> None:
    def digest(mapping: str, environment: dict[str, str] = ENVIRONMENT) -> str:
        return load(write(tmp_path, mapping), environment).digest

    plain = digest(account())
    assert digest("# a comment\n" + account()) == plain
    assert digest(account(priority="6")) != plain
    assert digest(account(), ENVIRONMENT | {"CHATWOOT_1_SECRET": "rotated"}) != plain
    assert digest(account(), ENVIRONMENT | {"CHATWOOT_1_BOT_TOKEN": "rotated"}) != plain


def test_a_snapshot_is_read_by_key_alone(tmp_path: Path) -> None:
    snapshot: Snapshot = load(write(tmp_path, account()), ENVIRONMENT)
    with pytest.raises(KeyError):
        snapshot.settings("2", 1)
    with pytest.raises(AttributeError):
        snapshot.digest = "x"  # type: ignore[misc]


def test_one_line_in_two_spellings_has_one_crew(tmp_path: Path) -> None:
    twice = '{"+5531999990000": customer_service, "+553199990000": %s}'
    assert inspect(write(tmp_path, account(special_numbers=twice % "customer_service")), ENVIRONMENT).problems == ()
    (problem,) = inspect(write(tmp_path, account(special_numbers=twice % "sales")), ENVIRONMENT).problems
    assert (problem.rule, "one phone line" in problem.message) == ("phone-twice", True)


def test_special_numbers_and_fallback(tmp_path: Path) -> None:
    mapping = account(special_numbers='{"+5531999990000": customer_service}')
    mapping = mapping.replace("domain: retail, ", "") + "fallback: {domain: health, priority: 2}\n"
    one = load(write(tmp_path, mapping), ENVIRONMENT).accounts["1"]
    assert (one.domain, one.priority, dict(one.special_numbers)) == (
        "health", 2, {"+5531999990000": "customer_service"},
    )  # fmt: skip


def test_hostile_names_never_become_paths(tmp_path: Path) -> None:
    for name in ("../../etc", "/etc", "a/b", "..", ".", "_base", "A" * 65, "café"):
        mapping = account(tenant=f'"{name}"', domain=f'"{name}"').replace("domain: retail, ", "")
        assert {rule for rule, _ in rules(write(tmp_path, mapping))} <= {"format", "duplicate-key"}, name


CREW = {
    "agents.yaml": "clerk: {role: a, goal: b, backstory: c}\n",
    "tasks.yaml": "answer: {description: d, expected_output: e, agent: clerk}\n",
    "channels/default.yaml": "summary: s\ntone: t\nlength: l\n",
}


def crews(folder: Path, *functions: str) -> dict[str, str]:
    for function in functions:
        for name, text in CREW.items():
            path = folder / "crews" / function / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return {**ENVIRONMENT, "CHATWOOTAI_CREWS": str(folder / "crews")}


def test_a_crew_that_is_not_there_is_a_problem_wherever_it_is_named(tmp_path: Path) -> None:
    environment = crews(tmp_path, "customer_service")
    mapping = account(special_numbers='{"+5531999990000": analytics}') + 'inboxes:\n  "17": {account: "1", crew: %s}\n'
    assert rules(write(tmp_path, mapping % "sales"), environment) == [("unknown-crew", 4), ("unknown-crew", 6)]
    environment = crews(tmp_path, "sales", "analytics")
    assert load(write(tmp_path, mapping % "sales"), environment).accounts["1"].inboxes[17].crew == "sales"


def test_an_account_whose_own_crew_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    assert rules(write(tmp_path, account()), crews(tmp_path, "other")) == [("unknown-crew", 4)]


def test_a_folder_of_crews_that_is_empty_or_missing_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        environment = {**ENVIRONMENT, "CHATWOOTAI_CREWS": str(tmp_path / name)}
        assert rules(write(tmp_path, account()), environment) == [("missing-crews", 1)]
