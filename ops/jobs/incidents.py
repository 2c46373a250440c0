"""Prints what goes wrong now, with what to do about it."""

import time
from collections.abc import Mapping
from typing import Any, Final

from chatwootai.stores.installation.incidents import Kind
from ops.times import format_age, format_moment

_WHAT: Final = {
    Kind.MODEL: "no model answers, turns go to people",
    Kind.TOOL: "the tool {subject} fails",
    Kind.SEARCH: "documents cannot be looked up, turns are answered without",
    Kind.SIGNATURE: "deliveries are refused, their signature does not hold",
    Kind.RATE: "deliveries are refused, there are too many",
    Kind.CHATWOOT: "Chatwoot does not do what is asked of it in {subject}",
    Kind.KNOWLEDGE: "the source {subject} of its knowledge cannot be read, what was known of it is kept",
    Kind.CANARY: "the canary {subject} went back, the version in force answers everybody again",
    Kind.JOURNAL: "the journal of the door on {subject} takes nothing",
}
_REMEDIES: Final = {
    Kind.MODEL: "mend it, then `chatwootai replay --cause model --since 2h --hand-back`",
    Kind.TOOL: "look at its server, and at its entry in tools.yaml",
    Kind.SEARCH: "look at the PostgreSQL of knowledge.postgres, or else run `chatwootai knowledge ingest`",
    Kind.SIGNATURE: "compare `webhook_secrets` with Chatwoot, then `chatwootai catch-up --opened-by-failure`",
    Kind.CHATWOOT: "nothing is lost: answers wait and are posted by themselves once it is back",
    Kind.KNOWLEDGE: "mend the source, then `chatwootai knowledge ingest --account {account}`",
    Kind.CANARY: "`chatwootai config canary` shows both sides; this ends with the next version or canary",
    Kind.JOURNAL: "give its disk room, or name another folder by JOURNAL_DIR: while Redis is away it refuses customers",
    Kind.RATE: "raise `rate_per_minute` or start workers, then `chatwootai catch-up --opened-by-failure`",
}
_OF_THE_CLOCK: Final = frozenset({"too_old", "too_new"})


def print_incident(one: Mapping[str, Any]) -> None:
    """Print an incident of `jobs stats` as a sentence: whose, what, why, how often since when, and the remedy."""
    whose = f"account {one['account']}: " if one["account"] else ""
    what, remedy = describe_incident(one)
    print(f"{whose}{what}; {remedy}")


def describe_incident(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return what goes wrong, why and how often since when; and the remedy."""
    kind = Kind(one["kind"])
    what = _WHAT[kind].format(subject=one["subject"])
    often = f"{one['count']} times since {format_moment(one['since'])}, last {format_age(one['last'], time.time())} ago"
    return f"{what} ({one['reason']}): {often}", _remedy(kind, one)


def _remedy(kind: Kind, one: Mapping[str, Any]) -> str:
    if one["subject"] in _OF_THE_CLOCK:
        return "the clocks differ by more than 5 minutes (`date -u` at Chatwoot and here), or requests are held up"
    return _REMEDIES[kind].format(account=one["account"])
