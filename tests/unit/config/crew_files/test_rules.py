"""A crew's layers checked: whom an overlay may change, who is referred to, what is filled in, which tools there are."""

import pytest

from config.crew_files.rules import check_crew, unknown_overrides
from config.document.problems import Problem
from config.document.tree import Node, Table
from config.document.yaml_source import parse

CREW = """\
summary: s
tone: t
length: l
agents:
  seller: {role: r, goal: g, backstory: b}
  clerk: {role: r, goal: g, backstory: b}
tasks:
  look: {description: d, expected_output: e, agent: clerk}
  sell: {description: d, expected_output: e, agent: seller, context: [look]}
"""


def table(text: str) -> Table:
    node, problems = parse(text.encode(), "crew.yaml")
    assert problems == []
    assert isinstance(node, Table)
    return node


def check(text: str, *tools: str) -> list[Problem]:
    said, problems = check_crew(table(text), "sales", tools)
    assert (said is None) == bool(problems)
    return problems


def only(problems: list[Problem]) -> Problem:
    (one,) = problems
    return one


def test_a_whole_crew_has_no_problem() -> None:
    said, problems = check_crew(table(CREW), "sales", ())
    assert problems == []
    assert said is not None
    assert list(said.tasks) == ["look", "sell"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "remedy"),
    [
        ("agent: clerk", "agent: clark", "unknown-agent", 8, "Did you mean `clerk`?"),
        ("context: [look]", "context: [lok]", "unknown-task", 9, "Did you mean `look`?"),
        ("context: [look]", "context: [sell]", "unknown-task", 9, "above this one"),
        ("agent: clerk}", "agent: clerk, context: [sell]}", "unknown-task", 8, "Write that task above this one."),
    ],
)
def test_who_is_referred_to_exists_and_a_context_stands_before(
    old: str, new: str, rule: str, line: int, remedy: str
) -> None:
    problem = only(check(CREW.replace(old, new)))
    assert (problem.rule, problem.line) == (rule, line)
    if (new, remedy) != ("context: [sell]", "above this one"):
        assert remedy in (problem.remedy or "")


def test_without_any_agents_nobody_is_said_to_be_missing() -> None:
    problems = check("summary: s\ntone: t\nlength: l\ntasks: {a: {description: d, expected_output: e, agent: x}}\n")
    assert "unknown-agent" not in {each.rule for each in problems}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("role: r", "role: 'for {company.nmae}'", "nothing fills the placeholder {company.nmae}"),
        ("role: r", "role: 'for { company.name }'", "something but company.name stands in the braces"),
        ("tone: t", "tone: 'as {tone}'", "nothing fills the placeholder {tone}"),
    ],
)
def test_a_placeholder_that_nothing_fills_is_told(old: str, new: str, words: str) -> None:
    assert words in only(check(CREW.replace(old, new, 1))).message


def test_outside_of_agents_and_tasks_nothing_is_filled_and_the_remedy_says_so() -> None:
    problem = only(check(CREW.replace("tone: t", "tone: '{company.name}'")))
    assert problem.remedy == "Write it without braces: only agents and tasks are filled in."


@pytest.mark.parametrize("text", ["for {company.name}", "a {{word}} in braces", "{}", "{ }", "{a b}", "100 %"])
def test_what_is_filled_or_no_placeholder_is_no_problem(text: str) -> None:
    assert check(CREW.replace("role: r", f"role: '{text}'", 1)) == []


def test_tools_of_agents_and_of_tasks_must_be_known() -> None:
    text = CREW.replace("backstory: b}", "backstory: b, tools: [stok]}", 1).replace(
        "agent: clerk}", "agent: clerk, tools: [note, gone]}"
    )
    problems = check(text, "stock", "note")
    assert [(each.rule, each.line) for each in problems] == [("unknown-tool", 5), ("unknown-tool", 8)]
    assert "`stock`" in (problems[0].remedy or "")
    assert check(text, "stok", "note", "gone") == []


def test_a_value_that_its_type_refuses_is_told_once() -> None:
    problem = only(check(CREW.replace("agent: clerk", "agent: [clerk]")))
    assert problem.line == 8


def overrides(below: str, overlay: str) -> list[Problem]:
    weak: Node = table(below)
    return unknown_overrides(weak, table(overlay))


@pytest.mark.parametrize(
    "overlay",
    [
        "agents: {seller: {goal: x}}",
        "agents: {seller: null}",
        "agents: {new: {role: r, goal: g, backstory: b}}",
        "tasks: {extra: {description: d, expected_output: e, agent: seller}}",
        "tone: x",
        "agents: null",
        "agents: [seller]",
    ],
)
def test_what_is_there_may_be_changed_and_what_is_whole_may_be_added(overlay: str) -> None:
    assert overrides(CREW, overlay) == []


@pytest.mark.parametrize(
    ("overlay", "rule", "words"),
    [
        ("agents: {selller: {goal: x}}", "unknown-agent", "A new one needs `role`, `goal`, `backstory`."),
        ("agents: {gone: null}", "unknown-agent", "there is no agent `gone` here to change"),
        ("tasks: {sel: {agent: x}}", "unknown-task", "Did you mean `sell`?"),
        ("tasks: {new: {description: d, agent: a}}", "unknown-task", "`expected_output`"),
    ],
)
def test_what_is_not_there_cannot_be_changed_or_removed(overlay: str, rule: str, words: str) -> None:
    problem = only(overrides(CREW, overlay))
    assert problem.rule == rule
    assert words in f"{problem.message} {problem.remedy}"


def test_where_nothing_lies_below_every_change_is_of_nothing() -> None:
    assert [each.rule for each in overrides("tone: t", "agents: {seller: {goal: x}}")] == ["unknown-agent"]
