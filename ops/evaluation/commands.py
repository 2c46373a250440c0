"""Actions of `chatwootai eval`, each a function of its arguments that returns the exit code."""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from os import environ
from pathlib import Path

from config.evaluation.case_files import read_set, set_folders, set_names
from config.loading.without_secrets import inspect_without_secrets
from config.snapshot import Account, Snapshot
from ops.access import CommandError, NotFound, operator_name
from ops.accounts import resolve_account
from ops.evaluation.baseline import baseline_path, read_baseline, write_baseline
from ops.evaluation.gate import judge_set
from ops.evaluation.judge import Judge, measure
from ops.evaluation.page import as_page
from ops.evaluation.promptfoo import import_tests
from ops.evaluation.rehearsing.recording import CappedModel
from ops.evaluation.reports import as_data, as_events, as_junit, as_lines
from ops.evaluation.results import CaseResult
from ops.evaluation.running import Order, model_of, run_set
from ops.printing import as_json, complain, table, tell


def loaded(configuration: Path, name: str) -> tuple[Snapshot, Account]:
    """Return a folder's configuration and the account of that name; secrets need not be at hand.

    Raises:
        CommandError: the folder has problems, each with its place; NotFound: it has no such account.
    """
    found = inspect_without_secrets(configuration, environ).found
    if found.problems:
        raise CommandError("\n".join(map(str, found.problems)))
    return found.snapshot, resolve_account(found.snapshot.accounts, name)


def run(arguments: argparse.Namespace) -> int:
    """Rehearse a set, print and write its results; 1 where its gate is not passed."""
    snapshot, account = loaded(arguments.config, arguments.account)
    if arguments.live:
        complain(f"a real model is asked, for ${arguments.most_cost:g} at most; tools answer as recorded")
    order = Order(
        arguments.config,
        snapshot,
        account,
        arguments.name,
        live=arguments.live,
        repeat=max(1, arguments.repeat),
        most_cost=arguments.most_cost,
        baseline=read_baseline(baseline_path(arguments.config, account, arguments.name)),
        judged=arguments.judge,
        tell=_progress,
    )
    result = asyncio.run(run_set(order))
    verdict = judge_set(result, order.baseline, account.settings.gate)
    _write(arguments.junit, as_junit(result))
    _write(arguments.html, as_page(result, verdict).encode())
    _write(arguments.events, "".join(f"{line}\n" for line in as_events(result)).encode())
    if arguments.json:
        as_json(as_data(result, verdict))
    else:
        print("\n".join(as_lines(result, verdict)))
    return 0 if verdict.passed else 1


def accept(arguments: argparse.Namespace) -> int:
    """Write the present results as those that are accepted, and put that into the audit."""
    from ops.events.audit import write_down_apart

    snapshot, account = loaded(arguments.config, arguments.account)
    result = asyncio.run(run_set(Order(arguments.config, snapshot, account, arguments.name, tell=_progress)))
    path = baseline_path(arguments.config, account, arguments.name)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        write_baseline(path, result, by=operator_name(), at=now)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    counts = {state: result.count(state) for state in ("passed", "failed", "missed")}
    asyncio.run(write_down_apart("eval accept", account=account.key, count=len(result.cases), details=counts))
    if arguments.json:
        as_json({"account": account.key, "set": arguments.name, "file": str(path), **counts})
    else:
        tell(f"accepted: {', '.join(f'{number} {state}' for state, number in counts.items())}; written to {path}")
    return 0


def list_sets(arguments: argparse.Namespace) -> int:
    """Print an account's sets."""
    _, account = loaded(arguments.config, arguments.account)
    rows = []
    for name in set_names(arguments.config, account.domain, account.folder):
        cases, problems = read_set(set_folders(arguments.config, account.domain, account.folder, name))
        known = read_baseline(baseline_path(arguments.config, account, name))
        rows.append(
            {
                "set": name, "cases": len(cases), "must": sum(each.case.must for each in cases),
                "drafts": sum(not each.case.reviewed for each in cases), "problems": len(problems),
                "accepted": known.at if known else None, "gated": name in account.settings.gate.sets,
            }
        )  # fmt: skip
    if arguments.output != "table":
        as_json(rows, "set")
    else:
        table(
            ("SET", "CASES", "MUST", "DRAFTS", "PROBLEMS", "ACCEPTED", "GATED"), [tuple(row.values()) for row in rows]
        )
    return 0


def judge(arguments: argparse.Namespace) -> int:
    """Measure a set's judge against its labels; 1 where it may not count."""
    _, account = loaded(arguments.config, arguments.account)
    folders = set_folders(arguments.config, account.domain, account.folder, arguments.name)
    if not folders:
        raise NotFound(f"account {account.key} has no set {arguments.name}")
    complain(f"a real model is asked, for ${arguments.most_cost:g} at most")

    async def ask() -> int:
        async with AsyncExitStack() as stack:
            model: CappedModel = await model_of(stack, arguments.most_cost)
            found = await measure(Judge(model, account.settings, counts=False), folders[-1])
        if arguments.json:
            as_json({**{name: getattr(found, name) for name in found.__slots__}, "counts": found.counts})
        else:
            tell(f"{found.model}: {found.agreed} of {found.labels} as people said, kappa {found.kappa:.2f}")
        return 0 if found.counts else 1

    return asyncio.run(ask())


def take_over(arguments: argparse.Namespace) -> int:
    """Write promptfoo's tests as cases of a set; 1 where something of them has no like here."""
    _, account = loaded(arguments.config, arguments.account)
    folder = baseline_path(arguments.config, account, arguments.name).parent
    written, problems = import_tests(arguments.file, folder)
    for problem in problems:
        complain(problem)
    tell(f"{written} cases in {folder / (arguments.file.stem + '.yaml')}")
    return 1 if problems else 0


def _write(path: Path | None, data: bytes) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def _progress(done: int, of: int, result: CaseResult) -> None:
    """Tell on stderr how far it is: one line that changes on a terminal, else a line for every tenth of the set."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{done}/{of} {result.state} {result.name[:60]}" if done < of else "\r\x1b[2K")
        sys.stderr.flush()
    elif done == of or done % max(1, of // 10) == 0:
        print(f"{done}/{of}", file=sys.stderr)
