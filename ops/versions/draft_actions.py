"""Actions of `chatwootai config` on drafts: list, show, drop and publish them."""

import argparse
from typing import TYPE_CHECKING, Any, Final

from ops.access import NotFound, confirm, sound_accounts
from ops.accounts import resolve_account
from ops.printing import as_json, complain, table
from ops.times import format_moment
from ops.versions.drafts import Drafts, DraftView, Gate

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection


async def _list(connection: "Connection", arguments: argparse.Namespace) -> int:
    found = await Drafts(connection).all()
    if arguments.json:
        as_json([{"account": one.account, "at": one.at, "by": one.by} for one in found], "account")
    else:
        table(("ACCOUNT", "CHANGED", "BY"), [(one.account, format_moment(one.at), one.by) for one in found])
    return 0


async def _draft(connection: "Connection", arguments: argparse.Namespace) -> int:
    account = await _key(connection, arguments, arguments.account)
    if arguments.draft_action == "drop":
        await Drafts(connection).drop(account)
        return 0
    shown = await _view(connection, account)
    if arguments.json:
        as_json(draft_as_json(shown))
        return int(_is_broken(shown))
    print("\n".join(shown.difference) or "no difference")
    _complain(shown)
    return int(_is_broken(shown))


async def publish_draft(connection: "Connection", arguments: argparse.Namespace, gate: Gate) -> int:
    """Put the draft that `--draft` names in force, where `gate` lets it; 1 where it is not."""
    account = await _key(connection, arguments, arguments.draft)
    shown = await _view(connection, account)
    if arguments.dry_run or not arguments.yes:
        print("\n".join(shown.difference) or "no difference")
    _complain(shown)
    if _is_broken(shown):
        return 1
    if arguments.dry_run:
        return 0
    if not confirm("put it in force everywhere?", yes=arguments.yes, undoable=True):
        return 1
    return int(not await Drafts(connection).publish(account, gate=gate))


async def _key(connection: "Connection", arguments: argparse.Namespace, name: str) -> str:
    """Return the key of the account that is named; a draft outlives its account in the mapping, and is named by key.

    Raises:
        NotFound: there is neither a draft nor an account of that name.
    """
    drafts = {one.account for one in await Drafts(connection).all()}
    return name if name in drafts else resolve_account(sound_accounts(arguments.config), name, others=drafts).key


async def _view(connection: "Connection", account: str) -> DraftView:
    if (found := await Drafts(connection).view(account)) is None:
        raise NotFound(f"account {account} has no draft; `chatwootai config drafts` lists those there are")
    return found


def _is_broken(shown: DraftView) -> bool:
    return bool(shown.problems or shown.conflict)


def _complain(shown: DraftView) -> None:
    if shown.conflict:
        complain(shown.conflict)
    for problem in shown.problems:
        complain(problem)
    for remark in shown.remarks:
        complain(f"note: {remark}")


def draft_as_json(shown: DraftView) -> dict[str, Any]:
    """Return a draft as `config draft show --json` and the console's JSON have it."""
    return {
        "account": shown.kept.account,
        "at": shown.kept.at,
        "by": shown.kept.by,
        "difference": list(shown.difference),
        "problems": [str(one) for one in shown.problems],
        "conflict": shown.conflict or None,
        "shared": list(shown.shared),
        "remarks": list(shown.remarks),
    }


DRAFT_ACTIONS: Final[dict[str, Any]] = {"drafts": _list, "draft": _draft}
"""Actions by their names."""
