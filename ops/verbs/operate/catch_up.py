"""`chatwootai catch-up`: ask Chatwoot for customers whose webhooks never arrived."""

import argparse
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ops.options import takes_account, takes_config, takes_json
from ops.printing import as_json, complain, table
from ops.times import a_moment

if TYPE_CHECKING:
    from chatwootai.channels.incoming.receipt import ReadingRules
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account

SUMMARY = "ask Chatwoot for customers who wait unanswered because their webhooks never arrived"
EXAMPLES = """\
  chatwootai catch-up --dry-run
  chatwootai catch-up --account 1 --hours 48
  chatwootai catch-up --opened-by-failure --since 02:10 --until 02:40 --dry-run
  chatwootai catch-up --opened-by-failure --since 2h"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take accounts, and how far back."""
    takes_config(parser)
    takes_json(parser)
    takes_account(parser, "only this one (default: all that have a user token)")
    parser.add_argument("--hours", type=float, metavar="N", help="how far back (default: CATCH_UP_HOURS, or 24)")
    parser.add_argument(
        "--opened-by-failure",
        action="store_true",
        help="give back and answer what Chatwoot opened because our webhook failed and nobody has touched since",
    )
    since = "with --opened-by-failure: opened from then on (02:10, 2h, 2026-11-28T02:10; default: as --hours)"
    parser.add_argument("--since", type=a_moment, metavar="WHEN", help=since)
    parser.add_argument("--until", type=a_moment, metavar="WHEN", help="with --opened-by-failure: opened until then")
    parser.add_argument("--dry-run", action="store_true", help="only count who waits")


def run(arguments: argparse.Namespace) -> int:
    """Catch up; 1 if an account could not be asked, 2 if the arguments do not go together."""
    from ops.access import with_redis

    if (arguments.since or arguments.until) and not arguments.opened_by_failure:
        complain("--since and --until go with --opened-by-failure; --hours says how far back the other way looks")
        return 2

    return with_redis(lambda connection: _run(connection, arguments))


async def _run(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.conversation.mailbox import Mailbox
    from chatwootai.stores.conversation.turns import Turns
    from ops.access import chatwoot_clients
    from ops.events.audit import options_used, write_down
    from workers.catch_up.unanswered import CatchUp

    hours = _hours(arguments)
    asked = {account.key: account for account in _ask_account(arguments)}

    def reading_rules(key: str, inbox: int | None) -> "ReadingRules":
        own = asked[key].inboxes.get(inbox or 0)
        return (own or asked[key]).settings.messages.reading_rules

    catch_up = CatchUp(Mailbox(connection), hours=hours, rules=reading_rules)
    async with chatwoot_clients() as client:
        rows = [
            await _catch_up_account(catch_up, Turns(connection), one, client(one), arguments, hours)
            for one in asked.values()
        ]
    if not arguments.dry_run:
        admitted = sum(row["admitted"] for row in rows)
        await write_down(
            connection, "catch-up", account=",".join(asked), count=admitted, details=options_used(arguments)
        )
    _print(rows, arguments)
    return 1 if any(row["problem"] for row in rows) else 0


def _hours(arguments: argparse.Namespace) -> float:
    from ops.access import CommandError
    from workers.process.environment import BadEnvironment, catch_up_hours

    try:
        hours = catch_up_hours(os.environ) if arguments.hours is None else float(arguments.hours)
    except BadEnvironment as error:
        raise CommandError(error) from error
    if not 0 < (hours := hours or 24.0) <= 168:
        raise CommandError("--hours is more than 0 and at most 168: what was admitted is remembered for a week")
    return hours


def _ask_account(arguments: argparse.Namespace) -> "list[Account]":
    from ops.access import CommandError, sound_accounts
    from ops.accounts import resolve_account
    from ops.other_shards import accounts_here

    known = sound_accounts(arguments.config)
    if not known:
        raise CommandError(f"{arguments.config} has no account that can be read: `chatwootai check` says why")
    if arguments.account is None:
        here = accounts_here(known)
        for account in here.values():
            if account.user_token is None:
                complain(f"account {account.key} is left out: the mapping has no user_token for it")
        able = [account for account in here.values() if account.user_token]
        if not here:
            return []
        if not able:
            raise CommandError("no account could be asked: catch-up needs a user_token, and no account has one")
        return able
    account = resolve_account(known, arguments.account)
    if account.user_token is None:
        raise CommandError(f"account {account.key} has no user_token in the mapping, and a bot may not list messages")
    return [account]


async def _catch_up_account(
    catch_up: Any, turns: Any, account: "Account", chatwoot: Any, arguments: argparse.Namespace, hours: float
) -> dict[str, Any]:
    from workers.catch_up.unanswered import CatchUpResult
    from workers.chatwoot.errors import ChatwootError

    try:
        caught, problem = await _catch(catch_up, turns, account, chatwoot, arguments, hours), None
    except ChatwootError as error:
        caught, problem = CatchUpResult(account.key), str(error)
    if caught.full:
        problem = "its mailboxes are full: again, once they have emptied"
    return {**asdict(caught), "problem": problem}


async def _catch(
    catch_up: Any, turns: Any, account: "Account", chatwoot: Any, arguments: argparse.Namespace, hours: float
) -> Any:
    from workers.catch_up.opened import Span, answer_opened

    if not arguments.opened_by_failure:
        return await catch_up.account(account.key, chatwoot, dry_run=arguments.dry_run)
    now = time.time()
    span = Span(arguments.since or now - 3600 * hours, arguments.until or now)
    return await answer_opened(catch_up, turns, account.key, chatwoot, span, dry_run=arguments.dry_run)


def _print(rows: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        as_json(rows)
        return
    names = ("account", "conversations", "waiting", "admitted", "known")
    state = "OPENED" if arguments.opened_by_failure else "PENDING"
    table(("ACCOUNT", state, "UNANSWERED", "ADMITTED", "KNOWN"), [[row[name] for name in names] for row in rows])
    for row in rows:
        if row["problem"]:
            complain(f"account {row['account']}: {row['problem']}")
