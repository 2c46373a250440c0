"""Who may name what: an account's folder names what the mapping allows it, and a secret never fills a text."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.document.tree import Mark, Scalar, Sequence, Table
from config.files.sources import gather
from config.inheritance.load_cache import LoadCache
from config.loading.loader import Inspection, inspect, inspect_sources
from config.schema.kinds import Kind, is_secret, is_text, kinds_of
from config.settings.settings import Settings

ENVIRON = {
    "SHOP_1": "canary-shop-1", "TOKEN_1": "canary-token-1", "CW_2_BOT_TOKEN": "canary-token-2", "SHOP_2": "canary-2",
    "OPENAI_API_KEY": "canary-openai", "NIMBUS_KEY": "canary-nimbus", "LUNAR_KEY": "canary-lunar", "ERP": "canary-erp",
    "REDIS_URL": "redis://x", "LIMIT": "7000",
}  # fmt: skip
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {name: Nimbus, domain: retail, tenant: nimbus, webhook_secrets: ["${SHOP_1}"], bot_token: "${TOKEN_1}"ALLOW}
  "2": {name: Lunar, domain: retail, tenant: lunar, webhook_secrets: ["${SHOP_2}"], bot_token: "${CW_2_BOT_TOKEN}"OTHER}
"""
SHOP = "domains/retail/nimbus/"


def looked(folder: Path, files: dict[str, str], allow: str = "", other: str = "", **environ: str) -> Inspection:
    mapping = MAPPING.replace("ALLOW", f", allow: {allow}" if allow else "").replace(
        "OTHER", f", allow: {other}" if other else ""
    )
    for name, text in {"chatwoot_mapping.yaml": mapping, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return inspect(folder, ENVIRON | environ)


def problems(folder: Path, files: dict[str, str], allow: str = "", other: str = "") -> list[tuple[str, int, str]]:
    found = looked(folder, files, allow, other)
    text = "\n".join(map(str, found.problems))
    assert "canary-" not in text
    return [(each.file.removeprefix(f"{folder}/"), each.line, each.rule) for each in found.problems]


@pytest.mark.parametrize(
    "value", ["${OPENAI_API_KEY}", "Oi ${CW_2_BOT_TOKEN}!", "${X:-so}", "${file:/etc/passwd}", "CIPHER"]
)
@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("config.yaml", "company:\n  facts: {a: 'VALUE'}\n", 2),
        ("config.yaml", "company: {name: 'VALUE'}\n", 1),
        ("config.yaml", "company: {description: 'VALUE'}\n", 1),
        ("config.yaml", "\n\ngreeting: 'VALUE'\n", 3),
        ("config.yaml", "signature: 'VALUE'\n", 1),
        ("config.yaml", "tone: 'VALUE'\n", 1),
        ("config.yaml", "channels: {email: {signature: 'VALUE'}}\n", 1),
        ("config.yaml", "sentences: {pt: {failed: 'VALUE'}}\n", 1),
        ("config.yaml", "promotions: [{name: a, text: 'VALUE', start: 2026-01-01, end: 2026-02-01}]\n", 1),
        ("config.yaml", "template: {name: a, text: 'VALUE'}\n", 1),
        ("config.yaml", "handoff: {phrases: ['VALUE']}\n", 1),
        ("config.yaml", "handoff: {label: 'VALUE'}\n", 1),
        ("answers.yaml", "pix: {questions: [aceita pix], answer: 'VALUE'}\n", 1),
        ("answers.yaml", "pix: {questions: ['VALUE'], answer: sim}\n", 1),
        ("tools.yaml", "hosts: [a.example]\nhttp: {t: {description: 'VALUE', url: https://a.example}}\n", 2),
        (
            "tools.yaml",
            "hosts: [a.example]\nhttp:\n  t:\n    description: d\n    url: https://a.example/{n}\n"
            "    parameters: {properties: {n: {type: string, description: 'VALUE'}}}\n",
            6,
        ),
        ("inbox_17/config.yaml", "greeting: 'VALUE'\n", 1),
        ("crews/customer_service/agents.yaml", "attendant: {goal: 'VALUE'}\n", 1),
        ("crews/customer_service/tasks.yaml", "answer: {description: 'VALUE'}\n", 1),
        ("crews/customer_service/channels/whatsapp.yaml", "tone: 'VALUE'\n", 1),
    ],
)  # fmt: skip
def test_a_reference_in_a_text_is_a_problem_whoever_writes_it(
    tmp_path: Path, file: str, text: str, line: int, value: str
) -> None:
    key = Fernet.generate_key()
    said = value.replace("CIPHER", "ENC:" + Fernet(key).encrypt(b"canary-enc").decode())
    own, everything = {SHOP + file: text.replace("VALUE", said)}, "{names: ['*'], files: /}"
    found = looked(tmp_path, own, everything, CHATWOOTAI_SECRET_KEY=key.decode())
    texts = [(each.file, each.line) for each in found.problems if each.rule == "reference-in-text"]
    assert texts == [(f"{tmp_path}/{SHOP}{file}", line)]
    assert all("canary-" not in str(each) for each in found.problems)
    settings = found.snapshot.accounts["1"].settings
    assert "canary-" not in f"{settings.model_dump_json()} {settings.crew_set}"
    if "inbox" not in file:  # nor may the operator's own layers, which all inherit
        for place in ("domains/retail/", "domains/_base/"):
            (tmp_path / SHOP / file).unlink(missing_ok=True)
            other = looked(tmp_path, {place + file: own[SHOP + file]}, CHATWOOTAI_SECRET_KEY=key.decode())
            assert "reference-in-text" in {each.rule for each in other.problems}
            (tmp_path / place / file).unlink()


