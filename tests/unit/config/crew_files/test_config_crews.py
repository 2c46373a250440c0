"""Crews in layers: catalog, `_base`, domain, tenant, inbox; their mistakes; and the older shape in one file."""

from pathlib import Path

import pytest

from config.document.problems import Problem
from config.loading.loader import inspect, load
from config.schema.crew_schema import Blueprint
from crews.catalog import Catalog

ENVIRONMENT = {"S": "secret", "T": "token"}
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1": {domain: retail, tenant: shop, webhook_secrets: ["${S}"], bot_token: "${T}"}
  "2": {domain: health, tenant: other, webhook_secrets: ["${S}2"], bot_token: "${T}"}
"""


def write(folder: Path, **files: str) -> Path:
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING, encoding="utf-8")
    for name, text in files.items():
        path = folder / "domains" / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def crew(folder: Path, channel: str = "whatsapp", *, account: str = "1", inbox: int = 1) -> Blueprint:
    crew_set = load(folder, ENVIRONMENT).settings(account, inbox).crew_set
    assert crew_set
    return crew_set.blueprint("customer_service", channel)


def problems(folder: Path) -> list[tuple[str, int, str]]:
    found: tuple[Problem, ...] = inspect(folder, ENVIRONMENT).problems
    return [(each.file.removeprefix(f"{folder}/domains/"), each.line, each.rule) for each in found]


def test_layers_go_from_the_catalog_to_the_inbox(tmp_path: Path) -> None:
    write(
        tmp_path,
        _base__crews__customer_service__channels__whatsapp="tone: base\nlength: base\nsummary: base\nmax_tokens: 99\n",
        retail__crews__customer_service__channels__whatsapp="tone: domain\nlength: domain\nsummary: domain\n",
        retail__shop__crews__customer_service__channels__whatsapp="tone: tenant\nlength: tenant\n",
        retail__shop__inbox_17__crews__customer_service__channels__whatsapp="tone: inbox\n",
    )
    inbox, tenant = crew(tmp_path, inbox=17), crew(tmp_path)
    assert (inbox.tone, inbox.length, inbox.summary, inbox.max_tokens) == ("inbox", "tenant", "domain", 99)
    assert (tenant.tone, tenant.length) == ("tenant", "tenant")
    other = crew(tmp_path, account="2")
    assert (other.tone, other.length, other.max_tokens) == ("base", "base", 99)
    shipped = Catalog.from_environment({}).blueprint("customer_service", "email")
    assert crew(tmp_path, "email") == shipped


def test_a_tenant_changes_one_key_of_one_agent_on_one_channel(tmp_path: Path) -> None:
    write(
        tmp_path,
        retail__shop__crews__customer_service__agents="attendant: {goal: to please}\n",
        retail__shop__crews__customer_service__channels__sms="agents: {attendant: {max_iter: 1}}\n",
    )
    shipped = Catalog.from_environment({}).blueprint("customer_service", "sms").agents[0]
    sms, mail = crew(tmp_path, "sms").agents[0], crew(tmp_path, "email").agents[0]
    assert (sms.goal, sms.max_iter, sms.backstory) == ("to please", 1, shipped.backstory)
    assert (mail.goal, mail.max_iter) == ("to please", shipped.max_iter)


def test_what_says_nothing_of_crews_shares_them(tmp_path: Path) -> None:
    write(tmp_path, retail__shop__config="tone: x\n", retail__shop__inbox_17__config="tone: z\n")
    snapshot = load(tmp_path, ENVIRONMENT)
    assert snapshot.settings("1", 17).crew_set is snapshot.settings("2", 1).crew_set


def test_a_function_of_a_tenants_own_answers_its_accounts_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        retail__shop__crews__gifts__agents="elf: {role: r, goal: g, backstory: b}\n",
        retail__shop__crews__gifts__tasks="wrap: {description: d, expected_output: e, agent: elf}\n",
        retail__shop__crews__gifts__channels__default="{summary: s, tone: t, length: l}\n",
    )
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING.replace("tenant: shop", "tenant: shop, crew: gifts"))
    assert load(tmp_path, ENVIRONMENT).accounts["1"].crew == "gifts"
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING.replace("tenant: other", "tenant: other, crew: gifts"))
    assert problems(tmp_path)[0][1:] == (5, "unknown-crew")


@pytest.mark.parametrize(
    ("name", "text", "line", "rule"),
    [
        ("channels__whatsapp", "tasks:\n  anwser:\n    description: x\n", 2, "unknown-task"),
        ("channels__whatsapp", "agents:\n  clerk: {goal: x}\n", 2, "unknown-agent"),
        ("channels__whatsap", "tone: x\n", 1, "unknown-channel"),
        ("channels__whatsapp", "tone: for {company.name}\n", 1, "placeholder"),
        ("tasks", "answer:\n  description: |-\n    Say {company.nme}.\n", 2, "placeholder"),
        ("tasks", "answer:\n  agent: clerk\n", 2, "unknown-agent"),
        ("tasks", "answer:\n  tools: [serch]\n", 2, "unknown-tool"),
        ("tasks", "answer:\n  descripton: x\n", 2, "unknown-key"),
        ("agents", "attendant: null\n", None, "empty"),
        ("agent", "attendant: {goal: x}\n", 1, "unknown-file"),
        ("channels__whatsapp", "max_tokens: 4\n", 1, "range"),
        ("channels__whatsapp", "\ttone: x\n", 1, "tab"),
    ],
)
def test_mistakes_of_an_overlay_stand_at_its_own_lines(
    tmp_path: Path, name: str, text: str, line: int | None, rule: str
) -> None:
    write(tmp_path, **{f"retail__shop__crews__customer_service__{name}": text})
    found = problems(tmp_path)
    file = f"retail/shop/crews/customer_service/{name.replace('__', '/')}.yaml"
    assert rule in {each[2] for each in found}
    if line is not None:
        assert (file, line, rule) in found
        assert {each[0] for each in found} == {file}


OLD = """\
name: Sandra Customer Service Crew
description: Atendimento da loja
type: customer_service
agents:
- id: intent_agent
  name: Intent Agent
  role: Identificar a intenção
  goal: Entender o cliente
  backstory: Conhece a loja
  memory: true
  verbose: true
