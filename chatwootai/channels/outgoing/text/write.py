"""Atoms written as Markdown that any CommonMark parser reads back as the same atoms."""

import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.outgoing.text.atoms import BLANK, WORDS, Atom, Form
from chatwootai.channels.outgoing.text.links import WEB, address
from chatwootai.channels.outgoing.text.liquid import neutral

_SPECIAL: Final = re.compile(r"[\\`*_~\]\[<&!]")
_ENTITY: Final = re.compile(r"&#?\w+;")
_RUNS: Final = re.compile("`+")
# What would make a line more than text: a heading, a mark, a quote, a rule, an underline, a table, a fence.
_OPENING: Final = re.compile(
    r"#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|=+\s*$|(?=[-:|\s]*-)[-:|\s]+$|(?:_\s*){3,}$|(?:-\s*){3,}$|~{3}|(\d{1,9})[.)](?=\s|$)"
)
_ORDER: Final = ("strike", "strong", "emphasis")


def write(atoms: Sequence[Atom], medium: Capabilities) -> str:
    """Write atoms as one part. The gap and blank line before the first are left out."""
    first, *others = by_line(atoms)
    return write_line(first, medium) + "".join(gap(line[0], medium) + write_line(line, medium) for line in others)


def by_line(atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """Cut atoms into lines. Lines are written independently of each other, so their sizes may be added."""
    start = 0
    for at, atom in enumerate(atoms):
        if at and atom.gap not in {"", WORDS}:
            yield atoms[start:at]
            start = at
    if atoms:
        yield atoms[start:]


def gap(first: Atom, medium: Capabilities) -> str:
    """Write what stands before a line."""
    if first.gap == BLANK:
        return f"\n{first.blank}\n"
    marked = first.prefix.rstrip(" >")  # an item starts a line of its own
    return "\n" if marked or first.form is Form.BLOCK else medium.newline


def write_line(line: Sequence[Atom], medium: Capabilities) -> str:
    """Write one line, without what stands before it."""
    first = line[0]
    text = (
        _block(first)
        if first.form is Form.BLOCK
        else first.prefix + _keep_last_hash(first.prefix, _inline(line, medium))
    )
    return neutral(text, medium.joint)


def _keep_last_hash(prefix: str, text: str) -> str:
    """Keep a heading's last "#", which Markdown would take for its ornament."""
    return f"{text[:-1]}\\#" if prefix.endswith("# ") and text.endswith("#") else text


def _block(atom: Atom) -> str:
    fence = "`" * max(3, 1 + max(map(len, _RUNS.findall(atom.text)), default=0))
    lines = (f"{fence}{atom.extra}", *atom.text.split("\n"), fence)
    return "\n".join((atom.rest if number else atom.prefix) + line for number, line in enumerate(lines))


def _inline(line: Sequence[Atom], medium: Capabilities) -> str:
    if all(map(_is_plain, line)):
        text = line[0].text + "".join(atom.gap + atom.text for atom in line[1:])
        return text if medium.raw else _escape(text, "", "", opening=True)
    tokens = list(_tokens(line, medium))
    pieces: list[str] = []
    for number, (text, plain) in enumerate(tokens):
        if not plain:
            pieces.append(text)
            continue
        before = tokens[number - 1][0] if number else ""
        after = tokens[number + 1][0] if number + 1 < len(tokens) else ""
        pieces.append(text if medium.raw else _escape(text, before[-1:], after[:1], opening=not number))
    return "".join(pieces)


def _is_plain(atom: Atom) -> bool:
    """Return whether an atom is a word without styles and no address: it is written as it is on every channel."""
    return atom.form is Form.WORD and not atom.styles and "://" not in atom.text


def _tokens(line: Sequence[Atom], medium: Capabilities) -> Iterator[tuple[str, bool]]:
    """Give (text, is it plain); neighbouring plain text in one piece, for its escapes depend on its neighbours."""
    held = ""
    for text, plain in _mark_styles(line, medium):
        if plain:
            held += text
            continue
        if held:
            yield held, True
        held = ""
        yield text, False
    if held:
        yield held, True


def _mark_styles(line: Sequence[Atom], medium: Capabilities) -> Iterator[tuple[str, bool]]:
    opened: list[tuple[str, str]] = []
    for number, atom in enumerate(line):
        while opened and any(style not in atom.styles for style, _ in opened):
            yield opened.pop()[1], False
        if number and atom.gap:
            yield atom.gap, True
        for style in _ORDER if atom.styles else ():
            if style in atom.styles and style not in {name for name, _ in opened}:
                mark = _mark(style, line, number)
                opened.append((style, mark))
                yield mark, False
        yield _atom(atom, medium, alone=number + 1 == len(line) or bool(line[number + 1].gap))
    yield from ((mark, False) for _, mark in reversed(opened))


def _mark(style: str, line: Sequence[Atom], number: int) -> str:
    """Choose the mark of a style that starts at an atom; "_" reads better, and works only between words."""
    if style != "emphasis":
        return "~~" if style == "strike" else "**"
    end = next((at for at in range(number, len(line)) if style not in line[at].styles), len(line))
    loose = (not number or line[number].gap) and (end == len(line) or line[end].gap)
    return "_" if loose else "*"


_AFTER_URL: Final = ".,;:!?"
"""Signs that end a sentence, and not the address in it."""


def _atom(atom: Atom, medium: Capabilities, *, alone: bool) -> tuple[str, bool]:
    if atom.form is Form.CODE:
        return _code(atom.text), False
    if atom.form is Form.LINK:
        return f"[{_escape(atom.text, '', ']', label=True)}]({_target(atom.extra)})", False
    linked = medium.links and alone and WEB.match(atom.text) and address(atom.text) == atom.text
    if linked and _SPECIAL.search(url := atom.text.rstrip(_AFTER_URL)):
        return f"<{url}>{atom.text[len(url) :]}", False  # an escape inside would break it where addresses become links
    return atom.text, True


def _target(url: str) -> str:
    return _ENTITY.sub(lambda match: f"\\{match[0]}", url)


def _code(text: str) -> str:
    taken, ticks = set(_RUNS.findall(text)), "`"
    while ticks in taken:
        ticks += "`"
    pad = " " if text.startswith("`") or text.endswith("`") or (text[0] == text[-1] == " " and text.strip()) else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _escape(text: str, before: str, after: str, *, opening: bool = False, label: bool = False) -> str:
    whole, shift = before + text + after, len(before)

    def replaced(match: re.Match[str]) -> str:
        at = match.start() + shift
        neighbours = whole[at - 1 : at] if at else "", whole[at + 1 : at + 2]
        entity = match[0] == "&" and _ENTITY.match(whole, at)
        return f"\\{match[0]}" if entity or _needs(match[0], *neighbours, label=label) else match[0]

    start = _OPENING.match(text) if opening else None
    if start is None:
        return _SPECIAL.sub(replaced, text)
    cut = start.end(1) if start[1] else 0
    return f"{text[:cut]}\\{text[cut]}" + _escape(text[cut + 1 :], text[cut], after, label=label)


def _needs(char: str, before: str, after: str, *, label: bool) -> bool:
    """Say whether a character would be read as markup between these two; "" is the end of a line."""
    if char in "*_" and not before.strip() and not after.strip():
        return False
    return label if char == "[" or (char == "]" and label) else char in _ALWAYS or _NEEDS[char](before, after)


_ALWAYS: Final = frozenset("`*")
_NEEDS: Final[Mapping[str, Callable[[str, str], bool]]] = MappingProxyType(
    {
        "\\": lambda _, after: not after or after in string.punctuation,
        "_": lambda before, after: not (before.isalnum() and after.isalnum()),
        "~": lambda before, _: bool(before.strip()),
        "]": lambda _, after: after in {"(", ":", "["},
        "<": lambda _, after: after.isascii() and (after.isalpha() or after in {"/", "!", "?", "<"}),
        "!": lambda _, after: after == "[",  # it would make an image of a link
        "&": lambda _before, _after: False,
    }
)