def test_the_characters_themselves_are_no_reference(tmp_path: Path) -> None:
    found = looked(tmp_path, {SHOP + "config.yaml": "tone: 'custa $${PRICE} e $5'\n"})
    assert found.problems == ()
    assert found.snapshot.accounts["1"].settings.tone == "custa ${PRICE} e $5"


def test_every_place_has_a_kind_and_texts_are_what_people_and_models_read() -> None:
    kinds = dict(_places(Kind(Settings)))
    texts, secrets = ({p for p, k in kinds.items() if test(k)} for test in (is_text, is_secret))
    assert secrets == {
        "model.api_key", "model.fallbacks.api_key", "model.quick.api_key", "model.hedging.to.api_key",
        "media.hearing.api_key", "knowledge.embeddings.api_key", "tools.http.*.headers.*", "tools.mcp.*.headers.*",
        "tools.mcp.*.env.*", "knowledge.postgres.url",
    }  # fmt: skip
    for path in ("greeting.*", "company.facts.*", "sentences.*.*", "answers.*.answer", "tools.http.*.description"):
        assert path in texts
    for path in ("model.base_url", "tools.http.*.url", "tools.http.*.query.*", "deadline_ms", "emoji", "language"):
        assert path in kinds.keys() - texts


def _places(kind: Kind) -> list[tuple[str, Kind]]:
    """Every place of the settings with its kind, one entry for each map and list."""
    leaf = Scalar(Mark("", 1, 1), "x", "x")
    made = _grown(kind, leaf, 0)
    return [(".".join(step for step in path if not step.isdigit()), found) for path, _, found in kinds_of(made, kind)]


def _grown(kind: Kind, leaf: Scalar, depth: int) -> "Scalar | Sequence | Table":
    from config.schema import kinds

    model = kinds.model_of(kind)
    if model is not None:
        below = {name: _grown(each, leaf, depth + 1) for name, each in kinds._fields(model).items()}
        return Table(leaf.mark, below)
    shapes = {getattr(each.type, "__origin__", None) for each in kinds._alternatives(kind)}
    if tuple in shapes:
        return Sequence(leaf.mark, [_grown(kinds._of_all(kind), leaf, depth + 1)])
    if any(getattr(each, "__name__", "") == "Mapping" for each in shapes):
        return Table(leaf.mark, {"*": _grown(kinds._of_all(kind), leaf, depth + 1)})
    return leaf


