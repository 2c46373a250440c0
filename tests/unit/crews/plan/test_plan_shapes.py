"""Plans: shapes, critical paths, and what they expect, against the published figures that they are made of."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from config.loading.loader import inspect
from config.schema.crew_schema import AgentText, Blueprint, TaskText
from config.settings.model import Price
from crews.answer.variants import ExpectedSeconds, choose_in_time
from crews.catalog import Catalog
from crews.plan.latency import published_latency
from crews.plan.plan import PlanTerms, plan, with_parallel_tasks
from crews.plan.planning import notes, problems
from crews.plan.single_call import ANSWER, CONFIDENCE, answer_fields, fits_single_call, needs_stock, to_single_call
from tests.commands import program

CREWS = Path(__file__).parents[3] / "crews"
TERMS = PlanTerms(model="gpt-4o-mini", max_tokens=400, deadline=10.0, price=Price(input=0.15, output=0.6))
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {name: Loja, domain: retail, tenant: loja, webhook_secrets: ["${S}"], bot_token: "${T}"}
"""


@pytest.fixture
def ancestor() -> Blueprint:
    return Catalog(CREWS).blueprint("ancestor", "whatsapp")


def crew(*tasks: tuple[str, tuple[str, ...] | None], **more: object) -> Blueprint:
    agent = AgentText(name="a", role="r", goal="g", backstory="b")
    texts = tuple(
        TaskText(name=name, description=name, expected_output="x", agent="a", context=context)
        for name, context in tasks
    )
    return replace(
        Blueprint(
            function="f", channel="whatsapp", implementation="default", summary="s", tone="t", length="l",
            max_tokens=110, agents=(agent,), tasks=texts,
        ),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def beside(blueprint: Blueprint) -> list[str]:
    return [each.name for each in with_parallel_tasks(blueprint).tasks if each.async_execution]


@pytest.mark.parametrize(
    ("tasks", "together"),
    [
        ([("a", ()), ("b", ()), ("c", ("a", "b"))], ["a", "b"]),
        ([("a", None), ("b", None), ("c", None)], []),
        ([("a", ()), ("b", ("a",)), ("c", ("b",))], []),
        ([("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c"))], ["b", "c"]),
        ([("a", ()), ("b", ()), ("c", ("a",)), ("d", ("b",)), ("e", ("c", "d"))], ["a", "b"]),  # c alone, d alone
        ([("a", ()), ("b", ())], []),  # the last one is never set aside
        ([("a", ())], []),
    ],
)
def test_neighbours_that_do_not_need_each_other_run_at_once(
    tasks: list[tuple[str, tuple[str, ...] | None]], together: list[str]
) -> None:
    assert beside(crew(*tasks)) == together


def test_whoever_wrote_async_execution_has_decided() -> None:
    written = crew(("a", ()), ("b", ()), ("c", ()), ("d", ("a", "b", "c")))
    tasks = (replace(written.tasks[0], async_execution=True), *written.tasks[1:])
    assert beside(replace(written, tasks=tasks)) == ["a"]


def test_one_call_is_expected_to_take_what_was_published() -> None:
    """latency: one call, median 70 tokens, cap 110: p50 1.81, p95 2.76 (4o-mini), 2.07 and 2.99 (4.1-mini)."""
    one = crew(("answer", ()))
    quick, slow = plan(one, TERMS, "sequential"), plan(one, replace(TERMS, model="gpt-4.1-mini"), "sequential")
    assert quick.p50 == pytest.approx(1.81, abs=0.2)
    assert quick.p95 == pytest.approx(2.76, abs=0.25)
    assert slow.p50 == pytest.approx(2.07, abs=0.2)
    assert slow.p95 == pytest.approx(2.99, abs=0.25)


