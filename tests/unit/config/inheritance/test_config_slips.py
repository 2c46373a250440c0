"""Slips of a tired operator, one a row: each is one problem at its own place, which says what to write instead.

And YAML that is unusual and right, which is no problem at all.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from config.files.sources import gather
from config.inheritance.load_cache import LoadCache
from config.loading.loader import Inspection, inspect_sources

ENVIRONMENT = {"S": "secret", "T": "token", "LINE": "token\n"}
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1":
    domain: retail
    tenant: shop
    webhook_secrets: ["${S}"]
    bot_token: "${T}"
"""
OLD = "account_domain_mapping:\n  1: retail\n"
TOOLS = """\
hosts: [a.b]
http:
  price:
    description: d
    url: https://a.b/{sku}
    parameters: {properties: {sku: {}}}
"""
AGENTS = "elf:\n  role: r\n  goal: g\n  backstory: b\n"
TASKS = "advise:\n  description: d\n  expected_output: e\n  agent: elf\n"
CHANNEL = "summary: s\ntone: t\nlength: l\n"
CREW = {"agents.yaml": AGENTS, "tasks.yaml": TASKS, "channels/default.yaml": CHANNEL}

M, SHOP, GIFTS = "chatwoot_mapping.yaml", "domains/retail/shop/", "domains/retail/shop/crews/gifts/"