@pytest.mark.parametrize(
    ("value", "allow", "other", "allowed"),
    [
        ("${NIMBUS_KEY}", "", "", False),  # nobody's, and not said to be this account's
        ("${NIMBUS_KEY}", "{names: [NIMBUS_*]}", "", True),
        ("${NIMBUS_KEY}", "{names: ['*']}", "", True),
        ("${NIMBUS_KEY}", "{names: []}", "", False),
        ("${NIMBUS_KEY}", "{programs: [x]}", "", False),  # what is not written is not allowed
        ("${NIMBUS_KEY}", "{names: [NIMBUS]}", "", False),
        ("${NIMBUS_KEY}", "", "{names: [NIMBUS_*]}", False),  # another's
        ("${NIMBUS_KEY}", "{names: [NIMBUS_*]}", "{names: [NIMBUS_*]}", True),
        ("${LUNAR_KEY}", "{names: [NIMBUS_*]}", "", False),
        ("${LUNAR_KEY:-x}", "{names: [NIMBUS_*]}", "", False),
        ("${NOT_SET}", "{names: [NIMBUS_*]}", "", False),
        ("${TOKEN_1}", "", "", True),  # its own account's
        ("${CW_2_BOT_TOKEN}", "", "", False),
        ("${OPENAI_API_KEY}", "", "", False),
        ("${OPENAI_API_KEY}", "{names: [OPENAI_API_KEY]}", "", True),
        ("${REDIS_URL}", "", "", False),
        ("${CHATWOOTAI_SECRET_KEY}", "", "", False),
    ],
)
def test_an_accounts_folder_names_what_the_mapping_allows_it(
    tmp_path: Path, value: str, allow: str, other: str, allowed: bool
) -> None:
    for text in (f'model: {{api_key: "{value}"}}', f'model: {{base_url: "https://a.example/{value}"}}'):
        found = problems(tmp_path, {SHOP + "config.yaml": text}, allow, other)
        assert found == ([] if allowed else [(SHOP + "config.yaml", 1, "not-allowed")])
    told = looked(tmp_path, {SHOP + "config.yaml": text}, allow, other).problems
    assert all("under `accounts.1` in the mapping" in each.remedy for each in told)


@pytest.mark.parametrize(
    ("url", "allow", "fine"),
    [
        ("postgresql://u:p@db.internal/k", "{names: [NIMBUS_*]}", False),
        ("postgresql://u:p@db.example/k", "{names: [NIMBUS_*]}", False),
        ("postgresql://u:p@db.internal/k", "{names: [NIMBUS_*], private_hosts: [db.internal]}", True),
        ("postgresql://u:p@db.internal/k?host=10.0.0.9", "{names: [NIMBUS_*], private_hosts: [db.internal]}", False),
        ("postgresql://u:p@db.internal,10.0.0.9/k", "{names: [NIMBUS_*], private_hosts: [db.internal]}", False),
    ],
)
def test_a_folder_names_a_database_where_the_mapping_allows_its_host(
    tmp_path: Path, url: str, allow: str, fine: bool
) -> None:
    text = 'knowledge: {postgres: {url: "${NIMBUS_DB}"}}\n'
    for place, expected in ((SHOP + "config.yaml", fine), ("domains/retail/config.yaml", True)):
        found = {each.rule for each in looked(tmp_path, {place: text}, allow, NIMBUS_DB=url).problems}
        assert ("not-allowed" not in found) is expected
        (tmp_path / place).unlink()


