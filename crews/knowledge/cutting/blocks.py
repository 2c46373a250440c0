"""The blocks of a Markdown text: paragraphs, lists, code and rows of tables, each with the headings above it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_UNDERLINE: Final = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_FENCE: Final = re.compile(r"^ {0,3}(```|~~~)")
_RULE: Final = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_CELL: Final = re.compile(r"(?<!\\)\|")
_EMPHASIS: Final = re.compile(r"[*_`]{1,3}(?=\S)(.+?)(?<=\S)[*_`]{1,3}")
_LONGEST_HEADING: Final = 200


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `row`: it is a row of a table, which may stand alone."""

    text: str
    headings: tuple[str, ...] = ()
    row: bool = False


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown text in order.

    A row of a table is a block, and names the column of each cell: `Size: 40 x 60; Price: R$ 199`.
    """
    headings: list[tuple[int, str]] = []
    for kind, lines in _pieces(text.replace("\r\n", "\n").split("\n")):
        way = tuple(title for _, title in headings)
        if kind == "heading":
            level, title = int(lines[0]), lines[1]
            headings = [each for each in headings if each[0] < level]
            headings.append((level, title))
        elif kind == "table":
            yield from (Block(row, way, row=True) for row in _rows(lines))
        else:
            yield Block("\n".join(lines), way)


def _pieces(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield lines that belong together, each group with its kind: heading (level, title), table, or text."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        special, after = _special(lines, at, fresh=not kept)
        if special is None and lines[at].strip():
            kept.append(lines[at].rstrip())
        elif kept:
            yield "text", kept
            kept = []
        if special is not None and special[1]:
            yield special
        at = after
    if kept:
        yield "text", kept


def _special(lines: list[str], at: int, *, fresh: bool) -> tuple[tuple[str, list[str]] | None, int]:
    """Return a heading, a table or code that begins at a line, and where what follows begins.

    `fresh`: nothing is above it.
    """
    line, below = lines[at], lines[at + 1] if at + 1 < len(lines) else ""
    if found := _HEADING.match(line):
        return ("heading", [str(len(found[1])), _plain(found[2])]), at + 1
    if _FENCE.match(line):
        end = next((place for place in range(at + 1, len(lines)) if _FENCE.match(lines[place])), len(lines))
        return ("text", [each for each in lines[at + 1 : end] if each.strip()]), end + 1
    if _is_table(line, below):
        end = next((place for place in range(at + 2, len(lines)) if "|" not in lines[place]), len(lines))
        return ("table", [line, *lines[at + 2 : end]]), end
    if fresh and _is_title(line, below):
        return ("heading", ["1" if below.lstrip().startswith("=") else "2", _plain(line)]), at + 2
    return None, at + 1


def _is_table(line: str, after: str) -> bool:
    return "|" in line and "|" in after and _RULE.match(after) is not None


def _is_title(line: str, after: str) -> bool:
    """Tell whether a line is a heading by the line of `=` or `-` below it."""
    return bool(line.strip()) and len(line) < _LONGEST_HEADING and _UNDERLINE.match(after) is not None


def _rows(lines: list[str]) -> Iterator[str]:
    head, *rest = ([_plain(cell) for cell in _cells(line)] for line in lines if line.strip())
    if not rest:
        yield "; ".join(filter(None, head))
    for cells in rest:
        named = (f"{name}: {cell}" if name else cell for name, cell in _beside(head, cells) if cell)
        if row := "; ".join(named):
            yield row


def _beside(head: list[str], cells: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each cell with the name of its column; cells beyond the head have none."""
    yield from ((head[at] if at < len(head) else "", cell) for at, cell in enumerate(cells))


def _cells(line: str) -> list[str]:
    return [each.replace("\\|", "|") for each in _CELL.split(line.strip().strip("|"))]


def _plain(text: str) -> str:
    return " ".join(_EMPHASIS.sub(r"\1", text).split())[:_LONGEST_HEADING]
