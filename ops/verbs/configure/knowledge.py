"""`chatwootai knowledge`: read an account's sources, search what is known, say what is in force, test it, go back."""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import at_least_one, takes_account, takes_config, takes_json
from ops.parsing import add_action

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account

SUMMARY = "ingest an account's documents, search them, say what is in force, test it, or go back to an earlier version"
EXAMPLES = """\
  chatwootai knowledge ingest --account 1
  chatwootai knowledge search --account 1 "vocês entregam em Recife?"
  chatwootai knowledge search --account 1 - < questions.txt
  chatwootai knowledge status --account 1
  chatwootai knowledge test questions.jsonl --account 1
  chatwootai knowledge rollback --account 1"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`ingest`, `search`, `status`, `test` and `rollback`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "read the sources; what has not changed is taken over"
    ingest = _action(add_action(actions, "ingest", what, "chatwootai knowledge ingest --account 1 --source faq"))
    ingest.add_argument("--source", action="append", metavar="NAME", help="only this source (again for several)")
    ingest.add_argument("--dry-run", action="store_true", help="read and say what would change, and change nothing")
    ingest.add_argument("--due", action="store_true", help="only sources whose every_hours have passed")
    what = "find the passages that would be offered for a question"
    example = 'chatwootai knowledge search --account 1 "vocês entregam em Recife?"'
    search = _action(add_action(actions, "search", what, example))
    search.add_argument("question", help="what a customer might ask; -: a question a line on stdin")
    search.add_argument("--top", type=at_least_one, default=5, metavar="N", help="at most so many (default: 5)")
    _audience(search)
    what = "tell what is in force, by source, with problems"
    status = _action(add_action(actions, "status", what, "chatwootai knowledge status --account 1 --versions"))
    status.add_argument("--versions", action="store_true", help="list the versions kept instead")
    what, example = "ask questions with known answers, and count", "chatwootai knowledge test asked.jsonl --account 1"
    test = _action(add_action(actions, "test", what, example))
    test.add_argument("file", type=Path, metavar="FILE", help='JSONL of {"question": ..., "expect": [document ids]}')
    _audience(test)
    what = "put an earlier version in force"
    back = _action(add_action(actions, "rollback", what, "chatwootai knowledge rollback --account 1 --to 3"))
    back.add_argument("--to", type=int, metavar="VERSION", help="this one (default: the one before)")


def _action(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    takes_account(parser, required=True)
    takes_config(parser)
    takes_json(parser)
    return parser


def _audience(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--team", action="store_true", help="of the team's documents, which no customer is told")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where it cannot be done, a source failed, or there is no such account."""
    from os import environ

    from config.loading.loader import inspect
    from ops.access import with_redis
    from ops.accounts import resolve_account
    from ops.knowledge import ingest, roll_back, search, status
    from ops.knowledge import test as tested

    account = resolve_account(inspect(arguments.config, environ).snapshot.accounts, arguments.account)
    verbs: dict[str, Callable[[argparse.Namespace, Account, Connection], Awaitable[int]]] = {
        "ingest": ingest,
        "search": search,
        "status": status,
        "test": tested,
        "rollback": roll_back,
    }
    return with_redis(lambda connection: verbs[arguments.action](arguments, account, connection))