def test_the_operators_own_layers_name_everything(tmp_path: Path) -> None:
    text = 'model: {api_key: "${CW_2_BOT_TOKEN}"}\ndeadline_ms: "${LIMIT}"\n'
    for place in ("domains/retail/config.yaml", "domains/_base/config.yaml"):
        assert problems(tmp_path, {place: text}, "{names: []}") == []
        (tmp_path / place).unlink()


def test_inboxes_and_what_holds_for_all_are_bound_too(tmp_path: Path) -> None:
    key = 'model: {api_key: "${LUNAR_KEY}"}\n'
    inbox = SHOP + "inbox_17/config.yaml"
    assert problems(tmp_path, {inbox: key}, "{names: [NIMBUS_*]}") == [(inbox, 1, "not-allowed")]
    (tmp_path / inbox).unlink()
    mapping = MAPPING.replace("ALLOW", "").replace("OTHER", "") + "fallback: {allow: {names: [NIMBUS_*]}}\n"
    files = {"chatwoot_mapping.yaml": mapping, SHOP + "config.yaml": key}
    assert problems(tmp_path, files) == [(SHOP + "config.yaml", 1, "not-allowed")]
    inboxes = mapping + 'inboxes: {"9": {account: "2", tenant: third}}\n'
    files = {"chatwoot_mapping.yaml": inboxes, SHOP + "config.yaml": "", "domains/retail/third/config.yaml": key}
    assert problems(tmp_path, files) == [("domains/retail/third/config.yaml", 1, "not-allowed")]


def one_account(text: str, fallback: str = "") -> dict[str, str]:
    *head, _ = MAPPING.replace("ALLOW", "").splitlines()
    return {"chatwoot_mapping.yaml": "\n".join([*head, fallback]) + "\n", SHOP + "config.yaml": text}


UNNAMED = ['model: {api_key: "${NIMBUS_KEY}"}', 'model: {api_key: "${file:/run/secrets/nobody-made-this}"}']
INSIDE = [
    "model: {base_url: 'http://%s/v1'}",
    "model: {quick: {name: q, base_url: 'http://%s:8000/v1'}}",
    "model: {hedging: {to: {name: h, base_url: 'http://%s/v1'}}}",
    "model: {fallbacks: [{name: a}, {name: f, base_url: 'http://%s/v1'}]}",
    "media: {hearing: {base_url: 'http://%s/v1'}}",
]


@pytest.mark.parametrize("text", [*UNNAMED, INSIDE[0] % "127.0.0.1:11434"])
def test_where_there_is_one_account_its_folder_is_trusted_unless_the_operator_says_no(
    tmp_path: Path, text: str
) -> None:
    refused = "not-allowed"
    assert refused not in {each[2] for each in problems(tmp_path, one_account(text))}
    closed = one_account(text, "fallback: {trusted: false}")
    assert (SHOP + "config.yaml", 1, refused) in problems(tmp_path, closed)


@pytest.mark.parametrize("text", [*UNNAMED, INSIDE[0] % "127.0.0.1:11434"])
def test_of_several_none_is_unless_the_operator_says_so(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, {SHOP + "config.yaml": text}) == [(SHOP + "config.yaml", 1, "not-allowed")]
    trusting = MAPPING.replace("ALLOW", "").replace("OTHER", "") + "fallback: {trusted: true}\n"
    found = problems(tmp_path, {"chatwoot_mapping.yaml": trusting, SHOP + "config.yaml": text})
    assert "not-allowed" not in {each[2] for each in found}
    others = {"chatwoot_mapping.yaml": trusting, SHOP + "config.yaml": 'model: {api_key: "${CW_2_BOT_TOKEN}"}'}
    assert problems(tmp_path, others) == [(SHOP + "config.yaml", 1, "not-allowed")]


