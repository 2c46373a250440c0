"""`chatwootai bench`: run entries, print a table or JSON."""

import argparse
import ast
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from bench.beside import Peers
from bench.figure import Figure
from ops.parsing import CommandParser, examples_block, sentence
from ops.verbs.try_out.bench import EXAMPLES, SUMMARY

_ENTRIES = Path(__file__).parent / "entries"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; 0 unless an entry is unknown or fails."""
    given = _arguments().parse_args(argv)
    known = entries()
    if given.list:
        _print("\n".join(f"{name:<12} {about}" for name, about in known.items()))
        return 0
    unknown = [name for name in given.names if name not in known]
    if unknown:
        _complain(f"no entry called {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    peers = Peers(_complain, wanted=not given.no_peers)
    handed = {"peers": peers, "say": _complain, "data": given.data}
    measured, failed = _measure(given.names or list(known), handed, quiet=given.json)
    if given.json:
        _print(json.dumps([figure.shown() for figure in measured], indent=2))
    if failed:
        _complain(f"not measured: {', '.join(failed)}")
    return 1 if failed else 0


def entries() -> dict[str, str]:
    """Return the names of all entries and the first line of what each says of itself."""
    return {
        name: (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0] for name, path in _files().items()
    }


def _files() -> dict[str, Path]:
    """Return the file of each entry by the entry's name, sorted."""
    found = (path for path in _ENTRIES.glob("*/*.py") if not path.name.startswith("_"))
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


def _measure(names: Sequence[str], handed: Mapping[str, Any], *, quiet: bool) -> tuple[list[Figure], list[str]]:
    """Run entries one after another; their figures, and the names of those that failed."""
    measured: list[Figure] = []
    failed: list[str] = []
    for number, name in enumerate(names, 1):
        _complain(f"[{number}/{len(names)}] measuring {name} ...")
        began = time.monotonic()
        try:
            figures = asyncio.run(_entry(name, handed))
        except Exception as error:  # noqa: BLE001 - one entry's trouble must not hide the others' figures
            _complain(f"{name} could not be measured: {type(error).__name__}: {error}")
            failed.append(name)
            continue
        measured += figures
        if not quiet:
            _print(table(figures))
        _complain(f"  {name} took {time.monotonic() - began:.0f} s")
    return measured, failed


async def _entry(name: str, handed: Mapping[str, Any]) -> list[Figure]:
    """Run one, with what it asks for: `peers` beside it, someone to `say` how far it is, `data` of the operator's."""
    run = import_module(f"bench.entries.{_files()[name].parent.name}.{name}").run
    wanted = signature(run).parameters
    given = {word: value for word, value in handed.items() if word in wanted}
    figures: list[Figure] = await run(**given)
    return figures


def table(figures: Sequence[Figure]) -> str:
    """Lay figures out in columns."""
    rows = [
        (figure.name, f"{figure.value:g} {figure.unit}", _ratio(figure.ratio), figure.against or "")
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {ratio:>{widths[2]}}  {against}".rstrip()
        for name, value, ratio, against in rows
    )


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"x {ratio:g}"


def _arguments() -> argparse.ArgumentParser:
    parser = CommandParser(prog="chatwootai bench", description=sentence(SUMMARY), epilog=examples_block(EXAMPLES))
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries to run (all of them without one)")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--no-peers", action="store_true", help="leave out what would have to be installed beside us")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="for `knowledge`: sets in SQuAD's shape, *.LANGUAGE.json"
    )
    parser.add_argument("--json", action="store_true", help="print objects with name, value, unit, against, ratio")
    return parser


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