MAPPINGS = [
    (MAPPING.replace("version: 1", "version: true"), 1, 10, "type", "Write digits"),
    (MAPPING.replace("version: 1", "version: '1'"), 1, 10, "not-one-of", "1"),
    (MAPPING.replace("accounts:", "Accounts:"), 3, 1, "unknown-key", "`accounts`"),
    (MAPPING.replace("    tenant", "    id: 017\n    tenant"), 6, 9, "type", "leading zeros"),
    (MAPPING.replace("http://c", "http://c/app/accounts/1"), 2, 27, "format", "https://chat.example.com"),
    (MAPPING.replace("http://c", "http://c:99999"), 2, 27, "format", "65535"),
    (MAPPING.replace("${T}", "${X:-hunter2hunter2}"), 8, 16, "plain-secret", "ENC:"),
    (MAPPING.replace("${T}", "${X:-${T}}"), 8, 16, "reference", "$${"),
    (MAPPING.replace("${T}", "${LINE}"), 8, 16, "secret-shape", "line break"),
    (MAPPING.replace("webhook_secrets", "webhook_secret"), 7, 5, "unknown-key", "`webhook_secrets`"),
    (MAPPING.replace("domain: retail", "domain:retail"), None, None, "yaml", "indentation"),
    (MAPPING.replace("tenant: shop", "tenant: crews"), 6, 13, "format", "another name"),
    (MAPPING + "    special_numbers: {5531999990000: sales}\n", 9, 23, "format", '"+5531999990000"'),
    (MAPPING + '    special_numbers: {"+5531999990000": }\n', 9, 23, "missing-key", "crew"),
    (MAPPING + "    bot_tokn: null\n", 9, 5, "unknown-key", "`bot_token`"),
    (MAPPING + "    name: [Loja\n", 9, 11, "yaml", "brackets"),
    (MAPPING + '"${T}": x\n', 9, 1, "reference", "values"),
    (MAPPING + "<<<<<<< HEAD\nfallback: {crew: sales}\n", 9, 1, "merge-conflict", "git"),
    (MAPPING + "fallback: {crew: sale}\n", 9, 12, "unknown-crew", "`sales`"),
    (MAPPING + 'inboxes: {"17": {account: "1", tenant: none}}\n', 9, 32, "unknown-tenant", ""),
    (MAPPING + 'inboxes: {"9/17": {crew: sales}}\n', 9, 11, "unknown-account", "1"),
    (OLD + 'accounts: {"1": health}\n', 3, 12, "duplicate-key", "Keep one"),
    ("account_domain_maping:\n  1: retail\n", None, None, "unknown-key", "`accounts`"),
    ("mappings: retail\n", 1, 1, "type", "`accounts:`"),
]
SETTINGS = [
    ("language: xx\n", 1, 11, "format", "ISO 639"),
    ("tоne: x\n", 1, 1, "unknown-key", "`tone`"),
    ("greting: null\n", 1, 1, "unknown-key", "`greeting`"),
    ("model: {temperature: 0,3}\n", 1, 24, "unknown-key", "temperature"),
    ("deadline_ms: 10_000\n", 1, 14, "type", "Write digits"),
    ("hours: {time_zone: America/Sao_Paolo}\n", 1, 20, "time-zone", "`America/Sao_Paulo`"),
    ("hours: {week: {monday: ['13:00-18:00', '09:00-12:00']}}\n", 1, 16, "hours", "morning"),
    ("hours: {holidays: [20261225]}\n", 1, 20, "type", "2026-12-25"),
    ("channels: {whatsap: {enabled: true}}\n", 1, 12, "not-one-of", "`whatsapp`"),
    ("channels: {whatsapp: {burst: {window_ms: 3000}}}\n", 1, 23, "order", "cap_ms: 3000"),
    ("handoff: {phrases: ['']}\n", 1, 21, "empty", "Write something"),
    ("handoff: {teams: {a: 1}, causes: {anger: {team: b}}}\n", 1, 49, "unknown-team", "Known here: a"),
    ("interim: {after_ms: 20000, deadline_ms: 5000}\n", 1, 21, "order", "5000"),
    ("sentences: {portuguese: {greeting: oi}}\n", 1, 13, "format", "two small letters"),
    ("sentences: null\n", 1, 1, "missing-sentence", "`sentences.pt`"),
    ("greeting: 'Oi {company:>9}'\n", 1, 11, "placeholder", "{company}"),
    ("company: {facts: {a: 'ask {company}'}}\n", 1, 22, "placeholder", "Write out"),
    ("template: {name: x, text: 'oi {{1}}'}\n", 1, 27, "placeholder", "parameters"),
    ("media: {hearing: {api_key: abc}}\n", 1, 28, "plain-secret", "${NAME}"),
    ('tone: "a\\0b"\n', 1, 7, "control-character", "without"),
    (
        "answers: {a: {questions: [pix], answer: one}, b: {questions: ['PIX?'], answer: two}}\n",
        1,
        63,
        "two-answers",
        "Keep",
    ),
]
CREWS = [
    ("agents.yaml", "agents:\n  elf: {role: r, goal: g, backstory: b}\n", 1, 1, "nested", "Take this line out"),
    ("agents.yaml", AGENTS.replace("backstory", "backstroy"), 4, 3, "unknown-key", "`backstory`"),
    ("agents.yaml", AGENTS.replace("role: r", "role: '{ company.name }'"), 2, 9, "placeholder", "{company.name}"),
    ("agents.yaml", AGENTS + "  tools: [5]\n", 5, 11, "type", "text"),
    ("agents.yaml", None, None, None, "incomplete-crew", "agents.yaml"),
    ("agents.yaml", "elf: [\n", 1, 6, "yaml", "brackets"),
    ("tasks.yaml", TASKS + "  context: [advise]\n", 5, 13, "unknown-task", ""),
    ("whatsapp.yaml", CHANNEL, 1, 1, "unknown-file", "channels/whatsapp.yaml"),
    ("config.yaml", "tone: x\n", 1, 1, "unknown-key", "channels/default.yaml"),
    ("channel/default.yaml", CHANNEL, 1, 1, "unknown-file", "channels/default.yaml"),
    ("channels/default.yaml", CHANNEL + "tonne: null\n", 4, 1, "unknown-key", "`tone`"),
]
ELSEWHERE = [
    (SHOP + "tools.yaml", TOOLS.replace("{sku}", "{skuu}"), 5, 10, "placeholder", "`sku`"),
    (SHOP + "tools.yaml", TOOLS.replace("[a.b]", "[]"), 5, 10, "unknown-host", "a.b"),
    (SHOP + "tools.yaml", "tools: {hosts: [a.b]}\n", 1, 1, "nested", "Take this line out"),
    (SHOP + "tools.yaml", TOOLS + "    query: {api_key: abcdefgh}\n", 7, 22, "plain-secret", "${NAME}"),
    (SHOP + "answers.yaml", "pix: {question: [pix?], answer: Sim.}\n", 1, 7, "unknown-key", "`questions`"),
    (SHOP + "settings.yaml", "tone: x\n", 1, 1, "unknown-file", "config.yaml"),
    (SHOP + "config.yaml.txt", "tone: x\n", 1, 1, "unknown-file", "config.yaml"),
    (SHOP + "inbox-017/config.yaml", "tone: x\n", 1, 1, "unknown-folder", "inbox_17"),
    (SHOP + "crew/sales/tasks.yaml", "a: b\n", 1, 1, "unknown-folder", "crews"),
    (SHOP + "crews/sale/channels/whatsapp.yaml", "tone: x\n", 1, 1, "incomplete-crew", "`sales`"),
    ("domains/config.yaml", "tone: x\n", 1, 1, "unknown-file", "`_base`"),
    ("domains/base/config.yaml", "tone: x\n", 1, 1, "folder-name", "_base"),
    ("domain/retail/shop/config.yaml", "tone: x\n", 1, 1, "unknown-folder", "domains"),
]
ROWS = [
    *((M, *row) for row in MAPPINGS),
    *((SHOP + "config.yaml", *row) for row in SETTINGS),
    *((GIFTS + name, *row) for name, *row in CREWS),
    *ELSEWHERE,
]


