"""`chatwootai accounts`: on which of several Redis an account lives, and its move to another one."""

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from ops.options import ACCOUNT, takes_config, takes_json, takes_yes
from ops.parsing import add_action

if TYPE_CHECKING:
    from chatwootai.stores.server.shards import Shards

SUMMARY = "say on which shard accounts live, or move one to another shard"
EXAMPLES = """\
  chatwootai accounts where 3
  chatwootai accounts where --all
  chatwootai accounts where --all --with "a=redis://one,b=redis://two,c=redis://three"    who would change
  chatwootai accounts move 3 --to b --dry-run
  chatwootai accounts move 3 --to b          cut off anywhere, the same command goes on
  chatwootai accounts move 3 --to b --abort  before it is switched"""
_WAIT_SECONDS = 120.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """`where` and `move`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "say where an account lives by the mapping, and where keys of it are"
    where = add_action(actions, "where", what, "chatwootai accounts where 3")
    where.add_argument("account", nargs="?", metavar="ACCOUNT", help=ACCOUNT)
    where.add_argument("--all", action="store_true", help="all accounts")
    where.add_argument("--with", dest="others", metavar="SHARDS", help="where these shards would put it")
    takes_config(where)
    takes_json(where)
    what = "move an account to another shard; nothing of it is lost, and it is answered again within seconds"
    move = add_action(actions, "move", what, "chatwootai accounts move 3 --to b")
    move.add_argument("account", metavar="ACCOUNT", help=ACCOUNT)
    move.add_argument("--to", required=True, metavar="SHARD", help="a name in CHATWOOTAI_REDIS_SHARDS")
    move.add_argument("--abort", action="store_true", help="undo a move that was not switched yet")
    move.add_argument("--dry-run", action="store_true", help="only say what would be done")
    help_text = "for turns that run, and for processes to serve the new configuration (default: 120)"
    move.add_argument("--wait", type=float, default=_WAIT_SECONDS, metavar="SECONDS", help=help_text)
    takes_config(move)
    takes_yes(move)


def run(arguments: argparse.Namespace) -> int:
    """Show or move; not 0 where a shard is away, or something is waited for longer than agreed."""
    from chatwootai.stores.server.connection import StoreUnavailable
    from chatwootai.stores.server.shards import BadShards, Shards
    from chatwootai.telemetry import log
    from ops.access import REDIS_AWAY, CommandError, away_message
    from ops.printing import complain

    log.configure(os.environ.get("LOG_LEVEL") or "ERROR", os.environ.get("LOG_FORMAT") or None, process="ops")
    try:
        shards = Shards.from_environment(os.environ)
        asyncio.run(_where(shards, arguments) if arguments.action == "where" else _move(shards, arguments))
    except BadShards as error:
        raise CommandError(error) from error
    except StoreUnavailable as error:
        complain(f"{away_message(error)}. The same command goes on from there")
        return REDIS_AWAY
    return 0


async def _where(shards: "Shards", arguments: argparse.Namespace) -> None:
    from ops.access import UsageError
    from ops.moving.where import cells, places
    from ops.printing import as_json, table

    if bool(arguments.account) == arguments.all:
        raise UsageError("name an account, or say --all")
    rows = await places(shards, arguments)
    if arguments.json:
        as_json(rows, "account")
        return
    head = ("ACCOUNT", "SHARD", "BY", "KEYS", "MARKS")
    table((*head, "THEN") if arguments.others else head, map(cells, rows))


async def _move(shards: "Shards", arguments: argparse.Namespace) -> None:
    from ops.moving.relocation import relocate

    await relocate(shards, arguments)