@pytest.mark.parametrize("text", INSIDE)
@pytest.mark.parametrize(
    "host",
    ["10.0.0.9", "[::1]", "169.254.169.254", "localhost", "ollama", "llm.internal", "2130706433", "[::ffff:10.0.0.9]"],
)
def test_a_model_at_a_private_address_is_the_operators_to_allow(tmp_path: Path, text: str, host: str) -> None:
    file = SHOP + "config.yaml"
    assert (file, 1, "not-allowed") in problems(tmp_path, {file: text % host})
    found = problems(tmp_path, {file: text % host}, f"{{private_hosts: ['{host}']}}")
    assert "not-allowed" not in {each[2] for each in found}
    (tmp_path / file).unlink()
    assert "not-allowed" not in {each[2] for each in problems(tmp_path, {"domains/retail/config.yaml": text % host})}


def test_a_change_of_what_is_allowed_takes_effect_without_a_change_of_the_folder(tmp_path: Path) -> None:
    memory, text = LoadCache(), {SHOP + "config.yaml": 'model: {api_key: "${LUNAR_KEY}"}\n'}
    for allow, rules in (("{names: [LUNAR_KEY]}", []), ("{names: []}", ["not-allowed"]), ("", ["not-allowed"])):
        looked(tmp_path, text, allow)
        found = inspect_sources(gather(tmp_path, ENVIRON), ENVIRON, memory)
        assert [each.rule for each in found.problems] == rules


def test_files_are_read_in_allowed_folders_alone(tmp_path: Path) -> None:
    secrets, outside = tmp_path / "secrets", tmp_path / "outside"
    for place in (secrets, outside):
        place.mkdir()
        (place / "key").write_text("canary-file\n")
    (secrets / "inside").symlink_to("key")
    (secrets / "out").symlink_to(outside / "key")
    (secrets / "away").symlink_to(outside)
    (secrets / "big").write_text("x" * 70_000)
    config = tmp_path / "c"
    config.mkdir()

    def rules(name: object, allow: str) -> list[str]:
        return [
            each[2]
            for each in problems(config, {SHOP + "config.yaml": f'model: {{api_key: "${{file:{name}}}"}}\n'}, allow)
        ]

    one = f"{{files: {secrets}}}"
    assert rules(secrets / "key", one) == rules(secrets / "inside", one) == []
    assert rules(secrets / "key", f"{{files: [/nowhere, {secrets}/]}}") == []
    for name in (outside / "key", secrets / "out", secrets / "away" / "key", "/etc/passwd", f"{secrets}x/key"):
        assert rules(name, one) == ["not-allowed"], name
    assert rules(secrets / "../outside/key", one) == ["reference"]
    assert rules(secrets / "big", one) == rules(secrets, one) == ["secret-file"]
    assert rules(secrets / "key", "") == rules("/etc/passwd", "") == ["not-allowed"]
    assert rules("/run/secrets/nobody-made-this", "") == ["not-allowed"]
    assert rules("/run/secrets/kubernetes.io/serviceaccount/token", "") == ["not-allowed"]
    assert rules("/proc/self/environ", "{files: /}") == rules("/dev/zero", "{files: /}") == ["secret-file"]


def test_another_accounts_container_secret_is_closed(tmp_path: Path) -> None:
    mapping = MAPPING.replace("ALLOW", "").replace("OTHER", "").replace("${CW_2_BOT_TOKEN}", "${file:/run/secrets/two}")
    text = 'model: {api_key: "${file:/run/secrets/two}"}\n'
    found = problems(tmp_path, {"chatwoot_mapping.yaml": mapping, SHOP + "config.yaml": text})
    assert (SHOP + "config.yaml", 1, "not-allowed") in found


MCP = 'mcp: {shop: {command: COMMAND, env: {NAME: "${NIMBUS_KEY}"}}}\n'


