"""`chatwootai cache`: what the exact cache holds and how it serves, and how to empty it."""

import argparse
import asyncio
import os

from ops.printing import as_json, complain, table, takes_json

SUMMARY = "say what the cache of answers holds and how it serves, or empty it"
EXAMPLES = """\
  chatwootai cache stats
  chatwootai cache purge --tenant account_1"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`stats` (default) and `purge`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    takes_json(parser)
    _json(actions.add_parser("stats", help="answers kept, their bytes, hits and misses"))
    purge = actions.add_parser("purge", help="forget all answers, or one tenant's")
    purge.add_argument("--tenant", help="only this tenant's")
    _json(purge)


def _json(parser: argparse.ArgumentParser) -> None:
    """The same option after the action; absent there, what stood before it holds."""
    takes_json(parser)
    for action in parser._actions:
        if action.dest == "json":
            action.default = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """Show or empty; 1 where Redis is away."""
    from chatwootai.stores.connection import BadRedisUrl, StoreUnavailable
    from ops.reach import away

    try:
        found = asyncio.run(_done(arguments))
    except StoreUnavailable as error:
        complain(away(error))
        return 1
    except BadRedisUrl as error:
        complain(error)
        return 1
    if arguments.json:
        as_json(found)
    else:
        table(("WHAT", "COUNT"), [(name, str(number)) for name, number in found.items()])
    return 0


async def _done(arguments: argparse.Namespace) -> dict[str, int]:
    from chatwootai.stores.completions import CompletionStore
    from chatwootai.stores.connection import DEFAULT_URL, connect

    connection = connect(os.environ.get("REDIS_URL") or DEFAULT_URL)
    try:
        store = CompletionStore(connection)
        if arguments.action == "purge":
            return {"purged": await store.purge(arguments.tenant)}
        return await store.stats()
    finally:
        await connection.aclose()