def test_four_agents_in_a_row_take_four_calls_and_fused_one(ancestor: Blueprint) -> None:
    plans = {shape: plan(ancestor, TERMS, shape) for shape in ("sequential", "parallel", "fused")}
    assert [each.calls_in_row for each in plans.values()] == [4, 3, 1]
    assert [each.calls for each in plans.values()] == [4, 4, 1]
    assert plans["parallel"].path == ("research", "write", "review")
    assert plans["fused"].p50 < 1.5 * plan(crew(("answer", ())), TERMS, "sequential").p50
    assert plans["fused"].p95 < 0.5 * plans["sequential"].p95
    assert plans["fused"].cost < plans["parallel"].cost  # type: ignore[operator]


def test_equal_plans_are_equal(ancestor: Blueprint) -> None:
    assert plan(ancestor, TERMS, "parallel") == plan(ancestor, TERMS, "parallel")


def test_tools_and_money_are_counted() -> None:
    plain = crew(("answer", ()))
    tooled = replace(plain, agents=(replace(plain.agents[0], tools=("look",), max_iter=3),))
    one, other = plan(plain, TERMS, "sequential"), plan(tooled, TERMS, "sequential")
    assert (one.calls_in_row, other.calls_in_row, other.steps[0].most_calls) == (1, 2, 4)
    assert other.p50 > one.p50 + 0.7
    expected = (one.prompt_tokens * 0.15 + one.completion_tokens * 0.6) / 1e6
    assert one.cost == pytest.approx(expected)
    assert plan(plain, replace(TERMS, price=None), "sequential").cost is None


def test_an_agents_own_limit_shortens_its_call(ancestor: Blueprint) -> None:
    limits = {each.task: each.limit for each in plan(ancestor, TERMS, "sequential").steps}
    assert limits == {"classify": 40, "research": 110, "write": 110, "review": 110}


def test_a_model_that_nobody_measured_is_planned_as_a_like_one_and_says_so() -> None:
    assert not plan(crew(("a", ())), replace(TERMS, model="mystery-9"), "sequential").model_known
    assert published_latency("openai/gpt-4o-mini-2024-07-18").known
    assert published_latency("gpt-4o-mini-2024-07-18").median == published_latency("gpt-4o-mini").median


def test_a_fused_crew_keeps_every_word_and_names_each_step(ancestor: Blueprint) -> None:
    one = to_single_call(ancestor)
    (agent,), (task,) = one.agents, one.tasks
    for each in ancestor.tasks:
        assert each.description in task.description
    for colleague in ancestor.agents:
        assert colleague.role in agent.backstory + agent.role + task.description
    assert answer_fields(ancestor) == ("classify", "research", "write", ANSWER)
    assert all(
        f"`{name}`" in task.description + task.expected_output for name in (*answer_fields(ancestor), CONFIDENCE)
    )


def test_only_chains_whose_yaml_allows_it_are_fused(ancestor: Blueprint) -> None:
    assert fits_single_call(ancestor)
    assert not fits_single_call(replace(ancestor, fuse="never"))
    assert not fits_single_call(crew(("a", ()), fuse="always"))
    assert not fits_single_call(replace(ancestor, process="hierarchical"))


def test_names_of_tasks_never_meet_the_answers_own() -> None:
    assert answer_fields(crew(("answer", ()), ("1-look", ()), ("z", ()), fuse="always")) == (
        "step_answer",
        "step_1_look",
        ANSWER,
    )


def test_what_needs_stock_crewai_is_named(ancestor: Blueprint) -> None:
    assert needs_stock(ancestor) == ()
    agents = (replace(ancestor.agents[0], allow_delegation=True), *ancestor.agents[1:])
    wanted = needs_stock(replace(ancestor, process="hierarchical", memory=True, planning=True, agents=agents))
    assert wanted == (
        "process: hierarchical", "memory: true", "planning: true", "agents.classifier.allow_delegation: true",
    )  # fmt: skip


