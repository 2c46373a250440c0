"""`chatwootai check`: every problem in all configuration at once."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from os import environ
from pathlib import Path

from ops.options import takes_config, takes_json
from ops.printing import as_json, complain

SUMMARY = "lint all configuration: every problem at once, each with file, line, column and remedy"
EXAMPLES = """\
  chatwootai check
  chatwootai check --json | python3 -m json.tool
  chatwootai check --schemas var/schemas      JSON Schemas of the files, for editors"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder, and how to print."""
    takes_config(parser)
    takes_json(parser)
    parser.add_argument("--online", action="store_true", help="also look whether web sites of knowledge can be read")
    parser.add_argument("--schemas", type=Path, metavar="DIR", help="write JSON Schemas of the files into DIR and end")


def run(arguments: argparse.Namespace) -> int:
    """Print the problems; 1 if there are any."""
    if arguments.schemas:
        return _schemas(arguments.schemas)
    problems, notes, accounts = findings(arguments.config, environ)
    if arguments.online:
        notes = [*notes, *_unreachable(arguments.config)]
    for note in notes:
        complain(f"note: {note}")
    if arguments.json:
        as_json([asdict(problem) for problem in problems])
    else:
        _print(problems, accounts)
    return 1 if problems else 0


def findings(folder: Path, environment: Mapping[str, str]) -> tuple[list, list, int]:  # type: ignore[type-arg]
    """Problems and notes of configuration and crews, and how many accounts are served."""
    from config.loading.knowledge_files import missing_files
    from config.loading.loader import inspect
    from crews.plan import planning

    found = inspect(folder, environment)
    problems = list(found.problems) or planning.problems(found.snapshot)
    problems += missing_files(found.library.own)
    crews = [*planning.notes(found.snapshot), *planning.key_notes(found.snapshot, environment)]
    return problems, [*found.snapshot.notes, *crews, *_astray(folder)], len(found.snapshot.accounts)


def _unreachable(folder: Path) -> list[str]:
    import asyncio

    from config.loading.loader import inspect
    from crews.knowledge.reading.reachable import unreachable_sites

    return asyncio.run(unreachable_sites(inspect(folder, environ).snapshot.accounts.values()))


def _astray(folder: Path) -> list[str]:
    """A note for each file of secrets that lies where a wheel, an image or git would take it."""
    from ops.connect.secret_places import stray_secrets, warnings

    return [line for path in stray_secrets(folder) for line in warnings(path)]


def _print(problems: list, accounts: int) -> None:  # type: ignore[type-arg]
    for problem in problems:
        print(f"{problem.file}:{problem.line}:{problem.column}: {problem.rule}: {problem.message}")
        print(f"    {problem.remedy}")
    if problems:
        complain(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
    else:
        print(f"no problems: {accounts} account{'s' if accounts != 1 else ''}")


def _schemas(folder: Path) -> int:
    from config.schemas import write

    try:
        for path in write(folder):
            print(path)
    except OSError as error:
        complain(f"{folder}: {error.strerror}")
        return 1
    return 0
