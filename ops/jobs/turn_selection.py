"""Selects conversations by how their last turn ended: given to people, or answered."""

import argparse
import time
from typing import Any, Final

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.server.connection import Connection
from ops.times import format_moment

OUTCOMES: Final = {"handed-over": "handoff", "answered": "reply"}
"""The outcome of a turn's record, by the state that `--state` names."""


async def last_turns(
    connection: Connection, arguments: argparse.Namespace, account: str | None
) -> list[dict[str, Any]]:
    """Return the last turns of conversations that ended as `--state` says, the oldest first.

    `--account`, `--cause`, `--since` and `--until` narrow them. Each is an object of `turn`, `conv`, `account`, `at`
    and `cause`. Turns are remembered for a week.

    Raises:
        StoreUnavailable: Redis is away.
    """
    last: dict[str, dict[str, Any]] = {}
    async for name, at, record in Turns(connection).all(time.time()):
        conv = f"{record.get('account')}:{record.get('conversation')}"
        if account in {None, record.get("account")} and at >= last.get(conv, {"at": 0.0})["at"]:
            last[conv] = {"turn": name, "conv": conv, "account": record.get("account"), "at": at, "record": record}
    rows = [{**one, "cause": _cause(one.pop("record"), arguments.state)} for one in last.values()]
    return sorted((one for one in rows if _is_selected(one, arguments)), key=lambda one: float(one["at"]))


def _cause(record: dict[str, Any], state: str) -> str | None:
    """Return why a turn handed over, or what served the answer; None where it ended otherwise than is asked for."""
    if record.get("outcome") != OUTCOMES[state]:
        return None
    names = ("cause", "error") if state == "handed-over" else ("served_by", "model")
    return ": ".join(str(record[key]) for key in names if record.get(key))


def _is_selected(row: dict[str, Any], arguments: argparse.Namespace) -> bool:
    in_time = (arguments.since or 0) <= row["at"] <= (arguments.until or row["at"])
    return row["cause"] is not None and in_time and (arguments.cause or "").casefold() in row["cause"].casefold()


def turn_row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return a turn as a row of a table: turn, conversation, moment and cause."""
    return one["turn"], one["conv"], format_moment(one["at"]), one["cause"]
