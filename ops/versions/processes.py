"""Reports which configuration each process serves and what it refused, for `chatwootai config status`."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.installation.processes import Process, Processes
from ops.printing import table


async def status(snapshots: ConfigVersions) -> dict[str, Any]:
    """Return the version in force (`in_force`, or null), all `processes`, and whether they `agree` with it.

    Raises:
        StoreUnavailable: Redis is away.
    """
    current = await snapshots.current()
    found = await Processes(snapshots.connection).all()
    usual = _usual(found)
    rows = [{**asdict(one), "gone": one.gone, "trouble": _trouble(one, current, usual)} for one in found]
    return {
        "in_force": asdict(current) if current else None,
        "agree": not any(row["trouble"] for row in rows if not row["gone"]),
        "processes": rows,
    }


def _usual(found: list[Process]) -> dict[tuple[str, str], str | None]:
    """Return, by release and digest, what most living processes make of that configuration; None where no more do.

    Of a door and a worker that differ nobody can tell which one has the wrong secret.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        if not one.gone:
            counts.setdefault((one.release, one.digest), Counter())[one.effective] += 1
    return {key: _most(count) for key, count in counts.items()}


def _most(count: Counter[str]) -> str | None:
    (first, times), *others = count.most_common(2)
    return None if others and others[0][1] == times else first


def _trouble(one: Process, current: ConfigVersion | None, usual: Mapping[tuple[str, str], str | None]) -> str:
    if one.gone:
        return "gone"
    if one.refused:
        return "refuses its folder"
    if current is not None and one.digest != current.digest:
        return "serves another configuration than the one in force"
    most = usual[one.release, one.digest]
    if most is None:
        return "its secrets differ from another's: one of them has the wrong ones"
    if most != one.effective:
        return "its secrets differ from the other processes'"
    return ""


def print_status(found: Mapping[str, Any]) -> None:
    """Print what `status` found."""
    current = found["in_force"]
    print(f"in force: version {current['number']} ({current['why']})" if current else "nothing is published yet")
    rows = [
        (one["name"], one["version"] or "-", one["digest"][:12], _last_seen(one), one["trouble"], one["release"])
        for one in found["processes"]
    ]
    table(("PROCESS", "VERSION", "DIGEST", "SEEN", "TROUBLE", "RELEASE"), rows or [("none lives", "", "", "", "", "")])
    for one in found["processes"]:
        if one["refused"] and not one["gone"]:
            print(f"\n{one['name']} refuses its folder, {one['refused']} in all:")
            for problem in one["problems"]:
                print(f"  {problem}")


def _last_seen(one: Mapping[str, Any]) -> str:
    return f"{max(0.0, time.time() - one['seen']):.0f} s ago"
