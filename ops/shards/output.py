"""Joins what a verb prints on several shards: a column with the shard's name, or a field of each JSON object."""

import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TextIO

from ops.printing import shard_name

HEAD: Final = "SHARD"


@contextmanager
def merged_output(output: str, names: Sequence[str]) -> Iterator[None]:
    """Let stdout say of which shard each line (`table`), object (`jsonl`) or row (`json`) is, until the block ends."""
    before = sys.stdout
    into = {"json": JsonRows, "jsonl": JsonLines, "table": Column}.get(output)
    if into is None:
        yield
        return
    writer = into(before, max(map(len, (HEAD, *names))))
    sys.stdout = writer
    try:
        yield
    finally:
        sys.stdout = before
        writer.end()


class Column(io.TextIOBase):
    """A stdout that puts the name of the present shard before each line."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self.stream = stream
        self._width = width
        self._begun = False

    def write(self, text: str) -> int:
        """Write a text, whole lines or not."""
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            self.stream.write(line if self._begun else self._with_name(line, shard_name()))
            self._begun = not line.endswith("\n")
        return len(text)

    def write_head(self, text: str) -> None:
        """Write the head of a table."""
        self.stream.write(self._with_name(f"{text}\n", HEAD))

    def _with_name(self, line: str, name: str) -> str:
        return f"{name:<{self._width}}  {line}" if line.strip() else line

    def flush(self) -> None:
        """Pass on what was written."""
        self.stream.flush()

    def end(self) -> None:
        """Pass on the rest."""
        self.flush()


class JsonLines(Column):
    """A stdout that adds the present shard to each object, one a line."""

    _rest = ""

    def write(self, text: str) -> int:
        """Write the lines that are whole."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(str.strip, lines):
            row = _with_shard(json.loads(line), shard_name())
            self.stream.write(f"{json.dumps(row, ensure_ascii=False)}\n")
        return len(text)


class JsonRows(Column):
    """A stdout that holds back what is written, and at the end prints one list of all shards' rows."""

    def __init__(self, stream: TextIO, width: int) -> None:
        super().__init__(stream, width)
        self._texts: dict[str, list[str]] = {}

    def write(self, text: str) -> int:
        """Hold a text back."""
        self._texts.setdefault(shard_name(), []).append(text)
        return len(text)

    def end(self) -> None:
        """Print all rows: a verb that prints one object has one for each shard."""
        rows: list[Any] = []
        for name, texts in self._texts.items():
            found = json.loads("".join(texts))
            rows += [_with_shard(row, name) for row in (found if isinstance(found, list) else [found])]
        print(json.dumps(rows, ensure_ascii=False, indent=2), file=self.stream)


def _with_shard(row: Any, name: str) -> Any:
    return {"shard": name, **row} if isinstance(row, dict) else row
