"""Rules and dashboards hold what they promise: metrics and labels that exist, units, words, runbooks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from chatwootai.telemetry import metrics
from ops.monitoring.alert import RUNBOOKS, Board, Severity
from ops.monitoring.alertmanager import _MUTED
from ops.monitoring.export import boards
from ops.monitoring.panel import Panel
from ops.monitoring.recordings import recordings
from ops.monitoring.rules import alerts

ROOT = Path(__file__).resolve().parents[4]
OTHERS = {  # Prometheus' own, the Python client's, and what redis_exporter is relied on for
    "up": {"job", "instance"},
    "process_start_time_seconds": {"job", "instance"},
    "redis_up": set(),
    "redis_instance_info": {"role"},
    "redis_connected_slave_lag_seconds": set(),
}
TARGET = {"job", "instance"}
UNITS = {"s", "short", "ops", "reqps", "percentunit", "currencyUSD"}
_NAME = re.compile(r"\b(?:chatwootai[_:][\w:]+|redis_\w+|process_\w+|up)\b")


def known() -> dict[str, set[str]]:
    """Return the labels of each series by its name."""
    found = dict(OTHERS)
    for each in vars(metrics).values():
        if isinstance(each, MetricWrapperBase):
            labels = {*each._labelnames, *TARGET}
            match each._type:
                case "counter":
                    found[f"{each._name}_total"] = labels
                case "histogram":
                    found |= {f"{each._name}_{end}": labels | {"le"} for end in ("bucket", "count", "sum")}
                case _:
                    found[each._name] = labels
    return found | {one.name: set() for one in recordings()}


KNOWN = known()


def expressions() -> Iterator[tuple[str, str]]:
    yield from ((one.name, one.expr) for one in recordings())
    yield from ((one.name, one.expr) for one in alerts())
    for board in boards():
        for panel in board.panels:
            yield from ((f"{board.uid}: {panel.title}", said) for said in panel.expressions())


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("where", "said"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_metric_and_label_of_a_query_exists(where: str, said: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', said)
    used = _NAME.findall(re.sub(r"\{[^}]*\}|by \([^)]*\)", "", bare))
    assert set(used) <= KNOWN.keys(), where
    assert used or "vector" in said, where
    for name, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", bare):
        labels = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers))
        assert labels <= KNOWN[name] | (TARGET if name in OTHERS else set()), (where, name)
    grouped = {label.strip() for several in re.findall(r"by \(([^)]*)\)", bare) for label in several.split(",")}
    of_used = set.union(*(KNOWN[name] for name in used)) if used else set()
    assert grouped <= of_used, (where, grouped - of_used)


@pytest.mark.parametrize(("where", "said"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_counters_are_rates_and_what_all_tell_alike_is_not_added_up(where: str, said: str) -> None:
    for name in re.findall(r"\bchatwootai_\w+_total\b", said):
        assert re.search(rf"(?:rate|increase)\({name}\b", said), (where, name)
    for name in metrics.SEEN_BY_ALL:
        if re.search(rf"\b{name}\b", said):
            assert not re.search(rf"\bsum(?: by \([^)]*\))? \(?{name}\b|\bsum\({name}\b", said), (where, name)


def panels() -> list[tuple[str, Panel]]:
    return [(f"{board.uid}: {panel.title}", panel) for board in boards() for panel in board.panels]


@pytest.mark.parametrize(("where", "panel"), panels(), ids=[where for where, _ in panels()])
def test_every_panel_has_title_description_unit_and_the_dashboards_variables(where: str, panel: Panel) -> None:
    assert panel.title
    assert panel.description.endswith("."), where
    assert panel.unit in UNITS, where
    assert panel.queries, where
    for said in panel.expressions():
        if "chatwootai_" in said:
            selectors = re.findall(r"\bchatwootai_\w+(\{[^}]*\})?", said)
            assert all('job=~"$job",instance=~"$instance"' in one for one in selectors), (where, said)


def test_dashboards_are_four_with_at_most_20_panels_and_uids_that_stay() -> None:
    made = boards()
    assert [board.uid for board in made] == [
        "chatwootai-promise", "chatwootai-door-and-queue", "chatwootai-mind", "chatwootai-chatwoot-and-channels",
    ]  # fmt: skip
    assert {board.uid for board in made} == {board.value for board in Board}
    for board in made:
        assert 10 <= len(board.panels) <= 20
        assert len({panel.title for panel in board.panels}) == len(board.panels)
        drawn = board.as_json()
        assert not drawn["editable"]
        assert [each["name"] for each in drawn["templating"]["list"]] == ["datasource", "job", "instance"]
        taken = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in drawn["panels"]]
        assert len(set(taken)) == len(taken)
        assert all(each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in drawn["panels"])
        assert all(each["datasource"]["uid"] == "${datasource}" for each in drawn["panels"])


def test_every_alert_has_its_words_its_cases_and_a_runbook_that_is_there() -> None:
    made = alerts()
    assert len({one.name for one in made}) == len(made) > 40
    headings = re.findall(r"^### (\w+)$", (ROOT / RUNBOOKS).read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower() for heading in headings}
    for one in made:
        annotations = one.rule("")["annotations"]
        assert isinstance(annotations, dict)
        page, _, anchor = annotations["runbook_url"].partition("#")
        assert (ROOT / page).is_file()
        assert anchor in anchors, one.name
        assert annotations["summary"].endswith("."), one.name
        assert "{{" not in annotations["summary"], "what customers feel has no figure that changes"
        assert annotations["description"].endswith("."), one.name
        assert one.fires.series, one.name
        assert one.silent.series or one.severity is Severity.NONE, one.name
    assert {heading for heading in headings if re.fullmatch(r"(?:[A-Z][a-z]+){1,5}", heading)} == {a.name for a in made}


def test_what_is_muted_and_by_what_are_alerts() -> None:
    names = {one.name for one in alerts()}
    assert {*_MUTED, *(each for several in _MUTED.values() for each in several)} <= names
    assert all(cause not in muted for cause, muted in _MUTED.items())
