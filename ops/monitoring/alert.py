"""Alerts and recording rules as values, with the series that show when an alert fires and when it does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RUNBOOKS: Final = "docs/guides/operations.md"
OF_SHARD: Final = "{{ with $labels.shard }}Shard {{ . }}: {{ end }}"
"""Head of the description of an alert that is one shard's, where there are several: a template of Prometheus'."""


class Severity(StrEnum):
    """Urgency of an alert: `page` calls somebody now, `ticket` on the next working day, `none` a machine."""

    PAGE = "page"
    TICKET = "ticket"
    NONE = "none"


class Board(StrEnum):
    """Uids of the dashboards; links of alerts rely on them."""

    PROMISE = "chatwootai-promise"
    QUEUE = "chatwootai-door-and-queue"
    MIND = "chatwootai-mind"
    CHATWOOT = "chatwootai-chatwoot-and-channels"


@dataclass(frozen=True, slots=True)
class Case:
    """Series in promtool's notation, and the minute at which is looked. `every`: minutes between two values."""

    series: Mapping[str, str]
    minute: int = 15
    every: int = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule: the name of the series, and its expression."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `summary`: what customers feel; `description`: what was measured, where `$value` is a template's.

    `lasts`: for how long the expression must hold; empty: at once. `fires`, `silent`: one case of each.
    """

    name: str
    severity: Severity = Severity.TICKET
    expr: str
    lasts: str = ""
    summary: str
    description: str
    board: Board
    fires: Case
    silent: Case

    @property
    def anchor(self) -> str:
        """Return the heading's anchor in the page of runbooks."""
        return self.name.lower()

    def rule(self, docs: str) -> dict[str, object]:
        """Return it as Prometheus reads it; `docs` is put before the paths of pages."""
        return {
            "alert": self.name,
            "expr": self.expr,
            **({"for": self.lasts} if self.lasts else {}),
            "labels": {"severity": self.severity.value},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{docs}{RUNBOOKS}#{self.anchor}",
                "dashboard": f"/d/{self.board.value}",
            },
        }
