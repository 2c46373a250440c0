"""The gate before a publish: every set that an account demands must be green on the folder that is to be in force."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from config.loading.without_secrets import inspect_without_secrets
from config.snapshot import Account, Snapshot
from ops.access import CommandError
from ops.evaluation.baseline import baseline_path, read_baseline
from ops.evaluation.gate import judge_set
from ops.evaluation.running import Order, run_set
from ops.printing import tell


def demanded_sets(accounts: Iterable[Account]) -> Iterator[tuple[Account, str]]:
    """Yield each account with each set that its settings demand; accounts of one folder once."""
    seen: set[tuple[str, str, str]] = set()
    for account in accounts:
        for name in account.settings.gate.sets:
            key = (account.domain, account.folder, name)
            if key not in seen:
                seen.add(key)
                yield account, name


async def closed_gates(configuration: Path, environ: dict[str, str], snapshot: Snapshot | None = None) -> list[str]:
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
            result = await run_set(Order(configuration, snapshot, account, name, baseline=baseline))
        except CommandError as error:
            reasons.append(f"{where}: {error}")
            continue
        verdict = judge_set(result, baseline, account.settings.gate)
        reasons += [f"{where}: {reason}" for reason in verdict.reasons]
        if verdict.passed:
            tell(f"{where}: {result.count('passed')} of {len(result.cases)} cases pass")
    return reasons
