"""An example of Alertmanager's configuration: who is called, and which alert makes which others needless."""

from typing import Any, Final

from ops.monitoring.rules import as_yaml

FILE: Final = "alertmanager/alertmanager.yml"
_MUTED: Final = {
    "RedisNoPrimary": ("RedisAway", "NoWorker", "WaitingTooLong", "WaitingLong", "PromiseBurning", "PromiseSlow"),
    "RedisAway": ("NoWorker", "WaitingTooLong", "WaitingLong", "PromiseBurning", "PromiseSlow", "RestartLoop"),
    "RedisShardAway": ("NoWorker", "WaitingTooLong", "WaitingLong", "PromiseBurning", "PromiseSlow"),
    "NoWorker": ("WaitingTooLong", "WaitingLong", "PromiseBurning", "PromiseSlow"),
    "WaitingTooLong": ("WaitingLong",),
    "ModelDown": ("HandoffsByUs", "PromiseBurning", "PromiseSlow", "IncidentLasts"),
    "ChatwootRefuses": ("TokensRefused", "RetriesHigh", "PromiseBurning", "PromiseSlow"),
    "PromiseBurning": ("PromiseSlow",),
    "DeadLetters": ("TurnsGiveUp",),
    "BudgetRefused": ("BudgetNear",),
}
"""The cause, and what follows from it."""
_BY_SHARD: Final = frozenset({"RedisShardAway", "NoWorker", "WaitingTooLong", "WaitingLong"})
"""Alerts that are each shard's, where there are several: one's causes mute nothing of another's."""


def alertmanager() -> str:
    """Return the example's text: put in who is to be called, and what watches from outside."""
    return as_yaml(
        {
            "route": {
                "receiver": "tickets",
                "group_by": ["alertname"],
                "group_wait": "10s",
                "group_interval": "5m",
                "repeat_interval": "12h",
                "routes": [
                    {"receiver": "on-call", "matchers": ['severity = "page"'], "repeat_interval": "1h"},
                    {
                        "receiver": "outside-watch",
                        "matchers": ['alertname = "Watchdog"'],
                        "group_wait": "0s",
                        "group_interval": "1m",
                        "repeat_interval": "1m",
                    },
                ],
            },
            "inhibit_rules": [rule for cause, muted in _MUTED.items() for rule in _inhibitions(cause, muted)],
            "receivers": [
                {"name": name, "webhook_configs": [{"url": f"http://127.0.0.1:9095/{name}", "send_resolved": True}]}
                for name in ("on-call", "tickets", "outside-watch")
            ],
        }
    )


def _inhibitions(cause: str, muted: tuple[str, ...]) -> list[dict[str, Any]]:
    own = [name for name in muted if {name, cause} <= _BY_SHARD]
    others = [name for name in muted if name not in own]
    rules = [_inhibition(cause, others)] if others else []
    return [*rules, {**_inhibition(cause, own), "equal": ["shard"]}] if own else rules


def _inhibition(cause: str, muted: list[str]) -> dict[str, Any]:
    return {
        "source_matchers": [f'alertname = "{cause}"'],
        "target_matchers": [f'alertname =~ "{"|".join(muted)}"'],
    }
