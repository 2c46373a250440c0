"""Prints the doors and workers of an installation: when each was heard of last, and what it does."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from chatwootai.stores.installation.processes import Process
from ops.printing import table
from ops.times import format_span


def process_as_json(one: Process) -> dict[str, Any]:
    """Return a process as `jobs stats` prints it; `gone`: it was silent for too long to live.

    `warming`: it is still loading, and takes nothing yet.
    """
    return {
        "kind": one.kind, "name": one.name.partition(" ")[2], "host": one.host, "started": one.started,
        "seen": one.seen, "gone": one.gone, "release": one.release, "version": one.version, "refused": one.refused,
        "digest": one.digest, "slots": one.slots, "warming": one.warming,
    }  # fmt: skip


def print_processes(found: Mapping[str, Any]) -> None:
    """Print the workers of `jobs stats`, with what each runs, and the doors."""
    running = dict(found["workers"])
    rows = [
        (one["name"], running.pop(one["name"], 0), _last_seen(one), _serves(one))
        for one in found["processes"]
        if one["kind"] == "worker"
    ]
    rows += [(name, count, "", "") for name, count in running.items()]  # arq's own, which tell nothing of themselves
    if (found.get("redis") or {}).get("replica"):
        print("\nwho lives cannot be told: processes say so in Redis, and this one takes no writes")
    else:
        _print_dead_kinds(found["processes"])
    print("\nworkers")
    table(("WORKER", "RUNNING", "SEEN", "CONFIGURATION"), rows or [("none listens", "", "", "")])
    doors = [(one["name"], _last_seen(one), _serves(one)) for one in found["processes"] if one["kind"] == "ingress"]
    print("\ndoors")
    table(("DOOR", "SEEN", "CONFIGURATION"), doors or [("none listens", "", "")])


def _print_dead_kinds(processes: Iterable[Mapping[str, Any]]) -> None:
    """Say it in a sentence where all workers, or all doors, are gone."""
    sentences = {
        "worker": "no worker lives: what waits is answered once one is started",
        "ingress": (
            "no door lives: Chatwoot opens the conversations of customers who write now; start one, and "
            "`chatwootai catch-up --opened-by-failure` brings them back"
        ),
    }
    found = list(processes)
    for kind, sentence in sentences.items():
        seen = [one for one in found if one["kind"] == kind]
        if seen and all(one["gone"] for one in seen):
            print(f"\n{sentence}")


def _last_seen(one: Mapping[str, Any]) -> str:
    ago = format_span(time.time() - one["seen"])
    if one["gone"]:
        return f"gone, {ago} ago"
    return f"warming for {format_span(time.time() - one['started'])}" if one.get("warming") else f"{ago} ago"


def _serves(one: Mapping[str, Any]) -> str:
    version = "" if one["version"] is None else f"version {one['version']}"
    return f"{version}, refuses its folder" if one["refused"] else version
