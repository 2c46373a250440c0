"""Prints for verbs: data as JSON or as a table, complaints on stderr."""

import json
import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
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


def an_address(text: str) -> str:
    """An argument that is the address of a server, without a slash at its end."""
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", text) or "/app/" in text:
        raise ArgumentTypeError(f"{text!r} is no address; write it as https://chat.example.com")
    return text.rstrip("/")


def a_phone(text: str) -> str:
    """An argument that is a phone number with its country code."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", text):
        raise ArgumentTypeError(f"{text!r} is no phone number; write + and digits alone, as +5531999990000")
    return text


def ids(text: str) -> tuple[int, ...]:
    """An argument that is a list of ids."""
    if not re.fullmatch(r"\s*[0-9]+\s*(,\s*[0-9]+\s*)*", text):
        raise ArgumentTypeError(f"{text!r} are no numbers; write them as 11,12")
    return tuple(int(each) for each in text.split(","))


def takes_json(parser: ArgumentParser) -> None:
    """The option to print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")
