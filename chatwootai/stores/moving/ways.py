"""Ways in which each kind of key goes with an account that moves to another shard: one for each, which a test holds.

A key of which the name says whose it is goes whole, unless something else is said here. Indexes over all accounts give
the account's members. What is made anew, and what stays, says why.
"""

from collections.abc import Mapping
from typing import Final

_CONV: Final = "{account}:*"
_JOB: Final = "turn:{account}:*"
_ACCOUNT: Final = "{account}"

MEMBERS: Final[Mapping[str, str]] = {
    "cw:timers": _CONV,
    "cw:open": _CONV,
    "cw:scheduled": _JOB,
    "arq:queue": _JOB,
    "cw:waiting": _ACCOUNT,
    "cw:arrived": _ACCOUNT,
    "cw:drafts": _ACCOUNT,
    "cw:paused": _ACCOUNT,
    "cw:paused:about": _ACCOUNT,
    "cw:chatwoot": _ACCOUNT,
    "cw:chatwoot:failing": _ACCOUNT,
    "cw:refused": _CONV,
    "cw:erasures": _CONV,
    "cw:erasures:done": _CONV,
}
"""Indexes over all accounts, by the form of an account's members (a zset's, a set's, or the fields of a hash)."""

BY_VALUE: Final = frozenset({"cw:dead:{turn}", "cw:turn:{turn}"})
"""Keys whose value says whose they are. Dead letters go with the account, records of turns follow when it has moved."""
AFTERWARDS: Final = "cw:turn:{turn}"
"""Form of the keys that are copied last, once the account is served on its new shard: no answer needs them."""

ANEW: Final[Mapping[str, str]] = {
    "cw:dead": "by the dead letters that go",
    "cw:tenants:{lane}": "by the lanes' jobs when turns begin again",
    "cw:turns-kept:sizes": "counted from the account's index of turns",
    "cw:turns-kept": "counted from the account's index of turns",
    "cw:done:{account}:{digest}": "a cache: the model is asked once more",
    "cw:done": "the index of that cache",
    "cw:done:sizes": "the index of that cache",
    "cw:alike:{account}:{scope}": "a cache: it fills with the next answers",
    "cw:alike": "the index of that cache",
    "cw:alike:sizes": "the index of that cache",
    "cw:vector:{account}": "a cache, by digests that are keyed on each shard: texts are encoded once more",
    "cw:vectors:{kind}": "the index of that cache",
    "cw:vectors:bytes": "the index of that cache",
    "cw:erased": "an account that was moved has the secret of its digests beside them",
}
"""Keys that are not copied since the target makes them itself, each with its reason."""

ENDED: Final = frozenset({
    "cw:leases", "cw:owners", "cw:running", "cw:flight:{account}:{digest}", "cw:knowledge:{account}:ingest",
    "arq:in-progress:{job}", "cw:moved:{account}",
})  # fmt: skip
"""Keys that no account has while it is copied, since its turns and ingests have ended; and the move's own mark."""

_PROCESSES: Final = "of the processes there"
_HISTORY: Final = "history of a shard, which is read of all shards together"
_INSTALLATION: Final = "each shard has its own, written on all"
STAYS: Final[Mapping[str, str]] = {
    "cw:copy:{stream}": "of an erasure there, for minutes",
    "cw:turns-recent": _HISTORY,
    "cw:days:{day}": _HISTORY,
    "cw:audit": _HISTORY,
    "cw:audit:head": _HISTORY,
    "cw:events:info": _HISTORY,
    "cw:events:trouble": _HISTORY,
    "cw:incidents": "it ends by itself, and shows again where it goes on",
    "cw:wake": _PROCESSES,
    "cw:worker:{worker}": _PROCESSES,
    "cw:signals:{worker}": _PROCESSES,
    "cw:processes": _PROCESSES,
    "cw:requests": _PROCESSES,
    "cw:answers:{request}": _PROCESSES,
    "cw:request:{request}": _PROCESSES,
    "cw:full": "of that Redis",
    "cw:format": "of that Redis",
    "cw:probe": "of that Redis",
    "cw:catchup": _PROCESSES,
    "cw:sweep": _PROCESSES,
    "cw:breaker:{target}": "of the workers there, for a minute",
    "cw:breakers": "of the workers there, for a minute",
    "cw:limit:{endpoint}": "of the workers there, for two minutes",
    "cw:queue:{endpoint}": "of the workers there, for two minutes",
    "cw:done:counts": "figures of that cache",
    "cw:vectors:secret": _INSTALLATION,
    "cw:config:counter": _INSTALLATION,
    "cw:config:current": _INSTALLATION,
    "cw:config:version:{version}": _INSTALLATION,
    "cw:config:versions": _INSTALLATION,
    "cw:config:about": _INSTALLATION,
    "cw:config:sync": _INSTALLATION,
    "cw:config:told": _INSTALLATION,
    "cw:config:canary": _INSTALLATION,
    "cw:config:canary:look": _PROCESSES,
    "cw:canary:{version}:{side}": _HISTORY,
    "cw:console:tokens": _INSTALLATION,
    "cw:console:used": _INSTALLATION,
    "cw:console:sessions": _INSTALLATION,
    "cw:console:session:{digest}": _INSTALLATION,
    "arq:queue:health-check": _PROCESSES,
}
"""Keys that stay on their shard, each with why nothing is lost by that."""


def goes_whole(pattern: str) -> bool:
    """Tell whether such a key is one account's, by its name, and is copied as it is."""
    owned = any(part in pattern for part in ("{conv}", "{account}", "{job}"))
    return owned and pattern not in ANEW and pattern not in ENDED


def ways_of(pattern: str) -> list[str]:
    """Return the answers that are given for a kind of key: there should be one."""
    ways = {"members": MEMBERS, "by value": BY_VALUE, "anew": ANEW, "ended": ENDED, "stays": STAYS}
    found = [name for name, kinds in ways.items() if pattern in kinds]
    return found + (["whole"] if goes_whole(pattern) else [])