_memory = LoadCache()  # what ships is read once for all rows


def inspect(folder: Path, environ: dict[str, str]) -> Inspection:
    return inspect_sources(gather(folder, environ), environ, _memory)


def lay(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("name", "text", "line", "column", "rule", "remedy"), ROWS)
def test_one_slip_is_one_problem_at_its_place_with_a_remedy(
    tmp_path: Path, name: str, text: str | None, line: int | None, column: int | None, rule: str, remedy: str
) -> None:
    crew = {GIFTS + each: said for each, said in CREW.items()} if name.startswith(GIFTS) else {}
    files = {M: MAPPING, **crew, **({name: text} if text is not None else {})}
    lay(tmp_path, {each: said for each, said in files.items() if text is not None or each != name})
    found = inspect(tmp_path, ENVIRONMENT).problems
    if line is None:  # what is missing altogether stands nowhere
        assert [each.rule for each in found] == [rule]
    else:
        assert [(each.line, each.column, each.rule) for each in found] == [(line, column, rule)], found
        assert found[0].file.startswith(str(tmp_path / Path(name).parts[0]))
    assert any(remedy in each.remedy for each in found), found
    assert all(each.message and each.remedy and "hunter2" not in str(each) for each in found)


UNUSUAL = {
    "as JSON": '{"language": "pt", "emoji": false, "company": {"name": "Loja"}}',
    "with carriage returns": "language: pt\r\ncompany:\r\n  name: Loja\r\n",
    "with a directive and both marks": "%YAML 1.2\n---\nlanguage: pt\n...\n",
    "with anchors": "tone: &a gentle\ngreeting: *a\nhandoff: {phrases: &b [one, two], topics: *b}\n",
    "with explicit keys and tags": "? tone\n: !!str 5\n? !!str greeting\n: ! oi\n",
    "with block scalars": "tone: >-\n  a\n  b\ngreeting: |+\n  oi # no comment\n\n",
    "with tabs where they may stand": "tone:\tgentle\t# so\n",
    "with emoji, accents and dates as text": 'tone: "Olá 😀"\ncompany: {facts: {2026-12-25: fechado, preço: R$ 9}}\n',
    "with references": 'deadline_ms: "${X:-9000}"\nemoji: "${X:-false}"\ngreeting: "custa $${X}"\n',
    "with numbers of every kind": "model: {temperature: .5}\nbudget: {per_day: 1e2, per_month: +500}\n",
    "with empty flow collections": "promotions: []\nhandoff: {phrases: [], causes: {}}\nmodel: {}\n",
    "with nulls that remove": "hours: ~\nhandoff: {label: null}\nsentences: {es: null}\n",
    "with nothing in it": "# nothing yet\n",
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_and_legal_yaml_is_no_problem(tmp_path: Path, text: str) -> None:
    lay(tmp_path, {M: MAPPING})
    layer = tmp_path / SHOP / "config.yaml"
    layer.parent.mkdir(parents=True)
    layer.write_bytes(text.encode())
    assert inspect(tmp_path, ENVIRONMENT).problems == ()


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nowhere": lambda path: path.symlink_to("gone"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("name", [M, SHOP + "config.yaml", SHOP + "answers.yaml", SHOP + "crews/sales/agents.yaml"])
@pytest.mark.parametrize("made", SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_file_is_one_problem(tmp_path: Path, name: str, made: Callable[[Path], object]) -> None:
    lay(tmp_path, {M: MAPPING} if name != M else {})
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    made(tmp_path / name)
    assert [(each.file, each.rule) for each in inspect(tmp_path, ENVIRONMENT).problems] == [
        (str(tmp_path / name), "unreadable")
    ]


def test_a_link_that_leads_back_is_one_problem_and_no_endless_way(tmp_path: Path) -> None:
    lay(tmp_path, {M: MAPPING, SHOP + "config.yaml": "tone: x\n"})
    (tmp_path / SHOP / "again").symlink_to("..")
    assert [each.rule for each in inspect(tmp_path, ENVIRONMENT).problems] == ["unreadable"]


def test_a_tenant_that_nobody_names_is_a_note(tmp_path: Path) -> None:
    lay(tmp_path, {M: MAPPING, "domains/retail/other/config.yaml": "tone: x\n"})
    found = inspect(tmp_path, ENVIRONMENT)
    assert found.problems == ()
    assert any("no account is served by the tenant other" in str(note) for note in found.snapshot.notes)
