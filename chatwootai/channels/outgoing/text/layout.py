"""A tree laid out for one channel: what arrives there stays markup, the rest becomes lines of text."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.outgoing.text.atoms import BLANK, LINE, WORDS, Atom, Form
from chatwootai.channels.outgoing.text.clean import spaces
from chatwootai.channels.outgoing.text.links import bare, shown
from chatwootai.channels.outgoing.text.liquid import is_suspect, neutral
from chatwootai.channels.outgoing.text.tree import Block, Fence, Items, Kind, Paragraph, Quote, Run, Runs, Table

_WORD: Final = re.compile(r" +|[^ ]+")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line to be. `mark` is Markdown before it (`rest` before its further lines), `lead` text before it."""

    atoms: tuple[Atom, ...]
    gap: str = LINE
    mark: str = ""
    rest: str = ""
    blank: str = ""
    lead: str = ""


def layout(blocks: Sequence[Block], medium: Capabilities) -> tuple[Atom, ...]:
    """Lay blocks out for a channel. No atom is empty, none holds a pair that Chatwoot would execute."""
    writer = _Nested(medium) if medium.blocks else _Flat(medium)
    atoms = tuple(atom for line in writer.group(blocks, BLANK) for atom in _atoms(line))
    suspect = is_suspect("".join(atom.text for atom in atoms))
    return tuple(_neutral(atoms, medium.joint)) if suspect else atoms


def _atoms(line: _Line) -> Iterator[Atom]:
    lead = tuple(Atom(Form.WORD, word, WORDS) for word in line.lead.split())
    first, *others = (*lead, line.atoms[0]._replace(gap=WORDS), *line.atoms[1:]) if lead else line.atoms
    yield first._replace(gap=line.gap, prefix=line.mark, rest=line.rest, blank=line.blank)
    yield from others


def _neutral(atoms: Iterable[Atom], joint: str) -> Iterator[Atom]:
    before = ""
    for atom in atoms:
        # Over a gap too: the gap may become the border of two parts. A joint that is a space would be no word's.
        text = neutral(atom.text, joint, before if joint.strip() or not atom.gap else "")
        before = text[-1:]
        yield atom if text == atom.text else atom._replace(text=text)


def _merge_lists(blocks: Iterable[Block]) -> Iterator[Block]:
    """Join lists that stand next to each other: written again, Markdown would read them as one."""
    last: Block | None = None
    for block in blocks:
        if isinstance(block, Items) and isinstance(last, Items) and (block.start is None) == (last.start is None):
            last = Items(last.items + block.items, last.start)
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _rows(table: Table) -> Block:
    """Return a table as a list of rows, each cell after its column's name."""
    if not table.rows:
        return Paragraph(_join_runs(table.header, ", "))
    rows = (_join_runs([_cell(*pair) for pair in zip(table.header, row, strict=False)], "; ") for row in table.rows)
    return Items(tuple((Paragraph(row),) for row in rows))


def _cell(name: Runs, value: Runs) -> Runs:
    return (*name, Run(Kind.TEXT, ": "), *value) if name and value else value or name


def _join_runs(many: Iterable[Runs], between: str) -> Runs:
    runs: list[Run] = []
    for some in filter(None, many):
        runs += [Run(Kind.TEXT, between), *some] if runs else some
    return tuple(runs)


class _Writer(ABC):
    """Base of both ways of writing: a paragraph's runs as lines of atoms."""

    def __init__(self, medium: Capabilities) -> None:
        self._shape = medium

    def group(self, blocks: Iterable[Block], gap: str) -> Iterator[_Line]:
        """Write blocks one after the other; `gap` stands before each."""
        for block in _merge_lists(_rows(block) if isinstance(block, Table) else block for block in blocks):
            for number, line in enumerate(self.block(block)):
                yield line if number else replace(line, gap=gap)

    @abstractmethod
    def block(self, block: Block) -> Iterator[_Line]:
        """Write one block, gap LINE before each of its lines unless a blank one is meant."""

    def _lines(self, runs: Runs) -> Iterator[_Line]:
        line: list[Atom] = []
        for run in (*runs, Run(Kind.BREAK)):
            if run.kind is not Kind.BREAK:
                line.extend(self._run(run))
            elif atoms := tuple(_attach_spaces(line)):
                yield _Line(atoms)
                line = []

    def _run(self, run: Run) -> Iterator[Atom]:
        styles = run.styles & self._shape.styles
        if run.kind is Kind.LINK:
            yield from self._link(run, styles)
        elif run.kind is Kind.CODE and self._shape.code:
            code = self._fold(run.text)
            yield Atom(Form.CODE if code.strip() else Form.WORD, code, styles=styles)
        else:
            words = _WORD.findall(spaces(self._fold(run.text)))
            yield from (Atom(Form.WORD, word, styles=styles) for word in words)

    def _link(self, run: Run, styles: frozenset[str]) -> Iterator[Atom]:
        label, url = self._fold(run.text), run.url
        if not label or bare(label) == bare(url):
            yield Atom(Form.WORD, shown(url), styles=styles)
        elif self._shape.links:
            yield Atom(Form.LINK, label, styles=styles, extra=url)
        else:
            words = _WORD.findall(f"{label.rstrip(':')}: ")
            yield from (Atom(Form.WORD, word, styles=styles) for word in words)
            yield Atom(Form.WORD, shown(url), styles=styles)

    def _fold(self, text: str) -> str:
        return text.translate(self._shape.fold)


