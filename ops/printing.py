"""Prints for verbs: data as JSON or as a table, complaints on stderr; colours on terminals alone."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

_format = "json"
_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)
"""Sentences that `tell` and `complain` give to somebody who listens in place of a terminal."""
_shard_name: ContextVar[str] = ContextVar("shard_name", default="")
_COLOURS = {"bad": "31", "warn": "33", "good": "32", "changed": "7"}


def choose_format(output: str) -> None:
    """Choose how `as_json` prints for the rest of this process: `json`, `jsonl` or `name`."""
    global _format  # noqa: PLW0603 - one command line, one form
    _format = output


def as_json(data: object, name: str = "") -> None:
    """Print data: as JSON that people can read too, an object a line, or the rows' values of `name` alone."""
    rows = data if isinstance(data, list) else [data]
    if _format == "jsonl":
        for row in rows:
            print(json.dumps(row, ensure_ascii=False, default=str))
    elif _format == "name":
        for row in rows:
            print(row[name] if isinstance(row, Mapping) else row)
    else:
        print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as their widest value."""
    lines = [tuple(head), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    show: Callable[[str], object] = getattr(sys.stdout, "write_head", print)  # ops.shards.output: several shards
    for line in lines:
        show("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        show = print


@contextmanager
def naming_shard(name: str) -> Iterator[None]:
    """Let what is said until the end of the block be of this shard; empty: it needs no name."""
    before = _shard_name.set(name)
    try:
        yield
    finally:
        _shard_name.reset(before)


def shard_name() -> str:
    """Return the shard of which something is said; empty where that needs no name."""
    return _shard_name.get()


@contextmanager
def listening() -> Iterator[list[str]]:
    """Yield a list of all that is told in this context until the end of the block; none of it is printed."""
    heard: list[str] = []
    before = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(before)


def tell(text: str) -> None:
    """Say what was done: on stdout, or to who listens."""
    heard = _heard.get()
    if heard is None:
        print(text)
    else:
        heard.append(text)


def complain(text: object) -> None:
    """Say something on stderr, apart from the data on stdout, or to who listens; of which shard, where it matters."""
    text = f"shard {name}: {text}" if (name := shard_name()) else text
    if (heard := _heard.get()) is not None:
        heard.append(str(text))
        return
    print(coloured(str(text), "bad", sys.stderr), file=sys.stderr)


def coloured(text: str, kind: str, stream: TextIO | None = None) -> str:
    """Return a text in the colour of a kind (`bad`, `warn`, `good`, `changed`), where the stream shows colours."""
    if not text or not shows_colours(stream or sys.stdout):
        return text
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m"


def shows_colours(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal, and neither NO_COLOR nor TERM=dumb forbids colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


_PASSING = re.compile(r"\b\d+(\.\d+)? (s|ms|min|h)\b( \d+ (s|min))?|\d\d:\d\d:\d\d(\.\d+)?")
"""Ages and moments, which change of themselves."""


class Changes:
    """Marks the lines of a page that the page before did not have, for --watch. Ages alone do not count as a change."""

    def __init__(self) -> None:
        self._before: frozenset[str] | None = None

    def mark(self, page: str) -> str:
        """Return a page with what is new or changed inverted on a terminal, else after an asterisk."""
        lines = page.splitlines()
        before, self._before = self._before, frozenset(map(_strip_sequences, lines))
        if before is None:
            return page
        return (
            "\n".join(line if not line or _strip_sequences(line) in before else _mark_line(line) for line in lines)
            + "\n"
        )


def _strip_sequences(line: str) -> str:
    return re.sub(r"\s+", " ", _PASSING.sub("", line)).strip()


def _mark_line(line: str) -> str:
    return coloured(line, "changed") if shows_colours(sys.stdout) else f"* {line}"
