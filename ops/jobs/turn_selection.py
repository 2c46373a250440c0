"""Selects conversations by how their last turn ended: given to people, or answered."""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chatwootai.model.message.tool_call import ToolOutcome
from chatwootai.model.policy.reasons import is_named, named_cause
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.server.connection import Connection
from ops.times import format_moment

OUTCOMES: Final = {"handed-over": "handoff", "answered": "reply"}
"""The outcome of a turn's record, by the state that `--state` names."""
_FIELDS: Final = ("turn", "conv", "account", "at")
_DONE: Final = frozenset({ToolOutcome.OK, ToolOutcome.KEPT})


async def last_turns(
    connection: Connection, arguments: argparse.Namespace, account: str | None
) -> list[dict[str, Any]]:
    """Return the last turns of conversations that ended as `--state` says, the oldest first.

    `--account`, `--cause`, `--since` and `--until` narrow them. Turns are remembered for a week.

    Raises:
        StoreUnavailable: Redis is away.
    """
    last: dict[str, dict[str, Any]] = {}
    async for name, at, record in Turns(connection).all():
        conv = f"{record.get('account')}:{record.get('conversation')}"
        if account in {None, record.get("account")} and at >= last.get(conv, {"at": 0.0})["at"]:
            last[conv] = {"turn": name, "conv": conv, "account": record.get("account"), "at": at, "record": record}
    return select_turns(last.values(), arguments)


def select_turns(ended: Iterable[Mapping[str, Any]], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the turns, with a `record` each, that `--state`, `--cause`, `--since` and `--until` leave; oldest first.

    Each is an object of `turn`, `conv`, `account`, `at` and `cause`.
    """
    rows = [
        {**{name: one[name] for name in _FIELDS}, "cause": _cause(one["record"])}
        for one in ended
        if one["record"].get("outcome") == OUTCOMES[arguments.state]
        and _is_selected(one["at"], one["record"], arguments)
    ]
    return sorted(rows, key=lambda one: float(one["at"]))


def _cause(record: Mapping[str, Any]) -> str:
    """Return why a turn handed over, or what served the answer; then the tools that did not do what was asked."""
    if record["outcome"] == OUTCOMES["handed-over"]:
        said = named_cause(record.get("cause"), record.get("why"), record.get("error"))
    else:
        said = ": ".join(str(record[name]) for name in ("served_by", "model") if record.get(name))
    tools = {f"tool {name}: {outcome}" for name, outcome, _ in record.get("tools") or () if outcome not in _DONE}
    return "; ".join(filter(None, (said, *sorted(tools))))


def _is_selected(at: float, record: Mapping[str, Any], arguments: argparse.Namespace) -> bool:
    """Tell whether a turn is of the time and the cause: as the list has it, or as the metric's labels do."""
    in_time = (arguments.since or 0) <= at <= (arguments.until or at)
    labels = named_cause(record.get("cause"), record.get("why"))
    return in_time and is_named(arguments.cause or "", _cause(record), labels)


def turn_row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return a turn as a row of a table: turn, conversation, moment and cause."""
    return one["turn"], one["conv"], format_moment(one["at"]), one["cause"]
