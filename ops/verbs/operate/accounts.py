"""`chatwootai accounts`: on which of several Redis an account lives, its move to another one, and its pause."""

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from ops.options import ACCOUNT, takes_config, takes_json, takes_yes
from ops.parsing import add_action

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from chatwootai.stores.server.shards import Shards

SUMMARY = "say on which shard accounts live, move one to another shard, or pause one"
EXAMPLES = """\
  chatwootai accounts where 3
  chatwootai accounts where --all
  chatwootai accounts where --all --with "a=redis://one,b=redis://two,c=redis://three"    who would change
  chatwootai accounts move 3 --to b --dry-run
  chatwootai accounts move 3 --to b          cut off anywhere, the same command goes on
  chatwootai accounts move 3 --to b --abort  before it is switched
  chatwootai accounts pause 3 --until 18:00 --why "new price list"
  chatwootai accounts resume 3"""
_WAIT_SECONDS = 120.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """`where`, `move`, `pause` and `resume`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "say where an account lives by the mapping, and where keys of it are"
    where = add_action(actions, "where", what, "chatwootai accounts where 3")
    where.add_argument("account", nargs="?", metavar="ACCOUNT", help=ACCOUNT)
    where.add_argument("--all", action="store_true", help="all accounts")
    where.add_argument("--with", dest="others", metavar="SHARDS", help="where these shards would put it")
    takes_config(where)
    takes_json(where, names=True)
    what = "move an account to another shard; nothing of it is lost, and it is answered again within seconds"
    move = add_action(actions, "move", what, "chatwootai accounts move 3 --to b")
    move.add_argument("account", metavar="ACCOUNT", help=ACCOUNT)
    move.add_argument("--to", required=True, metavar="SHARD", help="a name in CHATWOOTAI_REDIS_SHARDS")
    move.add_argument("--abort", action="store_true", help="undo a move that was not switched yet")
    move.add_argument("--dry-run", action="store_true", help="only say what would be done")
    help_text = "remove what the new shard holds of the account by itself, without a move; it is lost"
    move.add_argument("--replace", action="store_true", help=help_text)
    help_text = "for turns that run, and for processes to serve the new configuration (default: 120)"
    move.add_argument("--wait", type=float, default=_WAIT_SECONDS, metavar="SECONDS", help=help_text)
    takes_config(move)
    takes_yes(move)
    what = "have an account's messages wait until a time; they are answered by themselves after"
    _takes_pause(add_action(actions, "pause", what, "chatwootai accounts pause 3 --until 2h"))
    what = "let a paused account go on now"
    _takes_account(add_action(actions, "resume", what, "chatwootai accounts resume 3"))


def _takes_pause(parser: argparse.ArgumentParser) -> None:
    from ops.times import a_time_to_come

    _takes_account(parser)
    when = "18:00, 2h (from now) or 2026-11-28T18:00, in this machine's time zone; at most a week"
    parser.add_argument("--until", required=True, type=a_time_to_come, metavar="WHEN", help=when)
    parser.add_argument("--why", default="", metavar="TEXT", help="for whoever sees the pause")


def _takes_account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", metavar="ACCOUNT", help=ACCOUNT)
    takes_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it; not 0 where a shard is away, something is waited for longer than agreed, or nothing is paused."""
    from chatwootai.stores.server.connection import StoreUnavailable
    from chatwootai.stores.server.shards import BadShards, Shards
    from chatwootai.telemetry import log
    from ops.access import REDIS_AWAY, UsageError, away_message, with_redis
    from ops.printing import complain

    if arguments.action in {"pause", "resume"}:
        return with_redis(lambda connection: _pause(connection, arguments))
    log.configure(os.environ.get("LOG_LEVEL") or "ERROR", os.environ.get("LOG_FORMAT") or None, process="ops")
    try:
        shards = Shards.from_environment(os.environ)
        return asyncio.run(_where(shards, arguments) if arguments.action == "where" else _move(shards, arguments))
    except BadShards as error:
        raise UsageError(str(error)) from error
    except StoreUnavailable as error:
        complain(f"{away_message(error)}. The same command goes on from there")
        return REDIS_AWAY


async def _where(shards: "Shards", arguments: argparse.Namespace) -> int:
    from ops.access import UsageError
    from ops.moving.where import cells, places
    from ops.printing import as_json, table

    if bool(arguments.account) == arguments.all:
        raise UsageError("name an account, or say --all")
    rows, code = await places(shards, arguments)
    if arguments.json:
        as_json(rows, "account")
        return code
    head = ("ACCOUNT", "SHARD", "BY", "KEYS", "MARKS")
    table((*head, "THEN") if arguments.others else head, map(cells, rows))
    return code


async def _move(shards: "Shards", arguments: argparse.Namespace) -> int:
    from ops.moving.relocation import relocate

    await relocate(shards, arguments)
    return 0


async def _pause(connection: "Connection", arguments: argparse.Namespace) -> int:
    from ops.access import sound_accounts
    from ops.accounts import resolve_account
    from ops.jobs.pauses import pause, resume

    account = resolve_account(sound_accounts(arguments.config), arguments.account).key
    if arguments.action == "pause":
        await pause(connection, account, arguments.until, arguments.why)
    else:
        await resume(connection, account)
    return 0
