"""How verbs print: data as JSON or as a table, complaints on stderr."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path


def as_json(data: object) -> None:
    """Print data as JSON that people can read too."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as their widest value."""
    lines = [tuple(head), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def complain(text: object) -> None:
    """Say something on stderr, apart from the data on stdout."""
    print(text, file=sys.stderr)


def takes_config(parser: ArgumentParser) -> None:
    """The option that names the configuration folder."""
    folder = Path(os.environ.get("CHATWOOTAI_CONFIG") or "config")
    parser.add_argument("--config", type=Path, default=folder, metavar="DIR", help=f"configuration (now: {folder})")


def takes_json(parser: ArgumentParser) -> None:
    """The option to print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")
