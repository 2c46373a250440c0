"""`chatwootai cache`: what the caches of answers hold and how they serve, and how to empty them."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from ops.options import takes_account, takes_config, takes_json, takes_yes
from ops.parsing import add_action
from ops.printing import as_json, table

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "say what the caches of answers hold and how they serve, or empty them"
EXAMPLES = """\
  chatwootai cache stats
  chatwootai cache purge --account 1
  chatwootai cache review --account 1 25 12 same"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`stats` (default), `purge` and `review`."""
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
    what = "say whether a would-be hit of the semantic cache was right"
    review = add_action(actions, "review", what, "chatwootai cache review --account 1 25 12 same")
    takes_account(review, required=True)
    review.add_argument("asked", type=int, help="display id of the conversation that asked")
    review.add_argument("answered", type=int, help="display id of the one whose answer it would have had")
    review.add_argument("verdict", choices=("same", "different"), help="would that answer have served as well?")
    _json(review)


def _json(parser: argparse.ArgumentParser) -> None:
    """The same option after the action; absent there, what stood before it holds."""
    takes_json(parser)
    for action in parser._actions:
        if action.dest == "output":
            action.default = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """Show or empty; not 0 where Redis is away, there is no such account, or nobody agreed."""
    from ops.access import with_redis

    return with_redis(lambda connection: _done(connection, arguments))


async def _done(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.models.completions import CompletionStore
    from chatwootai.stores.models.semantic_answers import SemanticAnswers
    from ops.access import confirm
    from ops.events.audit import write_down
    from ops.semantic import figures, review

    store, alike = CompletionStore(connection), SemanticAnswers(connection)
    if arguments.action == "review":
        done = await review(alike, arguments.account, arguments.asked, arguments.answered, arguments.verdict)
        _print_counts(done, arguments)
        return 0
    if arguments.action != "purge":
        _print_counts(await store.stats(), arguments, await figures(alike))
        return 0
    account = _purged_account(arguments, await store.accounts() | await alike.accounts())
    whose = f"account {account}" if account else "all accounts"
    if not confirm(f"forget the cached answers of {whose}?", yes=arguments.yes, undoable=True):
        return 1
    purged = await store.purge(account) + await alike.purge(account)
    _print_counts({"purged": purged}, arguments)
    await write_down(connection, "cache purge", account=account or "", count=purged)
    return 0


def _print_counts(
    found: dict[str, int], arguments: argparse.Namespace, semantic: "dict[str, Any] | None" = None
) -> None:
    from ops.semantic import show

    if arguments.json:
        as_json(found if semantic is None else {**found, "semantic": semantic})
        return
    table(("WHAT", "COUNT"), [(name, str(number)) for name, number in found.items()])
    if semantic is not None:
        show(semantic)


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
