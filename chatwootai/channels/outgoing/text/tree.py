"""An answer as a small tree: blocks that hold runs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """Kind of a run."""

    TEXT = "text"
    CODE = "code"
    LINK = "link"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a paragraph in one style. A link's text is its label, without styles of its own."""

    kind: Kind
    text: str = ""
    styles: frozenset[str] = frozenset()
    url: str = ""


Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text; `level` is 1 to 6 for a heading, else 0."""

    runs: Runs
    level: int = 0


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code, with the language it names."""

    lines: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `start` is its first number, None for bullets."""

    items: tuple["tuple[Block, ...]", ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Something quoted."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of cells."""

    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


Block: TypeAlias = Paragraph | Fence | Items | Quote | Table