- id: product_agent
  role: Especialista em produtos
  goal: Informar
  backstory: Conhece o catálogo
tasks:
- agent: intent_agent
  description: Analisar a consulta
  expected_output: Necessidades
- id: answer
  agent: product_agent
  description: Informar
  expected_output: Informações
routing: {default: true, keywords: [preço]}
style:
  tone: caloroso
  emojis: {enabled: true}
"""
NEW = {
    "agents": """\
intent_agent: {role: Identificar a intenção, goal: Entender o cliente, backstory: Conhece a loja}
product_agent: {role: Especialista em produtos, goal: Informar, backstory: Conhece o catálogo}
attendant: null
""",
    "tasks": """\
answer: null
task_1: {agent: intent_agent, description: Analisar a consulta, expected_output: Necessidades}
""",
}


def test_the_older_shape_loads_to_the_same_crew_with_notes(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    write(old, retail__shop__crews__customer_service__config=OLD)
    whole = "answer: {agent: product_agent, description: Informar, expected_output: Informações}\n"
    channels = {
        f"retail__shop__crews__customer_service__channels__{channel}": "summary: Atendimento da loja\ntone: caloroso\n"
        "tasks: {answer: {description: Informar, expected_output: Informações}}\n"
        for channel in ("whatsapp", "webchat", "email", "instagram", "telegram", "default")
    }
    write(
        new,
        retail__shop__crews__customer_service__agents=NEW["agents"],
        retail__shop__crews__customer_service__tasks=NEW["tasks"].split("\n", 1)[1] + whole,
        **channels,
    )
    for channel in ("whatsapp", "email", "line"):
        before, after = crew(old, channel), crew(new, channel)
        assert {each.name: each for each in before.agents} == {each.name: each for each in after.agents}
        assert {each.name: each for each in before.tasks} == {each.name: each for each in after.tasks}
        assert (before.tone, before.summary, before.length) == (after.tone, after.summary, after.length)
    said = " ".join(str(note) for note in load(old, ENVIRONMENT).notes)
    assert "old spelling: a crew in one file" in said
    assert "`routing` of a crew is passed over" in said
    assert "memory, verbose" in said
    assert crew(old).tasks[-1].name == "answer"


def test_the_older_shape_has_its_mistakes_found_at_their_lines(tmp_path: Path) -> None:
    broken = OLD.replace("agent: product_agent", "agent: produc_agent").replace("  goal: Informar\n", "  gaol: x\n")
    write(tmp_path, retail__shop__crews__customer_service__config=broken)
    found = {(line, rule) for _, line, rule in problems(tmp_path)}
    assert (21, "unknown-agent") in found
    assert (14, "unknown-key") in found


def test_an_older_crew_alone_is_a_catalog(tmp_path: Path) -> None:
    (tmp_path / "customer_service").mkdir()
    (tmp_path / "customer_service/config.yaml").write_text(OLD, encoding="utf-8")
    catalog = Catalog(tmp_path)
    assert catalog.problems() == ()
    assert [each.name for each in catalog.blueprint("customer_service", "whatsapp").tasks] == ["task_1", "answer"]


def test_an_edit_of_a_crew_is_another_configuration(tmp_path: Path) -> None:
    before = load(write(tmp_path), ENVIRONMENT).digest
    overlay = "retail__shop__crews__customer_service__channels__sms"
    after = load(write(tmp_path, **{overlay: "tone: x\n"}), ENVIRONMENT).digest
    assert after != before
    assert load(write(tmp_path, **{overlay: "# other words\ntone:  'x'\n"}), ENVIRONMENT).digest == after


@pytest.mark.parametrize("function", ["customer_service", "sales", "support", "analytics"])
def test_four_functions_ship_for_every_channel(function: str) -> None:
    catalog = Catalog.from_environment({})
    for channel in ("whatsapp", "webchat", "email", "sms"):
        made = catalog.blueprint(function, channel)
        assert len(made.tasks) == 1
        assert "A person is needed" in made.tasks[0].description
        assert "{company.facts}" in made.agents[0].backstory
        assert made.max_tokens
        assert made.max_tokens <= 420
    assert len({catalog.blueprint(function, channel).length for channel in ("whatsapp", "email")}) == 2
