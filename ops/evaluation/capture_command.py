"""Does `eval capture`: drafts of one conversation, or of many of a kind, none of them twice."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.evaluation.case_files import own_set_folder, read_sets
from config.snapshot import Account
from ops.access import ChatwootRefused, CommandError, NotFound, UsageError, chatwoot_clients, with_redis
from ops.evaluation.capture import NothingToCapture, capture, purpose_of, write_draft
from ops.evaluation.commands import loaded
from ops.evaluation.origins import Origin, captured_before, corrected, dead_letters, of_turn, origin_of, with_label
from ops.events.audit import write_down_apart
from ops.printing import as_json, table, tell
from workers.chatwoot.errors import ChatwootError

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from workers.chatwoot.client import Chatwoot


@dataclass(slots=True)
class Captured:
    """The result of a capture. `drafts`: `conversation`, `source`, `name` and `file`; `skipped`: and `why`."""

    account: str
    set: str
    dry_run: bool
    drafts: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Write drafts, and put that into the audit; 1 where the one conversation that was named gives none."""
    named = origin_of(arguments.conversation) if arguments.conversation else None
    if arguments.conversation and named is None:
        raise UsageError(f"{arguments.conversation!r} is no conversation: write it as 1:25")
    if named is None and arguments.account is None:
        raise UsageError("--account says whose; or name one conversation, as 1:25")
    _, account = loaded(arguments.config, named[0] if named else arguments.account)
    purpose_of(account)
    if arguments.turn and named is None:
        raise UsageError("--turn is one of a conversation: name that too, as 1:25")
    if named is not None and not arguments.turn:
        return asyncio.run(_capture(account, arguments, _one(named[1])))
    if arguments.label:
        return asyncio.run(_capture(account, arguments, None))
    conversation = named[1] if named else 0
    return with_redis(
        lambda connection: _capture(account, arguments, _kept(connection, account, arguments, conversation))
    )


def _kept(
    connection: "Connection", account: Account, arguments: argparse.Namespace, conversation: int
) -> AsyncIterator[Origin]:
    if arguments.turn:
        return _turn(connection, account, conversation, arguments.turn)
    return (dead_letters if arguments.dead_letters else corrected)(connection, account.key)


async def _turn(connection: "Connection", account: Account, conversation: int, turn: str) -> AsyncIterator[Origin]:
    origin = await of_turn(connection, account.key, turn)
    if origin is None or origin.conversation != conversation:
        raise NotFound(f"nothing is kept of a turn {turn} of {account.key}:{conversation}")
    yield origin


async def _one(conversation: int) -> AsyncIterator[Origin]:
    yield Origin(conversation)


async def _capture(account: Account, arguments: argparse.Namespace, origins: AsyncIterator[Origin] | None) -> int:
    done = Captured(account.key, arguments.name, arguments.dry_run)
    async with chatwoot_clients() as client:
        chatwoot = client(account)
        try:
            await _each(account, arguments, origins or with_label(chatwoot, arguments.label), chatwoot, done)
        except ChatwootError as error:
            raise ChatwootRefused(str(error)) from None
        finally:
            details = {"set": done.set, "purpose": purpose_of(account), "dry_run": done.dry_run}
            await write_down_apart("eval capture", account=account.key, count=len(done.drafts), details=details)
    _print(done, arguments)
    return 0


async def _each(
    account: Account,
    arguments: argparse.Namespace,
    origins: AsyncIterator[Origin],
    chatwoot: "Chatwoot",
    done: Captured,
) -> None:
    """Make a draft of each origin, until there are as many as are wanted."""
    folder = own_set_folder(arguments.config, account.domain, account.folder, arguments.name)
    known = captured_before(one.case for one in read_sets(arguments.config, account.domain, account.folder))
    async for origin in origins:
        if len(done.drafts) >= arguments.most:
            break
        told = {"conversation": f"{account.key}:{origin.conversation}", "source": origin.source}
        try:
            case = await capture(account, origin, known, chatwoot=chatwoot)
        except (NothingToCapture, CommandError) as error:
            if arguments.conversation:
                raise
            done.skipped.append({**told, "why": str(error)})
            continue
        known.add((case["conversation"], case["message"]))
        file = "" if arguments.dry_run else str(_written(case, folder))
        done.drafts.append({**told, "name": case["name"], "file": file})


def _written(case: dict[str, Any], folder: Path) -> Path:
    try:
        return write_draft(case, folder)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from None


def _print(done: Captured, arguments: argparse.Namespace) -> None:
    if arguments.json:
        as_json(asdict(done))
        return
    rows = [(one["conversation"], one["source"], one["file"] or one["name"]) for one in done.drafts]
    table(("CONVERSATION", "OF", "DRAFT"), rows)
    for one in done.skipped:
        print(f"{one['conversation']}: {one['why']}")
    if done.drafts and not done.dry_run:
        tell("These are drafts. Names and addresses in running text are found by no rule: read each, take them out,")
        tell("and write `reviewed: true` into it; until then it is not run.")