def _attach_spaces(pieces: Iterable[Atom]) -> Iterator[Atom]:
    """Turn pieces that are spaces into the gap of the piece that follows."""
    gap = ""
    held: Atom | None = None
    for piece in pieces:
        if piece.form is Form.WORD and not piece.text.strip():
            gap = WORDS if piece.text else gap
        elif (
            held is not None
            and not gap
            and (held.form, held.styles) == (piece.form, piece.styles) == (Form.WORD, held.styles)
        ):
            held = held._replace(text=held.text + piece.text)
        else:
            if held is not None:
                yield held
            held, gap = piece._replace(gap=gap) if gap and held is not None else piece, ""
    if held is not None:
        yield held


class _Flat(_Writer):
    """For media that show lines: headings are bold, lists have one level of marks, code is a span a line."""

    def block(self, block: Block) -> Iterator[_Line]:
        match block:
            case Items():
                for number, item in enumerate(block.items):
                    yield from self._item(block, number, item)
            case Paragraph(level=0):
                yield from self._lines(block.runs)
            case _:
                yield from self._text(block)

    def _item(self, block: Items, number: int, item: tuple[Block, ...]) -> Iterator[_Line]:
        mark = self._shape.bullet if block.start is None else f"{block.start + number}. "
        for at, line in enumerate(self._inside(item)):
            if at:
                yield line
            else:
                yield replace(line, mark=mark) if self._shape.marked else replace(line, lead=f"{mark} {line.lead}")

    def _inside(self, blocks: Iterable[Block]) -> Iterator[_Line]:
        """Write what stands inside of a list or a quote: text alone, for Chatwoot flattens or drops nested marks."""
        for block in _merge_lists(_rows(block) if isinstance(block, Table) else block for block in blocks):
            yield from self._text(block)

    def _text(self, block: Block) -> Iterator[_Line]:
        match block:
            case Paragraph():
                runs = block.runs
                if block.level:
                    runs = tuple(replace(run, styles=run.styles | {"strong"}) for run in runs)
                yield from self._lines(runs)
            case Fence():
                yield from self._lines(tuple(run for line in block.lines for run in _code(line)))
            case Quote():
                yield from (replace(line, lead=f"> {line.lead}") for line in self._inside(block.blocks))
            case Items():
                for number, item in enumerate(block.items):
                    mark = self._fold("•") if block.start is None else f"({block.start + number})"
                    for at, line in enumerate(self._inside(item)):
                        yield line if at else replace(line, lead=f"{mark} {line.lead}")


def _code(line: str) -> Runs:
    return (Run(Kind.CODE, spaces(line).rstrip()), Run(Kind.BREAK))


class _Nested(_Writer):
    """For media that read Markdown whole."""

    def block(self, block: Block) -> Iterator[_Line]:
        match block:
            case Paragraph(level=0):
                yield from self._lines(block.runs)
            case Paragraph():
                runs = tuple(Run(Kind.TEXT, " ") if run.kind is Kind.BREAK else run for run in block.runs)
                yield from (replace(line, mark="#" * block.level + " ") for line in self._lines(runs))
            case Fence() if any(map(str.strip, block.lines)):
                text = self._fold("\n".join(block.lines))
                yield _Line((Atom(Form.BLOCK, text, extra=block.language),))
            case Quote():
                yield from self._indent(self.group(block.blocks, BLANK), "> ", "> ")
            case Items():
                for number, item in enumerate(block.items):
                    mark = self._shape.bullet if block.start is None else f"{block.start + number}. "
                    yield from self._indent(self._item(item), mark, " " * len(mark))

    def _item(self, blocks: Iterable[Block]) -> Iterator[_Line]:
        """Write an item tight: a list right under its text, paragraphs apart."""
        for number, block in enumerate(
            _merge_lists(_rows(block) if isinstance(block, Table) else block for block in blocks)
        ):
            for at, line in enumerate(self.block(block)):
                tight = at or not number or isinstance(block, Items)
                yield line if tight else replace(line, gap=BLANK)

    def _indent(self, lines: Iterable[_Line], first: str, rest: str) -> Iterator[_Line]:
        for number, line in enumerate(lines):
            mark = (rest if number else first) + line.mark
            blank = f"{rest}{line.blank}".rstrip() if number else ""
            yield replace(line, mark=mark, rest=rest + line.rest, blank=blank)
