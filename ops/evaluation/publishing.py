"""The gate before a publish: every set that an account demands must be green on the folder that is to be in force.

As a program it reads from its standard input what the console wants to publish, and tells of each case as it goes.
"""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from chatwootai.telemetry import log
from config.files.packing import unpack
from config.loading.without_secrets import inspect_sources_without_secrets, inspect_without_secrets
from config.snapshot import Account, Snapshot
from ops.access import CommandError
from ops.evaluation.baseline import baseline_path, read_baseline
from ops.evaluation.gate import judge_set
from ops.evaluation.results import CaseResult
from ops.evaluation.running import Order, run_set
from ops.printing import listening, tell


def demanded_sets(accounts: Iterable[Account]) -> Iterator[tuple[Account, str]]:
    """Yield each account with each set that its settings demand; accounts of one folder once."""
    seen: set[tuple[str, str, str]] = set()
    for account in accounts:
        for name in account.settings.gate.sets:
            key = (account.domain, account.folder, name)
            if key not in seen:
                seen.add(key)
                yield account, name


Heard = Callable[[str, int, int, CaseResult], None]
"""Hears of a set, the cases done of how many, and the last one's result."""


async def closed_gates(
    configuration: Path,
    environ: dict[str, str],
    snapshot: Snapshot | None = None,
    hear: Heard = lambda name, done, of, result: None,
) -> list[str]:
    """Return why a folder may not be put in force: a sentence for each case and group that closes a gate.

    `snapshot`: what is to be in force, where that is not what the folder says: its cases are run on it. A set that is
    demanded and cannot be run closes it, too.
    """
    snapshot = snapshot or inspect_without_secrets(configuration, environ).found.snapshot
    reasons = []
    for account, name in demanded_sets(snapshot.accounts.values()):
        where = f"account {account.key}, set {name}"
        try:
            baseline = read_baseline(baseline_path(configuration, account, name))
            order = Order(configuration, snapshot, account, name, baseline=baseline, tell=partial(hear, where))
            result = await run_set(order)
        except CommandError as error:
            reasons.append(f"{where}: {error}")
            continue
        verdict = judge_set(result, baseline, account.settings.gate)
        reasons += [f"{where}: {reason}" for reason in verdict.reasons]
        if verdict.passed:
            tell(f"{where}: {result.count('passed')} of {len(result.cases)} cases pass")
    return reasons


def main() -> int:
    """Run what an object on standard input says: `configuration` (a folder), `sources` (packed, as base64), `accounts`.

    Prints an object a line: of each case `set`, `done`, `of`, `case`, `state`; at the end `reasons`.
    """
    log.configure("CRITICAL", None, process="ops")
    asked = json.loads(sys.stdin.read())
    sources = unpack(base64.b64decode(asked["sources"]), os.environ)
    snapshot = inspect_sources_without_secrets(sources, os.environ).found.snapshot
    snapshot = replace(snapshot, accounts={key: snapshot.accounts[key] for key in asked["accounts"]})

    def say(said: object) -> None:
        print(json.dumps(said), flush=True)

    def hear(name: str, done: int, of: int, result: CaseResult) -> None:
        say({"set": name, "done": done, "of": of, "case": result.name, "state": result.state})

    with listening():  # what is told here is for a terminal
        reasons = asyncio.run(closed_gates(Path(asked["configuration"]), dict(os.environ), snapshot, hear))
    say({"reasons": reasons})
    return 0


if __name__ == "__main__":
    sys.exit(main())
