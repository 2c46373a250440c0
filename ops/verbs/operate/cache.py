"""`chatwootai cache`: what the exact cache holds and how it serves, and how to empty it."""

import argparse
import os
from typing import TYPE_CHECKING

from ops.options import takes_account, takes_config, takes_json, takes_yes
from ops.parsing import add_action
from ops.printing import as_json, table

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "say what the cache of answers holds and how it serves, or empty it"
EXAMPLES = """\
  chatwootai cache stats
  chatwootai cache purge --account 1"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`stats` (default) and `purge`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    takes_json(parser)
    what = "count the answers kept, their bytes, hits and misses"
    _json(add_action(actions, "stats", what, "chatwootai cache stats --json"))
    what = "forget all answers, or one account's"
    purge = add_action(actions, "purge", what, "chatwootai cache purge --account 1 --yes")
    takes_account(purge, "only this one's (default: all)")
    takes_yes(purge)
    takes_config(purge)
    _json(purge)


def _json(parser: argparse.ArgumentParser) -> None:
    """The same option after the action; absent there, what stood before it holds."""
    takes_json(parser)
    for action in parser._actions:
        if action.dest == "output":
            action.default = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """Show or empty; not 0 where Redis is away, there is no such account, or nobody agreed."""
    from ops.access import with_redis

    return with_redis(lambda connection: _stats_or_purge(connection, arguments))


async def _stats_or_purge(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.models.completions import CompletionStore
    from ops.access import confirm

    store = CompletionStore(connection)
    if arguments.action != "purge":
        _print_counts(await store.stats(), arguments)
        return 0
    account = _purged_account(arguments, await store.accounts())
    whose = f"account {account}" if account else "all accounts"
    if not confirm(f"forget the cached answers of {whose}?", yes=arguments.yes, undoable=True):
        return 1
    _print_counts({"purged": await store.purge(account)}, arguments)
    return 0


def _print_counts(found: dict[str, int], arguments: argparse.Namespace) -> None:
    if arguments.json:
        as_json(found)
    else:
        table(("WHAT", "COUNT"), [(name, str(number)) for name, number in found.items()])


def _purged_account(arguments: argparse.Namespace, kept: set[str]) -> str | None:
    """Return the key of the account that is named, if one is: of the mapping's, or of those with answers kept.

    Raises:
        CommandError: there is none, or several have the name.
    """
    from config.loading.loader import inspect
    from ops.access import NotFound
    from ops.accounts import resolve_account

    name = arguments.account
    if name is None:
        return None
    accounts = inspect(arguments.config, os.environ).snapshot.accounts
    try:
        return resolve_account(accounts, name, others=kept).key
    except NotFound:
        if name in kept:  # an account that has left the mapping
            return str(name)
        raise
