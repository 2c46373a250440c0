"""`chatwootai config`: the configurations that were in force, what differs between them, and the way back."""

import argparse
import os
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.access import CommandError, UsageError
from ops.options import ACCOUNT, takes_config, takes_json, takes_yes
from ops.parsing import add_action
from ops.printing import as_json, table

if TYPE_CHECKING:
    from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
    from chatwootai.stores.server.connection import Connection
    from config.files.sources import Sources
    from config.snapshot import Snapshot
    from ops.versions.drafts import Gate

SUMMARY = "list the last configurations, compare them, or put an older one in force again"
EXAMPLES = """\
  chatwootai config status             every process: its version, and what it refused of its folder
  chatwootai config history            the last 20 versions, newest first
  chatwootai config diff               what the folder says otherwise than what is in force
  chatwootai config diff 7             what has changed since version 7
  chatwootai config diff 7 8
  chatwootai config rollback 7         in force everywhere within a second; the folder stays as it is
  chatwootai config publish            put the folder in force, also what a rollback has set aside
  chatwootai config publish --without-gate "the shop floods"     though its cases are not green
  chatwootai config publish --config next --canary 10%     for a tenth of the conversations, beside the version in force
  chatwootai config canary             what both sides came to; `config canary promote`, `config canary stop`
  chatwootai config drafts             accounts with a draft, written in the console
  chatwootai config draft show 1       what account 1's draft would change
  chatwootai config publish --draft 1  put it in force"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`status`, `history` (default), `diff`, `rollback`, `publish`, `canary`, `drafts` and `draft show|drop`."""
    from ops.versions.canary_options import canary_action, takes_canary

    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    what = "tell of every process which version it serves, and what it refused and why"
    takes_json(add_action(actions, "status", what, "chatwootai config status"))
    what = "list the last 20 versions, newest first"
    takes_json(add_action(actions, "history", what, "chatwootai config history -o name"), names=True)
    what = "show what differs: folder and version in force, or two versions"
    diff = add_action(actions, "diff", what, "chatwootai config diff 7 8")
    diff.add_argument("version", type=int, nargs="*", metavar="VERSION", help="none, one or two")
    takes_config(diff)
    takes_json(diff)
    what = "put an older version in force again, everywhere"
    back = add_action(actions, "rollback", what, "chatwootai config rollback 7 --yes")
    back.add_argument("version", type=int, metavar="VERSION")
    publish = add_action(actions, "publish", "put the folder in force, or a draft", "chatwootai config publish --yes")
    takes_config(publish)
    publish.add_argument(
        "--without-gate", metavar="REASON", help="though a set that `gate:` demands is not green; the audit tells why"
    )
    publish.add_argument("--draft", metavar="ACCOUNT", help="the draft of this account instead of the folder")
    takes_canary(publish)
    canary_action(actions)
    takes_json(add_action(actions, "drafts", "list the accounts with a draft", "chatwootai config drafts"), names=True)
    draft = add_action(actions, "draft", "show or drop an account's draft", "chatwootai config draft show 1")
    _draft_actions(draft.add_subparsers(dest="draft_action", metavar="ACTION", required=True))
    for action in (back, publish):
        takes_yes(action)
        action.add_argument("--dry-run", action="store_true", help="only show what would change")


def _draft_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    shown = add_action(actions, "show", "show what it would change", "chatwootai config draft show 1")
    takes_json(shown)
    dropped = add_action(actions, "drop", "forget it", "chatwootai config draft drop 1")
    for action in (shown, dropped):
        action.add_argument("account", metavar="ACCOUNT", help=ACCOUNT)
        takes_config(action)


def run(arguments: argparse.Namespace) -> int:
    """Do it; not 0 where Redis is away, there is no such version, or the configuration is broken."""
    from ops.access import with_redis
    from ops.versions.canary_options import refuse_idle_options

    if arguments.action == "publish":
        refuse_idle_options(arguments)
    if arguments.action in ("drafts", "draft"):
        return with_redis(lambda connection: _act_on_draft(connection, arguments))
    if arguments.action == "canary":
        return with_redis(lambda connection: _act_on_canary(connection, arguments))
    if getattr(arguments, "draft", None):
        return with_redis(lambda connection: _publish_draft(connection, arguments))
    actions = {"status": _status, "diff": _diff, "rollback": _rollback, "publish": _publish}
    return with_redis(lambda connection: _act(connection, actions.get(arguments.action, _history), arguments))


async def _act_on_draft(connection: "Connection", arguments: argparse.Namespace) -> int:
    from ops.versions.draft_actions import DRAFT_ACTIONS

    action: Coroutine[Any, Any, int] = DRAFT_ACTIONS[arguments.action](connection, arguments)
    return await action


async def _act_on_canary(connection: "Connection", arguments: argparse.Namespace) -> int:
    from ops.versions.canary_actions import CANARY_ACTIONS, show

    action: Coroutine[Any, Any, int] = CANARY_ACTIONS.get(arguments.canary_action, show)(connection, arguments)
    return await action


async def _publish_draft(connection: "Connection", arguments: argparse.Namespace) -> int:
    from ops.versions.draft_actions import publish_draft

    return await publish_draft(connection, arguments, _gate_of(connection, arguments))


async def _act(connection: "Connection", action: Any, arguments: argparse.Namespace) -> int:
    from chatwootai.stores.installation.config_versions import ConfigVersions

    work: Coroutine[Any, Any, int] = action(ConfigVersions(connection), arguments)
    try:
        return await work
    except ValueError as error:  # encrypted, and no key here opens it
        raise CommandError(error.args[0]) from error


