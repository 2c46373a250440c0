"""The configuration as the console shows it: versions, differences, problems, origins, and turns under each version."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from chatwootai.model.message.turn import Verdict
from chatwootai.stores.figures.ended_turn import NANO
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.figures.histogram import bucket_of, quantile
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import Connection
from config.files.sources import Sources, gather
from config.loading.effective import Value, effective_values, mapping_values
from config.loading.loader import Inspection
from config.snapshot import Account
from ops.access import NotFound
from ops.versions.differences import differences
from ops.versions.processes import status
from ops.versions.publishing import current_version, read_version

_MOST_TURNS: Final = 1_000
_MOST_PROBLEMS: Final = 200
_MOST_LINES: Final = 2_000
FOLDER: Final = "folder"
"""The side of a difference that is what the folder says now."""

Json = dict[str, Any]


async def read_versions(connection: Connection) -> Json:
    """Return the version in force, those kept (newest first), each process with its trouble, and whether all agree.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found = await status(ConfigVersions(connection))
    history = await ConfigVersions(connection).history()
    names = ("name", "kind", "host", "version", "digest", "trouble", "gone", "refused", "problems")
    return {
        "in_force": found["in_force"]["number"] if found["in_force"] else None,
        "agree": found["agree"],
        "processes": [{name: one[name] for name in names} for one in found["processes"]],
        "versions": [{**asdict(one), "version": one.number} for one in history],
    }


def problems_of(inspection: Inspection | None, account: Account | None) -> list[Json]:
    """Return what is wrong in the folder, at file and line, at most 200; of an account: in its own files."""
    found = inspection.problems if inspection else ()
    mine = [one for one in found if account is None or _is_own(one.file, account)]
    return [asdict(one) for one in mine[:_MOST_PROBLEMS]]


def values_of(inspection: Inspection, account: str, inbox: int | None) -> Json:
    """Return each setting of an account (as it is in an inbox of it), and where each value comes from.

    Raises:
        NotFound: there is no such account, or no such inbox.
    """
    if account not in inspection.snapshot.accounts:
        raise NotFound(f"there is no account {account} in this folder")
    return {
        "mapping": [_value(one) for one in mapping_values(inspection, account)],
        "settings": [_value(one) for one in effective_values(inspection, account, inbox)],
    }


def _value(one: Value) -> Json:
    return {"path": one.path, "value": one.value, "file": one.file, "line": one.line}


async def read_difference(connection: Connection, inspection_folder: Any, sides: tuple[str, str]) -> Json:
    """Return what differs between two versions, or a version and the folder, as a unified diff by file.

    Raises:
        NotFound: one of the versions is not kept.
        StoreUnavailable: Redis is away.
        ValueError: it is encrypted, and no key here opens it; or a side is neither a number nor `folder`.
    """
    one, other = [await _side(connection, inspection_folder, side) for side in sides]
    found = differences(one, other, sides)
    return {"from": sides[0], "to": sides[1], "files": {path: lines[:_MOST_LINES] for path, lines in found.items()}}


async def _side(connection: Connection, folder: Any, side: str) -> Sources:
    if side == FOLDER:
        return gather(folder, os.environ)
    versions = ConfigVersions(connection)
    if not side:
        return await read_version(versions, (await current_version(versions)).number)
    if not (side.isascii() and side.isdigit() and len(side) <= 9):
        raise NotFound(f"there is no version {side[:20]}")
    return await read_version(versions, int(side))


def of_account(difference: Json, account: Account) -> Json:
    """Return a difference without the files of others."""
    return {
        **difference,
        "files": {path: lines for path, lines in difference["files"].items() if _is_own(path, account)},
    }


def _is_own(file: str, account: Account) -> bool:
    return f"/domains/{account.domain}/{account.folder}/" in f"/{file}"


async def read_by_version(connection: Connection, account: str | None) -> list[Json]:
    """Return how the newest 1,000 turns went under each version of the configuration, the newest version first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    rows: dict[int, Json] = {}
    page = await Figures(connection).page(TurnFilter(account=account), most=_MOST_TURNS, most_read=_MOST_TURNS)
    for one in page.turns:
        turn = one.turn
        row = rows.setdefault(turn.config, {**dict.fromkeys(Verdict, 0), "cost": 0, "buckets": {}})
        row["first"], row["last"] = one.at, row.get("last", one.at)
        if turn.outcome in row:
            row[turn.outcome] += 1
        row["cost"] += turn.cost
        if turn.outcome == Verdict.REPLY:
            bucket = bucket_of(turn.seconds)
            row["buckets"][bucket] = row["buckets"].get(bucket, 0) + 1
    return [_by_version(version, row) for version, row in sorted(rows.items(), reverse=True)]


def _by_version(version: int, row: Mapping[str, Any]) -> Json:
    counts = {"replies": row[Verdict.REPLY], "handoffs": row[Verdict.HANDOFF], "silences": row[Verdict.SILENCE]}
    return {
        "version": version or None,
        "turns": sum(counts.values()),
        **counts,
        "p50_seconds": quantile(row["buckets"], 0.5),
        "p95_seconds": quantile(row["buckets"], 0.95),
        "cost": row["cost"] / NANO,
        "first": row["first"],
        "last": row["last"],
    }
