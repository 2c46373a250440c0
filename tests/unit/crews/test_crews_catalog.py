import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.document.problems import ConfigurationError, Problem
from crews.catalog import SHIPPED, Catalog, describe

AGENTS = """\
clerk:
  role: the clerk of {company.name}
  goal: help
  backstory: |
    You know:
    {company.facts}
"""
TASKS = """\
answer:
  description: Answer.
  expected_output: A message.
  agent: clerk
"""
CHANNEL = """\
summary: A crew.
tone: plain
length: short
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "agents.yaml", AGENTS)
    write(tmp_path, "tasks.yaml", TASKS)
    write(tmp_path, "channels/default.yaml", CHANNEL)
    return tmp_path


def write(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / "desk" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def problems(folder: Path, channel: str = "default") -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        Catalog(folder).blueprint("desk", channel)
    return caught.value.problems


def places(found: tuple[Problem, ...]) -> list[tuple[str, int, str]]:
    return [("desk/" + each.file.rpartition("/desk/")[2], each.line, each.rule) for each in found]


def test_the_crews_shipped_have_no_problems() -> None:
    catalog = Catalog(SHIPPED)
    assert "customer_service" in catalog.functions()
    assert catalog.problems() == ()


@pytest.mark.parametrize("channel", ["whatsapp", "webchat", "email", "instagram", "telegram", "default"])
def test_customer_service_has_an_implementation_for(channel: str) -> None:
    crew = Catalog(SHIPPED).blueprint("customer_service", channel)
    assert crew.implementation == channel
    assert (len(crew.agents), len(crew.tasks)) == (1, 1)
    assert crew.max_tokens


def test_a_channel_without_a_file_falls_to_default() -> None:
    crew = Catalog(SHIPPED).blueprint("customer_service", "line")
    assert (crew.channel, crew.implementation) == ("line", "default")


def test_mail_replaces_the_task_and_keeps_the_agent() -> None:
    mail = Catalog(SHIPPED).blueprint("customer_service", "email")
    chat = Catalog(SHIPPED).blueprint("customer_service", "whatsapp")
    assert mail.agents == chat.agents
    assert mail.tasks[0].description != chat.tasks[0].description
    assert mail.tasks[0].expected_output == chat.tasks[0].expected_output


def test_an_overlay_merges_mappings_replaces_lists_and_removes_by_null(folder: Path) -> None:
    write(folder, "agents.yaml", AGENTS + "  tools: [search, price]\n")
    overlay = "agents:\n  clerk: {goal: sell, tools: [price], max_iter: 2}\n"
    write(folder, "channels/sms.yaml", CHANNEL + overlay)
    write(folder, "channels/line.yaml", CHANNEL + "agents:\n  clerk: {tools: null}\n")
    clerk = Catalog(folder, ("search", "price")).blueprint("desk", "sms").agents[0]
    assert (clerk.role, clerk.goal, clerk.tools, clerk.max_iter) == (
        "the clerk of {company.name}",
        "sell",
        ("price",),
        2,
    )
    assert Catalog(folder, ("search", "price")).blueprint("desk", "line").agents[0].tools == ()


def test_every_value_says_where_it_came_from(folder: Path) -> None:
    write(folder, "channels/sms.yaml", CHANNEL + "agents:\n  clerk:\n    goal: sell\n")
    found = {each.path: (each.value, each.file, each.line) for each in describe("desk", "sms", Catalog(folder))}
    assert found["agents.clerk.goal"] == ("sell", f"{folder}/desk/channels/sms.yaml", 6)
    assert found["agents.clerk.role"] == ("the clerk of {company.name}", f"{folder}/desk/agents.yaml", 2)
    assert found["tone"] == ("plain", f"{folder}/desk/channels/sms.yaml", 2)


def test_an_unknown_key_names_file_line_and_the_nearest(folder: Path) -> None:
    write(folder, "agents.yaml", AGENTS.replace("goal:", "gaol:"))
    found = problems(folder)
    assert ("desk/agents.yaml", 3, "unknown-key") in places(found)
    assert any("goal" in each.remedy for each in found if each.rule == "unknown-key")
    assert {each.rule for each in found} == {"unknown-key"}


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("tasks.yaml", TASKS.replace("agent: clerk", "agent: clark"), ("desk/tasks.yaml", 4, "unknown-agent")),
        ("tasks.yaml", TASKS + "  context: [later]\n", ("desk/tasks.yaml", 5, "unknown-task")),
        ("tasks.yaml", TASKS + "  async_execution: sometimes\n", ("desk/tasks.yaml", 5, "type")),
        ("tasks.yaml", TASKS.replace("Answer.", "Answer {customer}."), ("desk/tasks.yaml", 2, "placeholder")),
        ("tasks.yaml", "", ("desk/tasks.yaml", 1, "empty")),
        ("tasks.yaml", "- answer\n", ("desk/tasks.yaml", 1, "type")),
        ("tasks.yaml", TASKS + TASKS, ("desk/tasks.yaml", 5, "duplicate-key")),
        ("tasks.yaml", "answer: &a {x: *a}\n", ("desk/tasks.yaml", 1, "alias")),
        ("tasks.yaml", "answer:\n\tagent: clerk\n", ("desk/tasks.yaml", 2, "tab")),
        ("tasks.yaml", "answer: !!python/object:os.system {}\n", ("desk/tasks.yaml", 1, "tag")),
        ("tasks.yaml", "answer:\n  description: 2026-99-99\n", ("desk/tasks.yaml", 1, "missing-key")),
        ("tasks.yaml", b"answer: \xff\n", ("desk/tasks.yaml", 1, "encoding")),
        ("tasks.yaml", "a: " + "[" * 20_000, ("desk/tasks.yaml", 1, "too-deep")),
        ("tasks.yaml", "x: " + "y" * 1_100_000, ("desk/tasks.yaml", 1, "too-large")),
        ("agents.yaml", AGENTS + "  tools:\n  - serch\n", ("desk/agents.yaml", 8, "unknown-tool")),
        ("agents.yaml", AGENTS + "  max_iter: many\n", ("desk/agents.yaml", 7, "type")),
        ("agents.yaml", "clerk: a person\n", ("desk/agents.yaml", 1, "type")),
        ("agents.yaml", AGENTS + "  alow_delegation: true\n", ("desk/agents.yaml", 7, "unknown-key")),
        ("channels/default.yaml", CHANNEL + "max_tokens: 5\n", ("desk/channels/default.yaml", 4, "range")),
        ("channels/default.yaml", "summary: x\ntone: y\n", ("desk/channels/default.yaml", 1, "missing-key")),
        ("channels/default.yaml", CHANNEL + "max_tokens: true\n", ("desk/channels/default.yaml", 4, "type")),
    ],
)
def test_mistakes_are_found_with_file_and_line(folder: Path, file: str, text: str, place: tuple[str, int, str]) -> None:
    write(folder, file, text)
    found = problems(folder)
    assert place in places(found)
    assert all(each.message and each.remedy for each in found)


def test_all_problems_of_all_crews_come_at_once(folder: Path) -> None:
    write(folder, "channels/sms.yaml", CHANNEL + "colour: red\n")
    write(folder, "channels/email.yaml", CHANNEL + "size: big\n")
    write(folder, "channels/mail.yaml", CHANNEL)
    found = places(Catalog(folder).problems())
    assert ("desk/channels/sms.yaml", 4, "unknown-key") in found
    assert ("desk/channels/email.yaml", 4, "unknown-key") in found
    assert ("desk/channels/mail.yaml", 1, "unknown-channel") in found


def test_an_unknown_function_is_suggested(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="desk"):
        Catalog(folder).blueprint("dsek", "default")
    with pytest.raises(ConfigurationError):
        Catalog(folder).blueprint("../desk", "default")


def test_after_looking_for_problems_no_file_is_read(folder: Path) -> None:
    catalog = Catalog(folder)
    assert catalog.problems() == ()
    for each in folder.rglob("*.yaml"):
        each.unlink()
    assert catalog.blueprint("desk", "line").channel == "line"


def test_a_missing_folder_says_which_variable_to_set(tmp_path: Path) -> None:
    catalog = Catalog.from_environment({"CHATWOOTAI_CREWS": str(tmp_path / "nowhere")})
    with pytest.raises(ConfigurationError, match="CHATWOOTAI_CREWS"):
        catalog.functions()


def test_the_catalog_is_quick_to_import() -> None:
    code = (
        "import sys, json, crews.catalog as c; c.describe('customer_service'); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"crewai", "openai", "aiohttp"} & set(json.loads(done.stdout))
