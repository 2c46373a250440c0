"""Problems of an installation, judged from its numbers: what is wrong now, how bad it is, and what mends it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from chatwootai.stores.installation.incidents import Kind

_SLOW_SECONDS: Final = 30.0
_STUCK_SECONDS: Final = 120.0
_MOST: Final = 50
_ORDER: Final = ("bad", "warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. `severity`: bad (customers notice) or warn. `key`: of its texts, `problem.*` and `remedy.*`.

    `values` stand in the texts; `command`: the line that looks closer or mends it. `account`: whose it is; None: all's.
    """

    severity: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    account: str | None = None


def find_problems(numbers: Mapping[str, Any]) -> list[Problem]:
    """Return the problems that the numbers show, the worst first, at most 50. A number that is None shows none."""
    found = [*_of_processes(numbers), *_of_queue(numbers), *_of_accounts(numbers), *_of_redis(numbers)]
    return sorted(found, key=lambda one: _ORDER.index(one.severity))[:_MOST]


def _of_processes(numbers: Mapping[str, Any]) -> Iterator[Problem]:
    if numbers.get("processes") is None:
        return
    if (numbers.get("redis") or {}).get("replica"):
        return  # a Redis that takes no writes is told of by itself; nobody can say in it that they live
    living = [one for one in numbers["processes"] if not one["gone"]]
    kinds = {one["kind"] for one in living}
    if "ingress" not in kinds:
        yield Problem(severity="bad", key="no_door", command="python -m ingress")
    if "worker" not in kinds and not numbers.get("workers"):
        yield Problem(severity="bad", key="no_worker", command="python -m workers")
    for one in numbers["processes"]:
        values = {"name": one["name"], "host": one["host"]}
        if one["gone"]:
            yield Problem(severity="warn", key="gone", values=values, command="chatwootai jobs stats")
        elif one["refused"]:
            refused = {**values, "count": one["refused"]}
            yield Problem(severity="warn", key="refuses", values=refused, command="chatwootai config status")
    if len(Counter(one["digest"] for one in living)) > 1:
        yield Problem(severity="warn", key="disagree", command="chatwootai config status")


def _of_queue(numbers: Mapping[str, Any]) -> Iterator[Problem]:
    waited = numbers.get("oldest_wait_seconds") or 0.0
    if waited > _SLOW_SECONDS:
        severity = "bad" if waited > _STUCK_SECONDS else "warn"
        values = {"seconds": round(waited), "waiting": numbers.get("waiting")}
        yield Problem(severity=severity, key="waits", values=values, command="chatwootai jobs list --state waiting")
    if dead := numbers.get("dead"):
        values = {"count": dead}
        yield Problem(severity="warn", key="dead", values=values, command="chatwootai jobs list --state dead")


def _of_accounts(numbers: Mapping[str, Any]) -> Iterator[Problem]:
    for one in numbers.get("paused") or ():
        until = datetime.fromtimestamp(one["until"], UTC)
        values = {"account": one["account"], "until": until, "who": one["who"], "why": one["why"]}
        command = f"chatwootai accounts resume {one['account']}"
        yield Problem(severity="warn", key="paused", values=values, command=command, account=one["account"])
    for one in numbers.get("refused") or ():
        key = "bot_token" if str(one["token"]).startswith("bot") else "user_token"
        values = {"account": one["account"], "status": one["status"], "said": one["said"]}
        severity = "bad" if key == "bot_token" else "warn"
        yield Problem(severity=severity, key=key, values=values, command="chatwootai check", account=one["account"])
    for one in numbers.get("incidents") or ():
        kind = Kind(one["kind"])
        values = {name: one[name] for name in ("account", "subject", "reason", "count")}
        yield Problem(
            severity="bad" if kind in {Kind.MODEL, Kind.SIGNATURE} else "warn",
            key=kind.value,
            values=values,
            command=_COMMANDS[kind],
            account=one["account"],
        )


_COMMANDS: Final = {
    Kind.MODEL: "chatwootai replay --cause model --since 2h --hand-back --dry-run",
    Kind.TOOL: "chatwootai check",
    Kind.SEARCH: "chatwootai jobs stats",
    Kind.SIGNATURE: "chatwootai catch-up --opened-by-failure --dry-run",
    Kind.RATE: "chatwootai catch-up --opened-by-failure --dry-run",
    Kind.CHATWOOT: "chatwootai jobs list --state scheduled",
    Kind.KNOWLEDGE: "chatwootai knowledge status",
    Kind.CANARY: "chatwootai config canary",
    Kind.JOURNAL: "chatwootai tail --errors --cause journal",
}


def _of_redis(numbers: Mapping[str, Any]) -> Iterator[Problem]:
    for trouble in (numbers.get("redis") or {}).get("troubles", ()):
        yield Problem(severity="warn", key="redis", values={"trouble": trouble}, command="chatwootai jobs stats")