@pytest.mark.parametrize(("left", "taken"), [(10, 0), (8.0, 0), (7.9, 1), (3.0, 1), (2.9, 2), (1.0, 2), (-1, 2)])
def test_the_best_way_that_the_time_allows_is_taken_and_else_the_quickest(left: float, taken: int) -> None:
    assert (
        choose_in_time(left, [ExpectedSeconds(5.0, 8.0), ExpectedSeconds(2.0, 3.0), ExpectedSeconds(1.0, 2.0)]) == taken
    )


def folder(tmp_path: Path, **files: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    tenant = tmp_path / "domains" / "retail" / "loja"
    crew = tenant / "crews" / "customer_service"
    crew.mkdir(parents=True)
    for name, text in files.items():
        (crew if name != "config" else tenant).joinpath(f"{name}.yaml").write_text(text)
    return tmp_path


SLOW = "".join(
    f"{name}: {{description: Do it., expected_output: A text., agent: attendant}}\n" for name in ("a", "b", "c", "d")
)


def test_check_says_which_crew_cannot_fit_its_deadline_and_what_to_do(tmp_path: Path) -> None:
    place = folder(tmp_path, tasks=SLOW, config="deadline_ms: 5000\n")
    found = inspect(place, {"S": "one", "T": "two"})
    assert found.problems == ()
    (problem,) = problems(found.snapshot)
    assert problem.rule == "too-slow"
    assert "5 model calls in a row" in problem.message
    assert "fuse: true" in problem.remedy
    assert Path(problem.file).is_file()


def test_a_longer_deadline_or_fusing_settles_it(tmp_path: Path) -> None:
    fine = folder(tmp_path, tasks=SLOW, config="deadline_ms: 30000\n")
    assert problems(inspect(fine, {"S": "one", "T": "two"}).snapshot) == []
    crew = fine / "domains" / "retail" / "loja" / "crews" / "customer_service"
    (crew.parents[1] / "config.yaml").write_text("deadline_ms: 7000\n")
    assert problems(inspect(fine, {"S": "one", "T": "two"}).snapshot) != []
    (crew / "config.yaml").write_text("fuse: true\n")
    assert problems(inspect(fine, {"S": "one", "T": "two"}).snapshot) == []


def test_check_notes_crews_that_run_on_stock_crewai(tmp_path: Path) -> None:
    place = folder(tmp_path, agents="attendant: {allow_delegation: true}\n", config="deadline_ms: 1000\n")
    found = inspect(place, {"S": "one", "T": "two"})
    assert found.problems == ()
    assert problems(found.snapshot) == []
    assert ["allow_delegation: true" in each.message for each in notes(found.snapshot)] == [True]


def test_the_command_prints_plans_and_fails_where_none_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATWOOTAI_CREWS", str(CREWS))
    command = [*program(), "crew", "plan", "ancestor", "--channel", "whatsapp"]
    shown = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    plans = json.loads(shown.stdout)
    assert [(each["shape"], each["calls_in_row"], each["allowed"]) for each in plans] == [
        ("sequential", 4, False), ("parallel", 3, False), ("fused", 1, True),
    ]  # fmt: skip
    table = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "CALLS IN A ROW" in table.stdout
    unknown = subprocess.run([*command, "--tenant", "nobody"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 3  # not found (docs/reference/command-line.md)


def test_check_itself_tells_of_slow_crews_and_of_stock_crewai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", "one")
    monkeypatch.setenv("T", "two")
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    slow = folder(tmp_path / "slow", tasks=SLOW, config="deadline_ms: 5000\n")
    stock = folder(tmp_path / "stock", agents="attendant: {allow_delegation: true}\n")
    command = [*program(), "check", "--config"]
    one = subprocess.run([*command, str(slow)], capture_output=True, text=True, check=False)
    other = subprocess.run([*command, str(stock)], capture_output=True, text=True, check=False)
    assert (one.returncode, "too-slow" in one.stdout) == (1, True)
    assert (other.returncode, "stock CrewAI" in other.stderr) == (0, True)
