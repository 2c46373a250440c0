"""Panels and dashboards as values, and the JSON that Grafana 9 and later reads.

In an expression `@` stands for the matchers of the dashboard's variables, `$job` and `$instance`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MATCHERS: Final = 'job=~"$job",instance=~"$instance"'
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_SCHEMA_VERSION: Final = 38
_COLUMNS: Final = 24
_HEIGHT: Final = 8
_STAT_HEIGHT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. `queries`: the expression of each legend; `unit`: Grafana's; `kind`: timeseries or stat.

    `steps`: the value from which on each colour holds; `stacked`: series lie on each other; `width`: of 24 columns.
    `exemplars`: traces are marked on it.
    """

    title: str
    description: str
    unit: str
    queries: Mapping[str, str]
    kind: str = "timeseries"
    steps: Sequence[tuple[float | None, str]] = field(default=((None, "green"),))
    stacked: bool = False
    width: int = 8
    exemplars: bool = False

    def expressions(self) -> list[str]:
        """Return its expressions with the matchers of variables."""
        return [said.replace("@", MATCHERS) for said in self.queries.values()]

    def as_json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """Return it as Grafana reads it, at a place of the grid."""
        height = _STAT_HEIGHT if self.kind == "stat" else _HEIGHT
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": _SOURCE,
            "gridPos": {"h": height, "w": self.width, "x": x, "y": y},
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": _STAT_OPTIONS if self.kind == "stat" else _SERIES_OPTIONS,
            "targets": [self._target(place, *each) for place, each in enumerate(self.queries.items())],
        }

    def _defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "unit": self.unit,
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": value, "color": color} for value, color in self.steps],
            },
        }
        if self.kind == "timeseries":
            stacking = {"mode": "normal" if self.stacked else "none", "group": "A"}
            found |= {"min": 0, "custom": {"fillOpacity": 30 if self.stacked else 5, "stacking": stacking}}
        return found

    def _target(self, place: int, legend: str, said: str) -> dict[str, Any]:
        return {
            "refId": chr(ord("A") + place),
            "datasource": _SOURCE,
            "expr": said.replace("@", MATCHERS),
            "legendFormat": legend,
            "range": True,
            "exemplar": self.exemplars,
        }


_STAT_OPTIONS: Final = {
    "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    "colorMode": "background",
    "graphMode": "area",
}
_SERIES_OPTIONS: Final = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
    "tooltip": {"mode": "multi", "sort": "desc"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard: at most 20 panels, in the order in which they are read."""

    uid: str
    title: str
    description: str
    panels: Sequence[Panel]

    def as_json(self) -> dict[str, Any]:
        """Return it as Grafana reads it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["chatwootai"],
            "schemaVersion": _SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": _VARIABLES},
            "annotations": {"list": _ANNOTATIONS},
            "links": [{"type": "dashboards", "title": "ChatwootAI", "tags": ["chatwootai"], "asDropdown": True}],
            "panels": self._placed(),
        }

    def _placed(self) -> list[dict[str, Any]]:
        placed, x, y, row = [], 0, 0, 0
        for number, panel in enumerate(self.panels, 1):
            if x + panel.width > _COLUMNS:
                x, y, row = 0, y + row, 0
            placed.append(panel.as_json(number, x, y))
            x, row = x + panel.width, max(row, _STAT_HEIGHT if panel.kind == "stat" else _HEIGHT)
        return placed


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "type": "query", "name": name, "label": label, "datasource": _SOURCE, "query": query, "definition": query,
        "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


_VARIABLES: Final = [
    {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "current": {}},
    _variable("job", "Job", "label_values(chatwootai_build_info, job)"),
    _variable("instance", "Instance", 'label_values(chatwootai_build_info{job=~"$job"}, instance)'),
]
_ANNOTATIONS: Final = [
    {
        "name": name, "datasource": _SOURCE, "enable": True, "iconColor": color, "titleFormat": name,
        "textFormat": text, "expr": f"count by ({label}) ({metric}) unless count by ({label}) ({metric} offset 2m)",
    }
    for name, color, label, metric, text in (
        ("Configuration", "blue", "digest", "chatwootai_config_info", "{{digest}}"),
        ("Release", "purple", "version", "chatwootai_build_info", "{{version}}"),
    )
]  # fmt: skip


def stat(
    title: str, description: str, unit: str, said: str, steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
) -> Panel:
    """Return a number to be read from across the room."""
    return Panel(title=title, description=description, unit=unit, queries={"": said}, kind="stat", steps=steps, width=4)


def rises(metric: str, by: str, also: str = "") -> str:
    """Return the rate of a counter by a label; 0 where it was never counted."""
    matchers = f"@,{also}" if also else "@"
    return f"sum by ({by}) (rate({metric}{{{matchers}}}[$__rate_interval])) or on() vector(0)"


def quantile(percent: int, metric: str, by: str = "", also: str = "") -> str:
    """Return a percentile of a histogram, by a label where one is named; 0 where nothing was observed."""
    matchers = f"@,{also}" if also else "@"
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) (rate({metric}_bucket{{{matchers}}}[$__rate_interval]))"
    return f"(histogram_quantile(0.{percent:02}, {buckets}) >= 0) or on() vector(0)"
