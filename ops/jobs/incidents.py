"""Prints what goes wrong now, with what to do about it."""

import time
from collections.abc import Mapping
from typing import Any, Final

from chatwootai.stores.installation.incidents import Kind
from ops.times import format_age, format_moment

_WHAT: Final = {
    Kind.MODEL: "no model answers, turns go to people",
    Kind.TOOL: "the tool {subject} fails",
    Kind.SIGNATURE: "deliveries are refused, their signature does not hold",
    Kind.RATE: "deliveries are refused, there are too many",
}
_REMEDIES: Final = {
    Kind.MODEL: "mend it, then `chatwootai replay --cause model --since 2h --hand-back`",
    Kind.TOOL: "look at its server, and at its entry in tools.yaml",
    Kind.SIGNATURE: "compare `webhook_secrets` with Chatwoot, then `chatwootai catch-up --opened-by-failure`",
    Kind.RATE: "raise `rate_per_minute` or start workers, then `chatwootai catch-up --opened-by-failure`",
}


def print_incident(one: Mapping[str, Any]) -> None:
    """Print an incident of `jobs stats` as a sentence: whose, what, why, how often since when, and the remedy."""
    kind = Kind(one["kind"])
    what = _WHAT[kind].format(subject=one["subject"])
    often = f"{one['count']} times since {format_moment(one['since'])}, last {format_age(one['last'], time.time())} ago"
    print(f"account {one['account']}: {what} ({one['reason']}): {often}; {_REMEDIES[kind]}")
