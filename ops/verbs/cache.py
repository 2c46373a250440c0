"""`chatwootai cache`: what the exact cache holds and how it serves, and how to empty it."""

import argparse
import asyncio
import os

from ops.printing import as_json, complain, table, takes_config, takes_json

SUMMARY = "say what the cache of answers holds and how it serves, or empty it"
EXAMPLES = """\
  chatwootai cache stats
  chatwootai cache purge --account 1"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`stats` (default) and `purge`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    takes_json(parser)
    _json(actions.add_parser("stats", help="answers kept, their bytes, hits and misses"))
    purge = actions.add_parser("purge", help="forget all answers, or one account's")
    one = purge.add_mutually_exclusive_group()
    one.add_argument("--account", metavar="K", help="only this account's, named by its key in the mapping")
    one.add_argument(
        "--tenant", metavar="T", help="the same, by its folder, or domain/folder, where one account has it"
    )
    takes_config(purge)
    _json(purge)


def _json(parser: argparse.ArgumentParser) -> None:
    """The same option after the action; absent there, what stood before it holds."""
    takes_json(parser)
    for action in parser._actions:
        if action.dest == "json":
            action.default = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """Show or empty; 1 where Redis is away, or where there is no such account, or several are meant."""
    from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable
    from ops.access import CommandError, away_message

    try:
        found = asyncio.run(_done(arguments))
    except StoreUnavailable as error:
        complain(away_message(error))
        return 1
    except (BadRedisUrl, CommandError) as error:
        complain(error)
        return 1
    if arguments.json:
        as_json(found)
    else:
        table(("WHAT", "COUNT"), [(name, str(number)) for name, number in found.items()])
    return 0


async def _done(arguments: argparse.Namespace) -> dict[str, int]:
    from chatwootai.stores.models.completions import CompletionStore
    from chatwootai.stores.server.connection import DEFAULT_URL, connect

    connection = connect(os.environ.get("REDIS_URL") or DEFAULT_URL)
    try:
        store = CompletionStore(connection)
        if arguments.action != "purge":
            return await store.stats()
        account = _meant(arguments, await store.accounts())
        return {"purged": await store.purge(account)}
    finally:
        await connection.aclose()


def _meant(arguments: argparse.Namespace, kept: set[str]) -> str | None:
    """The key of the account that is named, if one is: of the mapping's, or of those whose answers are still kept.

    Raises:
        CommandError: there is none, or `--tenant` names several.
    """
    from config.loading.loader import inspect
    from ops.accounts import UnknownAccount, resolve_account

    name = arguments.tenant if arguments.account is None else arguments.account
    if name is None:
        return None
    accounts = inspect(arguments.config, os.environ).snapshot.accounts
    try:
        return resolve_account(accounts, name, folders="too" if arguments.account is None else "none", others=kept).key
    except UnknownAccount:
        if name in kept:
            return str(name)
        raise
