"""The files that Prometheus and promtool read: recording rules, alerts, and their unit tests."""

from collections.abc import Iterable
from typing import Any, Final

import yaml

from ops.monitoring.alert import Alert, Case, Severity
from ops.monitoring.pages import pages
from ops.monitoring.recordings import recordings
from ops.monitoring.tickets import tickets

RECORDINGS: Final = "prometheus/recordings.yml"
ALERTS: Final = "prometheus/alerts.yml"
TESTS: Final = "prometheus/alerts.test.yml"
WEEKLY_TESTS: Final = "prometheus/alerts_weekly.test.yml"
"""Cases of more than a week, evaluated less often: a value a minute would take minutes."""


def alerts() -> tuple[Alert, ...]:
    """Return all alerts, those that call somebody first."""
    return (*pages(), *tickets())


_RECORDED: Final = "chatwootai_recordings"


def _group(severity: Severity) -> str:
    return f"chatwootai_{severity.value}"


def rule_files(docs: str = "") -> dict[str, str]:
    """Return the text of each file by its path; `docs` is put before the paths of runbooks."""
    recorded = [{"record": one.name, "expr": one.expr} for one in recordings()]
    by_severity = {
        _group(severity): [one.rule(docs) for one in alerts() if one.severity is severity] for severity in Severity
    }
    return {
        RECORDINGS: as_yaml({"groups": [{"name": _RECORDED, "interval": "30s", "rules": recorded}]}),
        ALERTS: as_yaml({"groups": [{"name": name, "rules": rules} for name, rules in by_severity.items()]}),
        TESTS: as_yaml(_tests(alerts(), every=1)),
        WEEKLY_TESTS: as_yaml(_tests(alerts(), every=10)),
    }


def as_yaml(document: object) -> str:
    """Return a document in YAML, its keys in the order in which they were written."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000))


def _tests(checked: Iterable[Alert], *, every: int) -> dict[str, Any]:
    """Return promtool's tests with a value in `every` minutes: each alert fires in one case, and not in the other."""
    cases = [(one.name, case, fires) for one in checked for case, fires in ((one.fires, True), (one.silent, False))]
    return {
        "rule_files": ["recordings.yml", "alerts.yml"],
        "evaluation_interval": f"{every}m",
        # Else in any order: what is recorded every ten minutes is stale where an alert is looked at before it.
        "group_eval_order": [_RECORDED, *(_group(severity) for severity in Severity)],
        "tests": [_test(name, case, fires=fires) for name, case, fires in cases if case.series and case.every == every],
    }


def _test(name: str, case: Case, *, fires: bool) -> dict[str, Any]:
    said = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > bool 0'
    return {
        "name": f"{name} {'fires' if fires else 'is silent'}",
        "interval": f"{case.every}m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "promql_expr_test": [
            {
                "expr": said,
                "eval_time": f"{case.minute}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }
