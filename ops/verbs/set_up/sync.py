"""`chatwootai sync`: what differs between the mapping and Chatwoot, and the mapping brought up to date."""

import argparse
from collections import Counter
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import an_address, takes_account, takes_config, takes_json
from ops.printing import as_json, complain

if TYPE_CHECKING:
    import aiohttp

    from config.mapping.mapping_edit import MappingEdit
    from config.snapshot import Account
    from workers.account.sync import Difference
    from workers.chatwoot.admin import Setup

SUMMARY = "compare the mapping with Chatwoot: inboxes new, gone, renamed; bots unbound; addresses that moved"
EXAMPLES = """\
  chatwootai sync                                   shows the differences and what would be written
  chatwootai sync --yes                             writes the mapping; comments and order stay
  chatwootai sync --check                           for CI: exit code 1 if anything differs
  chatwootai sync --ours https://ai.example.com     also whether bot and webhook report there"""
TOKEN = "CHATWOOT_ADMIN_TOKEN"  # noqa: S105 - a variable's name


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take accounts, and what to do about differences."""
    takes_config(parser)
    takes_json(parser)
    takes_account(parser, "only this one")
    parser.add_argument("--ours", type=an_address, metavar="URL", help="the ingress's address, as Chatwoot reaches it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if anything differs")
    parser.add_argument("--yes", action="store_true", help="write the mapping; without, only show it")


def run(arguments: argparse.Namespace) -> int:
    """Compare; 1 where Chatwoot cannot be asked, the configuration is broken, or `--check` found a difference."""
    from config.document.problems import ConfigurationError
    from config.loading.loader import load
    from config.mapping.mapping_edit import MappingEdit, NotEditable
    from ops.accounts import resolve_account

    mapping = Path(arguments.config) / "chatwoot_mapping.yaml"
    try:
        snapshot = load(arguments.config, environ)
        edit = MappingEdit.read(mapping)
    except (ConfigurationError, NotEditable) as error:
        complain(error)
        return 1
    accounts = [*snapshot.accounts.values()]
    if arguments.account is not None:
        accounts = [resolve_account(snapshot.accounts, arguments.account)]
    import asyncio

    found, failed = asyncio.run(_compare_accounts(accounts, edit, arguments.ours))
    _print(found, arguments, whole=not failed)
    return _settle(found, edit, mapping, arguments) or (1 if failed else 0)


async def _compare_accounts(
    accounts: "list[Account]", edit: "MappingEdit", ours: str | None
) -> "tuple[list[Difference], bool]":
    """All differences, and whether an account could not be asked."""
    import aiohttp

    from workers.account.sync import differences
    from workers.chatwoot.errors import AdminError

    found: list[Difference] = []
    failed = False
    async with aiohttp.ClientSession() as session:
        for account in accounts:
            tokens = [account.user_token.reveal() if account.user_token else "", environ.get(TOKEN) or ""]
            try:
                setup = await _setup(session, account, [each for each in tokens if each])
            except AdminError as error:
                complain(f"account {account.key}: {error}")
                failed = True
                continue
            found += differences(account, setup, edit.inboxes(account.key), ours)
    return found, failed


async def _setup(session: "aiohttp.ClientSession", account: "Account", tokens: list[str]) -> "Setup":
    """Return what Chatwoot has, asked with the first token that may: an agent's `user_token` may not.

    Raises:
        AdminError: none of them may, or Chatwoot cannot be reached.
    """
    from workers.chatwoot.admin import Admin
    from workers.chatwoot.errors import AdminError

    refused = AdminError(f"no token to ask with: give it an administrator's `user_token`, or set {TOKEN}")
    for token in tokens:
        try:
            return await Admin(session, account.installation.url, account.id, token).setup()
        except AdminError as error:
            refused = error
    raise refused


def _print(found: "list[Difference]", arguments: argparse.Namespace, *, whole: bool) -> None:
    if arguments.json:
        as_json(
            [{"kind": each.kind, "account": each.account, "inbox": each.inbox, "said": each.said} for each in found]
        )
        return
    for each in found:
        print(each)
    if not found and whole:
        print("no difference")


def _settle(found: "list[Difference]", edit: "MappingEdit", mapping: Path, arguments: argparse.Namespace) -> int:
    from workers.account.sync import settle

    if arguments.check:
        return 1 if found else 0
    settle(edit, found)
    difference = edit.diff(str(mapping))
    if difference and not arguments.json:
        print(difference)
    if difference and arguments.yes:
        import asyncio

        from ops.events.audit import write_down_apart

        edit.save(mapping)
        said = {"file": str(mapping), **Counter(each.kind for each in found)}
        asyncio.run(write_down_apart("sync", account=arguments.account or "", count=len(found), details=said))
    elif difference:
        complain("Nothing was changed: add --yes to write it.")
    return 0
