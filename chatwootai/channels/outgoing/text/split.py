"""Parts that a channel can carry: cut at a paragraph, a line, a sentence, a word, and only at last within one."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.outgoing.text.atoms import BLANK, LINE, WORDS, Atom, Form
from chatwootai.channels.outgoing.text.graphemes import graphemes
from chatwootai.channels.outgoing.text.links import WEB
from chatwootai.channels.outgoing.text.write import by_line, gap, write, write_line

_SENTENCE: Final = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_FLOOR: Final = 0.5
"""A part is at least this full before a better place to cut is preferred."""


def split(atoms: Sequence[Atom], medium: Capabilities) -> tuple[str, ...]:
    """Write atoms as at most `medium.parts` parts, none empty, none too long. What is left over is shortened."""
    left = tuple(_break_long_atoms(atoms, medium))
    if left and medium.measure(whole := write(left, medium)) <= medium.length:  # most answers are, and are written once
        return (whole,)
    parts: list[str] = []
    while left and len(parts) < medium.parts - 1:
        size = _count_atoms(left, medium, medium.length)
        parts.append(write(left[:size], medium))
        left = left[size:]
    if left:
        parts.append(_last(left, medium))
    return tuple(parts)


def _last(left: Sequence[Atom], medium: Capabilities) -> str:
    if (whole := _count_atoms(left, medium, medium.length)) == len(left):
        return write(left, medium)
    kept = left[: _count_atoms(left[:whole], medium, _room(medium), shortened=True)]
    return write((*kept, Atom(Form.WORD, medium.ellipsis, WORDS)), medium)


def _room(medium: Capabilities) -> int:
    """Return the length that an ellipsis leaves of a part."""
    return medium.length - medium.measure(medium.ellipsis) - 1


def _count_atoms(atoms: Sequence[Atom], medium: Capabilities, length: int, *, shortened: bool = False) -> int:
    """Return how many atoms make the next part."""
    fits = _fitting(atoms, medium, length)
    if fits == len(atoms) and not shortened:
        return fits
    return max(range(_half(atoms[:fits], medium), fits + 1), key=lambda at: (_strength(atoms, at), at), default=fits)


def _fitting(atoms: Sequence[Atom], medium: Capabilities, length: int) -> int:
    """Return how many atoms fit, one at least: whole lines first, each written once, then what fits of the next."""
    size = at = 0
    for line in by_line(atoms):
        more = medium.measure((gap(line[0], medium) if at else "") + write_line(line, medium))
        if size + more > length:
            before = medium.measure(gap(line[0], medium)) if at else 0
            return max(1, at + _within(line, medium, length - size - before))
        size, at = size + more, at + len(line)
    return at


def _within(line: Sequence[Atom], medium: Capabilities, length: int) -> int:
    low, high = 0, len(line) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if medium.measure(write_line(line[:middle], medium)) <= length:
            low = middle
        else:
            high = middle - 1
    return low


def _half(atoms: Sequence[Atom], medium: Capabilities) -> int:
    sizes = list(accumulate(medium.measure(atom.text) + len(atom.gap) for atom in atoms))
    half = sizes[-1] * _FLOOR
    return next(at for at, size in enumerate(sizes, 1) if size >= half)


def _strength(atoms: Sequence[Atom], at: int) -> int:
    """Rate the cut before an atom: 4 for a paragraph's end, 0 for a bad place."""
    before = atoms[at].gap if at < len(atoms) else ""
    if before in {BLANK, LINE}:
        return 4 if before == BLANK else 3
    if before == WORDS:
        return 2 if _SENTENCE.search(atoms[at - 1].text) else 1
    return 0


def _break_long_atoms(atoms: Sequence[Atom], medium: Capabilities) -> Iterator[Atom]:
    """Break the atoms that no part could hold, and stop one atom after what all parts together could."""
    room, total = _room(medium), 0
    if 4 * sum(len(atom.text) + len(atom.extra) + len(atom.prefix) for atom in atoms) + 40 < room:
        yield from atoms  # all of them together surely fit: four units is the most that a character comes to
        return
    for atom in atoms:
        for piece in (atom,) if _fits(atom, medium, room) else _broken(atom, medium):
            yield piece
            total += medium.measure(piece.text)
            if total > medium.length * medium.parts:
                return


def _fits(atom: Atom, medium: Capabilities, room: int) -> bool:
    surely = 4 * (len(atom.text) + len(atom.extra) + len(atom.prefix)) + 40 < room
    return surely or medium.measure(write([atom], medium)) <= room


def _broken(atom: Atom, medium: Capabilities) -> Iterator[Atom]:
    """Yield an atom that is too long in pieces. A link loses its address: half an address leads astray."""
    if atom.form is Form.LINK or WEB.match(atom.text):
        label = atom.text if atom.form is Form.LINK else ""
        words = [*label.split(), medium.ellipsis]
    else:
        words = atom.text.split()
    for number, word in enumerate(words):
        for at, piece in enumerate(_pieces(word, medium)):
            before = "" if at else WORDS if number else atom.gap
            kept = atom._replace(form=Form.WORD, text=piece, gap=before, extra="")
            yield kept if not number and not at else kept._replace(prefix="", rest="", blank="")


def _pieces(word: str, medium: Capabilities) -> Iterator[str]:
    """Cut a word between clusters; a quarter of a part each, so that escapes and marks find room."""
    room, size, piece = medium.length // 4, 0, ""
    for cluster in graphemes(word):
        for bit in [cluster] if medium.measure(cluster) <= room else cluster:
            more = medium.measure(bit)
            if piece and size + more > room:
                yield piece
                size, piece = 0, ""
            size, piece = size + more, piece + bit
    if piece:
        yield piece
