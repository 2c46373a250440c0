"""A crew in its older shape, one file with everything: what is taken over, what is passed over, what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.crew_files.legacy import IDLE, LegacyCrew, is_legacy
from config.document.tree import Table, plain
from config.document.yaml_source import parse


def table(text: str) -> Table:
    node, problems = parse(text.encode(), "crew.yaml")
    assert problems == []
    assert isinstance(node, Table)
    return node


def crew(text: str) -> LegacyCrew:
    return LegacyCrew(table(text))


def base(text: str) -> object:
    found = crew(text)
    assert found.problems == []
    return plain(found.base)


def notes(text: str) -> list[str]:
    """Return the notes but for the first, which says that the spelling is old."""
    found = crew(text)
    assert found.notes[0].message.startswith("old spelling")
    return [note.message for note in found.notes[1:]]


AGENT = "agents: [{id: a, role: r, goal: g, backstory: b}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agents: []", True),
        ("tasks: [{agent: a}]", True),
        ("agents: {a: {role: r}}", False),
        ("fuse: always", False),
        ("agents: null\ntasks: null", False),
    ],
)
def test_lists_of_agents_or_tasks_are_the_older_shape(text: str, expected: bool) -> None:
    assert is_legacy(table(text)) is expected


def test_a_list_becomes_a_map_by_id_then_name_then_place() -> None:
    text = "agents: [{id: one, name: x, role: r}, {name: two, role: r}, {role: r}, {id: '', role: r}]\n"
    found = crew(text)
    assert list(found.base.items) == ["agents", "tasks"]
    agents = found.base.items["agents"]
    assert isinstance(agents, Table)
    assert list(agents.items) == ["one", "two", "agent_3", "agent_4"]
    assert agents.fresh  # it stands in place of what is inherited


def test_tasks_without_a_name_are_counted() -> None:
    assert base("tasks: [{agent: a}, {agent: b}]") == {
        "agents": {}, "tasks": {"task_1": {"agent": "a"}, "task_2": {"agent": "b"}},
    }  # fmt: skip


def test_an_id_that_is_a_number_is_a_name_all_the_same() -> None:
    assert base("agents: [{id: 7, role: r}]") == {"agents": {"7": {"role": "r"}}, "tasks": {}}


@pytest.mark.parametrize(
    ("head", "summary"),
    [
        ("name: Vendas\ndescription: Atendimento da loja\n", "Atendimento da loja"),
        ("name: Vendas\n", "Vendas"),
        ("", None),
    ],
)
def test_its_summary_is_its_description_or_else_its_name(head: str, summary: str | None) -> None:
    found = plain(crew(head + AGENT).base)
    assert isinstance(found, dict)
    assert found.get("summary") == summary


def test_what_it_leaves_out_is_filled_in_from_below() -> None:
    weak = plain(crew(AGENT).weak)
    assert weak == {"summary": "A crew.", "tone": "write plainly.", "length": "one to three short sentences."}


@pytest.mark.parametrize(
    ("style", "tone"),
    [
        ("{tone: caloroso}", "caloroso"),
        ("{tone: {friendly: 4, formal: 1}}", "manner, as marks from 0 to 5: friendly 4 of 5, formal 1 of 5."),
        ("{tone: {friendly: 4, nested: {x: 1}}}", "manner, as marks from 0 to 5: friendly 4 of 5."),
        ("{tone: null}", None),
        ("null", None),
        ("{}", None),
    ],
)
def test_a_style_is_a_sentence_or_marks(style: str, tone: str | None) -> None:
    found = crew(f"style: {style}\n" + AGENT)
    assert found.problems == []
    said = plain(found.base)
    assert isinstance(said, dict)
    assert said.get("tone") == tone


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("style: warm\n", "`style`: a map is needed", 1),
        ("\nstyle:\n  tone: 4\n", "`style.tone`: text or marks are needed", 3),
        ("\nstyle:\n  tone: [warm]\n", "`style.tone`: text or marks are needed", 3),
        ("agents: [seller]\n", "`agents`: a map is needed", 1),
        ("agents: [{id: [a], role: r}]\n", "`agents.id`: text is needed", 1),
        ("agents:\n- {id: a}\n- {id: a}\n", "`agents`: the id `a` stands twice", 3),
        ("tasks:\n- {id: t, agent: a}\n- {name: t, agent: a}\n", "`tasks`: the id `t` stands twice", 3),
    ],
)
def test_what_cannot_be_taken_over_is_a_problem_at_its_line(text: str, words: str, line: int) -> None:
    (problem,) = crew(text).problems
    assert problem.message == words
    assert problem.line == line
    assert problem.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("routing: {default: true}\n", "`routing` of a crew is passed over: `crew:` and `inboxes:`"),
        ("promotions: []\n", "`promotions` of a crew is passed over"),
        ("online_channels: []\n", "`online_channels` of a crew is passed over"),
        ("version: 3\n", "`version` of a crew is passed over: nothing here reads it"),
        ("style: {emojis: {enabled: true}, tone: warm}\n", "`style: emojis` is passed over"),
    ],
)
def test_what_is_read_nowhere_is_a_note(text: str, words: str) -> None:
    found = notes(text + AGENT)
    assert len(found) == 1
    assert words in found[0]


def test_keys_of_an_entry_that_nothing_reads_are_noted_once_for_all_entries() -> None:
    text = "agents: [{id: a, verbose: true, memory: true, role: r}, {id: b, verbose: true, memory: true, role: r}]\n"
    assert notes(text) == ["`verbose, memory` of agents are passed over: nothing here reads them"]
    assert plain(crew(text).base.items["agents"]) == {"a": {"role": "r"}, "b": {"role": "r"}}


@given(st.sets(st.sampled_from(sorted(IDLE - {"id", "name"}))), st.sampled_from(["agents", "tasks"]))
def test_no_key_that_nothing_reads_is_taken_over(keys: set[str], kind: str) -> None:
    entry = "".join(f", {key}: 1" for key in sorted(keys))
    found = plain(crew(f"{kind}: [{{id: x, agent: a{entry}}}]\n").base)
    assert isinstance(found, dict)
    assert found[kind] == {"x": {"agent": "a"}}


def test_a_key_that_is_misspelt_goes_on_to_be_checked() -> None:
    assert base("agents: [{id: a, rolle: r}]") == {"agents": {"a": {"rolle": "r"}}, "tasks": {}}
