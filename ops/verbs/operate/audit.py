"""`chatwootai audit`: what people did to this installation, and whether the list of it is whole."""

import argparse
from typing import TYPE_CHECKING

from ops.options import takes_account, takes_config, takes_json
from ops.parsing import add_action
from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from chatwootai.stores.operators.audit import AuditEntry
    from chatwootai.stores.server.connection import Connection

SUMMARY = "list what people did here: publish, roll back, retry, drop, replay, purge, export, erase, connect"
EXAMPLES = """\
  chatwootai audit --since 2d
  chatwootai audit verify
  chatwootai audit -o jsonl --since 1d     keep it elsewhere"""
DEFAULT = "list"


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default) and `verify`."""
    from ops.times import a_moment

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = add_action(actions, "list", "list what people did, the newest last", "chatwootai audit list --since 2h")
    takes_account(listed, "only what was done to this one")
    takes_config(listed)
    listed.add_argument("--since", type=a_moment, metavar="WHEN", help="from then on: 2h, 02:10, 2026-11-28T02:10")
    listed.add_argument("--until", type=a_moment, metavar="WHEN", help="until then")
    what = "follow the chain: 1 where an entry was changed, left out or added"
    verify = add_action(actions, "verify", what, "chatwootai audit verify --expect 118:3fd0a2b4c5d6")
    help_text = (
        "a number and the digest's beginning, as an earlier `audit verify` printed it: it must stand there still"
    )
    verify.add_argument("--expect", metavar="NUMBER:DIGEST", help=help_text)
    for action in (listed, verify):
        takes_json(action)


def run(arguments: argparse.Namespace) -> int:
    """Print, or verify; 1 where the chain is broken."""
    from ops.access import with_redis

    act = {"list": _list, "verify": _verify}[arguments.action]
    return with_redis(lambda connection: act(connection, arguments))


async def _list(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.audit import AuditLog, entry_as_json

    found = [one async for one in AuditLog(connection).entries(arguments.since or 0.0, arguments.until)]
    account = _account_key(arguments, found)
    rows = [one for one in found if account is None or account in one.account.split(",")]
    if arguments.json:
        as_json([entry_as_json(one) for one in rows])
    elif rows:
        table(("NUMBER", "AT", "WHO", "WHAT", "ACCOUNT", "OF", "COUNT", "HOW"), [_row(one) for one in rows])
    else:
        print("nobody did anything")
    return 0


def _account_key(arguments: argparse.Namespace, found: "list[AuditEntry]") -> str | None:
    """Return the key of the account that is named; also of one that left the mapping and has entries."""
    from ops.access import NotFound, sound_accounts
    from ops.accounts import resolve_account

    if arguments.account is None:
        return None
    try:
        return resolve_account(sound_accounts(arguments.config), arguments.account).key
    except NotFound:
        if any(arguments.account in one.account.split(",") for one in found):
            return str(arguments.account)
        raise


def _row(one: "AuditEntry") -> tuple[object, ...]:
    from ops.times import format_moment

    how = "  ".join(f"{name}={value}" for name, value in one.details.items())
    return one.number, format_moment(one.at), one.who, one.what, one.account, one.of, one.count, how


async def _verify(connection: "Connection", arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from chatwootai.stores.operators.audit import AuditLog

    log = AuditLog(connection)
    found = await log.verify()
    faults = list(found.faults)
    if arguments.expect:
        number, _, digest = arguments.expect.partition(":")
        standing = [one.digest async for one in log.entries() if str(one.number) == number]
        if not digest or not any(each.startswith(digest) for each in standing):
            faults.append(f"entry {number} with digest {digest or '?'} is not there")
    if arguments.json:
        as_json({**asdict(found), "faults": faults})
    else:
        for fault in faults:
            complain(fault)
        print(f"{found.entries} entries, numbers {found.first} to {found.last}; newest {found.last}:{found.digest}")
    return 1 if faults else 0
