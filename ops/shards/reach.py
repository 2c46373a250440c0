"""Lists which of several Redis servers each verb speaks to, and gives verbs the option that names one."""

import argparse
from collections.abc import Mapping
from enum import Enum
from typing import Final

from ops.other_shards import VARIABLE


class Reach(Enum):
    """Reach of a verb: the shards that it speaks to where there are several."""

    EACH = "the account's, the named one, else all in turn"
    ACCOUNT = "the account's"
    ONE = "the named one, else the first"
    FIRST = "the first"
    OWN = "the verb chooses itself"
    NONE = "none"


REACH: Final[Mapping[str, Reach]] = {
    "accounts": Reach.OWN,
    "accounts pause": Reach.ACCOUNT,
    "accounts resume": Reach.ACCOUNT,
    "ask": Reach.ACCOUNT,
    "audit": Reach.EACH,
    "bench": Reach.NONE,
    "cache": Reach.EACH,
    "cache review": Reach.ACCOUNT,
    "catch-up": Reach.EACH,
    "check": Reach.NONE,
    "completion": Reach.NONE,
    "config": Reach.EACH,
    "config draft": Reach.ACCOUNT,
    "config publish": Reach.ONE,
    "config rollback": Reach.ONE,
    "connect": Reach.FIRST,
    "console": Reach.FIRST,
    "crew": Reach.NONE,
    "demo": Reach.NONE,
    "doctor": Reach.OWN,
    "erase": Reach.ACCOUNT,
    "eval": Reach.ACCOUNT,
    "export": Reach.ACCOUNT,
    "init": Reach.NONE,
    "jobs": Reach.EACH,
    "knowledge": Reach.ACCOUNT,
    "monitoring": Reach.NONE,
    "privacy": Reach.NONE,
    "replay": Reach.EACH,
    "route": Reach.NONE,
    "secret": Reach.FIRST,
    "sync": Reach.FIRST,
    "tail": Reach.EACH,
    "tenants": Reach.NONE,
    "trigger": Reach.ACCOUNT,
    "understand": Reach.ACCOUNT,
}
"""Reaches by verb, and by verb and action where an action differs: a test holds each verb to be here."""


def reach_of(verb: str, action: str | None = None) -> Reach:
    """Return the reach of a verb, or of one of its actions; `NONE` for a verb that is not listed."""
    return REACH.get(f"{verb} {action}", REACH.get(verb, Reach.NONE))


def add_shard_options(parser: argparse.ArgumentParser, verb: str, action: str | None = None) -> None:
    """Give `--shard` to a verb's parser and to those of its actions, where it chooses something."""
    below = [each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for name, choice in ((name, choice) for choices in below for name, choice in choices.items()):
        add_shard_options(choice, verb, action or name)
    if not below and reach_of(verb, action) in {Reach.EACH, Reach.ONE}:
        help_text = f"this one of several Redis ({VARIABLE})"
        parser.add_argument("--shard", metavar="NAME", help=help_text)