async def _status(snapshots: "ConfigVersions", arguments: argparse.Namespace) -> int:
    """1 where a process refuses its folder, or does not serve what is in force."""
    from ops.versions.processes import print_status, status

    found = await status(snapshots)
    if arguments.json:
        as_json(found)
    else:
        print_status(found)
    return 0 if found["agree"] else 1


async def _history(snapshots: "ConfigVersions", arguments: argparse.Namespace) -> int:
    versions = await snapshots.history()
    current = await snapshots.current()
    if getattr(arguments, "json", False):
        as_json([_version_text(each, current) for each in versions], "version")
        return 0
    rows = [
        (each.number, "in force" if current and each.number == current.number else "", _when(each.at), each.why,
         each.accounts, each.digest[:12], each.by)
        for each in versions
    ]  # fmt: skip
    table(("VERSION", "", "SINCE", "WHY", "ACCOUNTS", "DIGEST", "BY"), rows)
    return 0


def _version_text(version: "ConfigVersion", current: "ConfigVersion | None") -> dict[str, object]:
    return {
        "version": version.number, "in_force": current is not None and version.number == current.number,
        "at": version.at, "why": version.why, "accounts": version.accounts, "digest": version.digest, "by": version.by,
    }  # fmt: skip


async def _diff(snapshots: "ConfigVersions", arguments: argparse.Namespace) -> int:
    from config.files.sources import gather
    from ops.versions.differences import differences
    from ops.versions.publishing import current_version, read_version

    if len(arguments.version) > 2:
        raise UsageError("two versions at most")
    if len(arguments.version) == 2:
        one, other = [await read_version(snapshots, number) for number in arguments.version]
        names = tuple(str(number) for number in arguments.version)
    else:
        current = await current_version(snapshots)
        in_force = await read_version(snapshots, current.number)
        if arguments.version:
            one, other = await read_version(snapshots, arguments.version[0]), in_force
            names = (str(arguments.version[0]), str(current.number))
        else:
            one, other = in_force, gather(arguments.config, os.environ)
            names = (str(current.number), "folder")
    lines = [line for file in differences(one, other, names).values() for line in file]
    if arguments.json:
        as_json({"from": names[0], "to": names[1], "difference": lines})
    else:
        print("\n".join(lines) if lines else "no difference")
    return 0


async def _rollback(snapshots: "ConfigVersions", arguments: argparse.Namespace) -> int:
    from ops.versions.publishing import roll_back

    async def agreed(sources: "Sources") -> bool:
        return await _is_agreed(snapshots, sources, arguments)

    done = await roll_back(snapshots, arguments.version, agreed)
    return 0 if arguments.dry_run and done is None else int(not done)


async def _publish(snapshots: "ConfigVersions", arguments: argparse.Namespace) -> int:
    from config.files.sources import gather
    from ops.accounts import resolve_account
    from ops.versions.publishing import is_sound, publish_version, read_accounts

    sources = gather(arguments.config, os.environ)
    if not is_sound(sources):
        return 1
    if arguments.account is not None:  # of a canary
        arguments.account = resolve_account(read_accounts(sources), arguments.account).key
    if not await _is_gate_open(snapshots, arguments, None) and not arguments.dry_run:
        return 1
    if not await _is_agreed(snapshots, sources, arguments):
        return 0 if arguments.dry_run else 1
    if arguments.canary is not None:
        from ops.versions.canary_actions import start

        return await start(snapshots, sources, arguments)
    return 0 if await publish_version(snapshots, sources, "publish", "publish", ()) else 1


def _gate_of(connection: "Connection", arguments: argparse.Namespace) -> "Gate":
    from chatwootai.stores.installation.config_versions import ConfigVersions

    return lambda snapshot: _is_gate_open(ConfigVersions(connection), arguments, snapshot)


async def _is_gate_open(
    snapshots: "ConfigVersions", arguments: argparse.Namespace, snapshot: "Snapshot | None"
) -> bool:
    """Run the sets that accounts demand, and tell what is not green; the audit is told of one that is gone around."""
    from ops.evaluation.publishing import closed_gates
    from ops.events.audit import write_down
    from ops.printing import complain

    reasons = await closed_gates(arguments.config, dict(os.environ), snapshot)
    for reason in reasons:
        complain(f"gate: {reason}")
    if reasons and arguments.without_gate and not arguments.dry_run:
        said = {"why": arguments.without_gate, "closed": len(reasons)}
        await write_down(snapshots.connection, "publish without gate", count=len(reasons), details=said)
        return True
    if reasons:
        complain("not put in force: mend the cases, accept the results anew, or say why with --without-gate")
    return not reasons


async def _is_agreed(snapshots: "ConfigVersions", sources: "Sources", arguments: argparse.Namespace) -> bool:
    """Show what would change where that is asked for or somebody is there to see it, and tell whether to go on."""
    from ops.access import can_ask, confirm
    from ops.versions.differences import differences
    from ops.versions.publishing import read_version

    current = await snapshots.current()
    if arguments.dry_run or (can_ask() and not arguments.yes):
        before = await read_version(snapshots, current.number) if current else sources
        names = (str(current.number) if current else "none", "then")
        lines = [line for file in differences(before, sources, names).values() for line in file]
        print("\n".join(lines) or "no difference")
    question = "let it answer its share?" if getattr(arguments, "canary", None) else "put it in force everywhere?"
    return not arguments.dry_run and confirm(question, yes=arguments.yes, undoable=True)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
