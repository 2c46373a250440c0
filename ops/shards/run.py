"""Runs a verb on the Redis servers that it concerns: its account's, the one that is named, or all in turn.

A verb itself knows of one Redis, REDIS_URL's. Here that is set to each shard in turn.
"""

import argparse
import copy
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ops.access import REDIS_AWAY, CommandError, NotFound, UsageError, on_shard, run_at_once, sum_up
from ops.other_shards import VARIABLE, read_shards
from ops.printing import complain
from ops.shards.reach import Reach, reach_of

if TYPE_CHECKING:
    from chatwootai.stores.server.shards import Shard, Shards
    from config.snapshot import Account

Run = Callable[[argparse.Namespace], int]

_CONVERSATION: Final = re.compile(r"(?:turn:)?(?P<account>[^\s:/]+):\d+(?::\d+)?")


def run_on_shards(verb: str, run: Run, arguments: argparse.Namespace) -> int:
    """Run a verb where it belongs; its exit code, or what those of several shards come to.

    Raises:
        CommandError: CHATWOOTAI_REDIS_SHARDS cannot be read, or there is no such shard.
    """
    named = getattr(arguments, "shard", None)
    reach = reach_of(verb, getattr(arguments, "action", None))
    if getattr(arguments, "canary", None) is not None:  # each shard's conversations have a share of their own
        reach = Reach.EACH
    if reach in {Reach.NONE, Reach.OWN} or not (named or os.environ.get(VARIABLE)):
        return run(arguments)
    chosen = _choose(read_shards(), reach, named, arguments)
    if reach is Reach.ONE and not named and os.environ.get(VARIABLE):
        return _run_on_one(read_shards(), run, arguments)
    if len(chosen) == 1:
        with _of_shard(chosen[0], alone=True):
            return run(arguments)
    return _run_on_several(chosen, run, arguments)


def _choose(shards: "Shards", reach: Reach, named: str | None, arguments: argparse.Namespace) -> "Sequence[Shard]":
    from chatwootai.stores.server.shards import UnknownShard

    try:
        return _chosen(shards, reach, named, arguments)
    except UnknownShard as error:
        raise UsageError(str(error)) from error


def _chosen(shards: "Shards", reach: Reach, named: str | None, arguments: argparse.Namespace) -> "Sequence[Shard]":
    if named:
        return [shards.named(named)]
    if reach in {Reach.ONE, Reach.FIRST} and not getattr(arguments, "draft", None):
        return [shards.first]
    if (word := _named_account(arguments)) is None:
        return [*shards] if reach is Reach.EACH else [shards.first]
    account = _find_account(arguments, word)
    if account is not None:
        return [shards.of(account.key, account.shard)]
    return [*shards] if reach is Reach.EACH else [shards.of(word)]


def _named_account(arguments: argparse.Namespace) -> str | None:
    """Return the word by which arguments name one account; None where they name none."""
    for name in ("account", "draft"):
        if word := getattr(arguments, name, None):
            return str(word)
    word = getattr(arguments, "what", None) or getattr(arguments, "conversation", None)
    if word is None:
        return None
    found = _CONVERSATION.fullmatch(word)
    return found["account"] if found else _account_outside(arguments, word)


def _account_outside(arguments: argparse.Namespace, word: str) -> str | None:
    """Return the key of the account in whose Chatwoot a name is known: an address, a phone or a mail; None for others.

    A contact of several accounts counts for the one with the newest words, as it does where there is one Redis.
    """
    import asyncio

    from ops.jobs.outside_names import CONTACT, URL, conversation_of_url, conversations_of_contact

    if URL.fullmatch(word):
        return conversation_of_url(word, _accounts(arguments)).rpartition(":")[0]
    if CONTACT.fullmatch(word):
        return asyncio.run(conversations_of_contact(word, _accounts(arguments)))[0].rpartition(":")[0]
    return None


def _find_account(arguments: argparse.Namespace, word: str) -> "Account | None":
    """Return the account of a word; None where the mapping has none such any more."""
    from ops.accounts import resolve_account

    try:
        return resolve_account(_accounts(arguments), word)
    except NotFound:
        return None


def _accounts(arguments: argparse.Namespace) -> "Mapping[str, Account]":
    from ops.access import sound_accounts

    folder = getattr(arguments, "config", None) or Path(os.environ.get("CHATWOOTAI_CONFIG") or "config")
    return sound_accounts(folder)


@contextmanager
def _of_shard(shard: "Shard", *, alone: bool) -> Iterator[None]:
    """Let REDIS_URL be a shard's in this process."""
    before = os.environ.get("REDIS_URL")
    os.environ["REDIS_URL"] = shard.url
    try:
        with on_shard(shard, alone=alone):
            yield
    finally:
        if before is None:
            del os.environ["REDIS_URL"]
        else:
            os.environ["REDIS_URL"] = before


def _run_on_one(shards: "Shards", run: Run, arguments: argparse.Namespace) -> int:
    """Run a verb on the first shard. A folder is put in force from the next where that one is away."""
    for shard in shards:
        with _of_shard(shard, alone=True):
            code = run(arguments)
        if code != REDIS_AWAY:
            return code
        if getattr(arguments, "action", None) != "publish":  # it means what this shard has
            complain("`--shard NAME` takes what another one has: `chatwootai config history` lists its versions")
            break
    return REDIS_AWAY


def _run_on_several(shards: "Sequence[Shard]", run: Run, arguments: argparse.Namespace) -> int:
    """Run a verb on shards: in turn, or at once where it goes on until Ctrl-C. What is looked for ends the round."""
    from ops.shards.output import merged_output

    goes_on = bool(getattr(arguments, "watch", None) or getattr(arguments, "follow", None))
    output = getattr(arguments, "output", None) or "table"
    with merged_output("jsonl" if goes_on and output == "json" else output, [each.name for each in shards]):
        if goes_on:
            with run_at_once(shards):
                return run(arguments)
        return _run_in_turn(shards, run, arguments)


def _run_in_turn(shards: "Sequence[Shard]", run: Run, arguments: argparse.Namespace) -> int:
    codes: dict[str, int] = {}
    missing: list[NotFound] = []
    for shard in shards:
        with _of_shard(shard, alone=False):
            try:
                codes[shard.name] = run(copy.copy(arguments))
            except NotFound as error:
                codes[shard.name] = error.code
                missing.append(error)
            except CommandError as error:
                complain(error)
                codes[shard.name] = error.code
        if getattr(arguments, "what", None) and codes[shard.name] not in {NotFound.code, REDIS_AWAY}:
            return codes[shard.name]  # it is found here
    if missing and not {*codes.values()} - {NotFound.code, REDIS_AWAY}:
        complain(missing[0])
    return sum_up(list(codes.values()))
