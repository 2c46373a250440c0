"""`chatwootai check`: every problem in all configuration at once."""

import argparse
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import takes_config, takes_json
from ops.printing import as_json, complain

if TYPE_CHECKING:
    from ops.doctor.findings import Findings

SUMMARY = "lint all configuration: every problem at once, each with file, line, column and remedy"
EXAMPLES = """\
  chatwootai check
  chatwootai check --no-secrets --format github     in CI, where secrets are not at hand
  chatwootai check --online                         asks models, Chatwoot and web sites too
  chatwootai check --json | python3 -m json.tool
  chatwootai check --schemas var/schemas            JSON Schemas of the files, for editors"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder, and how to print."""
    takes_config(parser)
    takes_json(parser)
    parser.add_argument(
        "--no-secrets", action="store_true", help="a secret that is not at hand is no problem: its name is listed"
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="also ask each model for one token, Chatwoot about each token, and whether web sites can be read",
    )
    parser.add_argument(
        "--format", choices=("text", "github"), default="text", help="github: annotations of a workflow's run"
    )
    parser.add_argument("--schemas", type=Path, metavar="DIR", help="write JSON Schemas of the files into DIR and end")


def run(arguments: argparse.Namespace) -> int:
    """Print the problems; 1 if there are any."""
    if arguments.schemas:
        return _schemas(arguments.schemas)
    from ops.doctor.findings import findings

    if arguments.no_secrets and arguments.online:
        complain("--online needs the secrets that --no-secrets does without")
        return 2
    found = findings(arguments.config, environ, secrets=not arguments.no_secrets)
    bad = bool(found.problems)
    if arguments.online:
        bad = _online(found) or bad
    for note in found.notes if arguments.format == "text" else ():
        complain(f"note: {note}")
    _print(arguments, found)
    return 1 if bad else 0


def _online(found: "Findings") -> bool:
    """Add what only asking tells, and print what models and Chatwoot say; whether there is trouble."""
    import asyncio

    from chatwootai.telemetry import log
    from crews.knowledge.reading.reachable import unreachable_sites
    from ops.doctor.examine import State, ask_models_and_tokens

    log.configure("CRITICAL", None, process="ops")  # what fails is said in a sentence
    accounts = found.snapshot.accounts
    found.notes += asyncio.run(unreachable_sites(accounts.values()))
    told = asyncio.run(ask_models_and_tokens(accounts.values()))
    for line in told:
        complain(str(line))
    return any(line.state is State.PROBLEM for line in told)


def _print(arguments: argparse.Namespace, found: "Findings") -> None:
    from dataclasses import asdict

    if arguments.json:
        as_json([asdict(problem) for problem in found.problems])
        return
    if arguments.format == "github":
        from ops.doctor.findings import as_annotations

        for line in as_annotations(found):
            print(line)
    else:
        for problem in found.problems:
            print(f"{problem.file}:{problem.line}:{problem.column}: {problem.rule}: {problem.message}")
            print(f"    {problem.remedy}")
    _sum_up(found)


def _sum_up(found: "Findings") -> None:
    count = len(found.problems)
    if found.unresolved:
        print(f"not looked up: {', '.join(found.unresolved)}")
    if count:
        complain(f"{count} problem{'s' if count > 1 else ''}")
    else:
        print(f"no problems: {found.accounts} account{'s' if found.accounts != 1 else ''}")


def _schemas(folder: Path) -> int:
    from config.schemas import write

    try:
        for path in write(folder):
            print(path)
    except OSError as error:
        complain(f"{folder}: {error.strerror}")
        return 1
    return 0