@pytest.mark.parametrize(
    ("command", "allow", "allowed"),
    [
        ("[/opt/shop]", "", False),
        ("[/opt/shop]", "{names: ['*']}", False),
        ("[/opt/shop]", "{names: ['*'], programs: [/opt/shop]}", True),
        ("[/opt/shop, --all]", "{names: ['*'], programs: [/opt/shop]}", True),
        ("[/opt/shops]", "{names: ['*'], programs: [/opt/shop]}", False),
        ("[npx, -y, '@acme/shop']", "{names: ['*'], programs: ['npx -y @acme/shop']}", True),
        ("[npx, -y, '@evil/shop']", "{names: ['*'], programs: ['npx -y @acme/shop']}", False),
        ("[npx]", "{names: ['*'], programs: ['npx -y @acme/shop']}", False),
    ],
)
def test_a_program_is_the_operators_to_allow(tmp_path: Path, command: str, allow: str, allowed: bool) -> None:
    text = MCP.replace("COMMAND", command)
    found = problems(tmp_path, {SHOP + "tools.yaml": text}, allow)
    assert found == ([] if allowed else [(SHOP + "tools.yaml", 1, "not-allowed")])
    (tmp_path / SHOP / "tools.yaml").unlink()
    assert problems(tmp_path, {"domains/retail/tools.yaml": text}, allow) == []


def test_an_allowed_program_is_not_made_another_one(tmp_path: Path) -> None:
    base = {"domains/_base/tools.yaml": "mcp: {shop: {command: [npx, -y]}}\n"}
    for text in (
        "mcp: {shop: {command: !append [evil]}}\n",
        "mcp: {shop: {env: {LD_PRELOAD: '${NIMBUS_KEY}'}}}\n",
        "mcp: {shop: {env: {NODE_OPTIONS: '${NIMBUS_KEY}'}}}\n",
        "mcp: {shop: {env: {PATH: /tmp}}}\n",
    ):
        found = problems(tmp_path, {**base, SHOP + "tools.yaml": text}, "{names: ['*'], programs: [npx -y @acme/shop]}")
        assert (SHOP + "tools.yaml", 1, "not-allowed") in found
    assert problems(tmp_path, {**base, SHOP + "tools.yaml": "mcp: {shop: {timeout_ms: 900}}\n"}) == []


@pytest.mark.parametrize("host", ["169.254.169.254", "erp.internal", "127.0.0.1"])
def test_a_private_host_is_the_operators_to_allow(tmp_path: Path, host: str) -> None:
    for file, text in (
        ("tools.yaml", f"hosts: [{host}]\nprivate_hosts: [{host}]\n"),
        ("config.yaml", f"\nmedia: {{hosts: ['{host}']}}\n"),
        ("inbox_17/config.yaml", f"\nmedia: {{hosts: ['{host}']}}\n"),
    ):
        assert problems(tmp_path, {SHOP + file: text}) == [(SHOP + file, 2, "not-allowed")]
        assert problems(tmp_path, {SHOP + file: text}, f"{{private_hosts: [{host.upper()}]}}") == []
        (tmp_path / SHOP / file).unlink()
    base = {"domains/_base/tools.yaml": f"hosts: [{host}]\nprivate_hosts: [{host}]\n"}
    assert problems(tmp_path, {**base, SHOP + "tools.yaml": "hosts: !append [a.example]\n"}) == []
    assert problems(tmp_path, {**base, SHOP + "tools.yaml": "private_hosts: !append [10.0.0.1]\n"}) != []


ABOVE = """\
model: {base_url: "https://llm.example/v1", api_key: "${ERP}", quick: {name: q, api_key: "${ERP}"}}
media: {hearing: {api_key: "${ERP}"}}
tools:
  hosts: [erp.example]
  http: {order: {description: d, url: "https://erp.example/o", headers: {Authorization: "${ERP}"}}}
  mcp: {shop: {url: "https://erp.example/mcp", headers: {Authorization: "${ERP}"}}}
"""


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (
            "model: {base_url: https://evil.example/v1}",
            'model: {base_url: https://a.example/v1, api_key: "${NIMBUS_KEY}"}',
        ),
        ("model: {quick: {base_url: https://evil.example/v1}}", "model: {quick: {below_ms: 900}}"),
        ("media: {hearing: {base_url: https://evil.example/v1}}", "media: {most_mb: 3}"),
        (
            "tools: {hosts: [evil.example], http: {order: {url: https://evil.example/}}}",
            "tools: {http: {order: {timeout_ms: 900}}}",
        ),
        (
            "tools: {hosts: !append [evil.example], mcp: {shop: {url: https://evil.example/}}}",
            "tools: {hosts: !append [a.example]}",
        ),
    ],
)
def test_an_inherited_secret_is_not_sent_to_an_address_of_the_folders(tmp_path: Path, text: str, own: str) -> None:
    above = {"domains/_base/config.yaml": ABOVE}
    for place in (SHOP, SHOP + "inbox_17/"):
        found = problems(tmp_path, {**above, place + "config.yaml": text + "\n"})
        assert (place + "config.yaml", 1, "secret-elsewhere") in found
        assert "not-allowed" not in {rule for _, _, rule in found}
        found = problems(tmp_path, {**above, place + "config.yaml": own + "\n"}, "{names: [NIMBUS_*]}")
        expected = [] if "base_url" not in own else [(place + "config.yaml", 1, "secret-elsewhere")]
        assert found == expected  # with a base_url of its own, voice notes would go there with the operator's key
        (tmp_path / place / "config.yaml").unlink()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("config.yaml", "model: {base_url: 'https://llm.example/v1', api_key: '${NIMBUS_KEY}'}\n"),
        ("config.yaml", "model: {quick: {name: q, base_url: 'https://llm.example/v1', api_key: '${NIMBUS_KEY}'}}\n"),
        ("config.yaml", "model: {fallbacks: [{name: f, base_url: 'https://llm.example/v1'}]}\n"),
        ("config.yaml", "model: {hedging: {to: {name: f, base_url: 'https://LLM.example/v1'}}}\n"),
        ("config.yaml", "media: {hearing: {base_url: 'https://llm.example/v1'}}\n"),
        ("knowledge.yaml", "embeddings: {model: e, base_url: 'https://llm.example/v1'}\n"),
    ],
)
def test_a_model_that_the_folder_names_must_be_at_a_public_address(tmp_path: Path, file: str, text: str) -> None:
    files = {SHOP + file: text, f"{SHOP}inbox_7/config.yaml": "tone: brief\n"}
    allowed = "{names: [NIMBUS_KEY], private_hosts: [llm.example]}"
    found = looked(tmp_path, files, "{names: [NIMBUS_KEY]}")
    assert [str(each) for each in found.problems] == []
    assert found.snapshot.accounts["1"].settings.public_only == {"llm.example"}
    assert found.snapshot.settings("1", 7).public_only == {"llm.example"}
    assert found.snapshot.accounts["2"].settings.public_only == frozenset()
    assert looked(tmp_path, files, allowed).snapshot.accounts["1"].settings.public_only == frozenset()


def test_a_model_that_the_operator_names_may_be_anywhere(tmp_path: Path) -> None:
    files = {
        "domains/_base/config.yaml": "model: {base_url: 'https://llm.example/v1', api_key: '${NIMBUS_KEY}'}\n",
        SHOP + "config.yaml": "model: {name: other}\n",
    }
    found = looked(tmp_path, files, "{names: []}")
    assert found.snapshot.accounts["1"].settings.model.base_url == "https://llm.example/v1"
    assert found.snapshot.accounts["1"].settings.public_only == frozenset()


@pytest.mark.parametrize("address", ["http://[::1/v1", "http://[x]/v1", "http://]/v1", "//", "http://"])
def test_a_broken_address_of_a_model_is_a_problem_and_no_more(tmp_path: Path, address: str) -> None:
    found = problems(tmp_path, {SHOP + "config.yaml": f"model: {{base_url: '{address}', api_key: x}}\n"}, "{names: []}")
    assert (SHOP + "config.yaml", 1) in {(file, line) for file, line, _ in found}
