"""Characters that look like what YAML is made of and are not: no-break spaces, dashes, curly quotes, wide colons.

They come along when text is pasted from a page or a word processor. Within a text they are the operator's; where a
space, a `-`, a colon or a quote is meant, YAML reads a text, and what it says of that is about something else.
"""

import re
import unicodedata
from dataclasses import dataclass

_SPACE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u0085"
_ODD = f"{_SPACE}{_UNSEEN}\u200c\u200d"
_QUOTES = "\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\uff02\uff07"
_DASHES = "\u2010-\u2015\u2212\u2022\u2023\u00b7\u25cf\u25aa\u30fb\uff0d"
_KEY = r"""["']?[\w$][\w.$/+-]{0,60}["']?"""
_ITEMS = r"[ ]*(?:- +)*"

_AT_A_KEYS_END = re.compile(rf"^([{_ODD}])|([{_ODD}])$|([{_UNSEEN}])|:([{_ODD}])")
_STRUCTURE = (
    (re.compile(rf"^{_ITEMS}[ \t]*([{_ODD}])"), "Write plain spaces."),
    (re.compile(rf"^{_ITEMS}{_KEY}[ ]*:[ ]*([{_ODD}])"), "Write a plain space after the colon."),
    (re.compile(rf"^{_ITEMS}{_KEY}[ ]*([{_ODD}])[ ]*:"), "Write the colon right behind the key."),
    (re.compile(rf"^{_ITEMS}{_KEY}[ ]*([\uff1a\ufe55\u02d0\ua789\u2236])"), "Write a plain colon and a space."),
    (re.compile(rf"^{_ITEMS}([{_DASHES}])(?=[ {_ODD}]|$)"), "Write `- ` before each entry of a list."),
    (re.compile(rf"^{_ITEMS}-([{_ODD}])"), "Write a plain space after the `-`."),
    (re.compile(rf"^{_ITEMS}(?:{_KEY}[ ]*:[ ]+)?([{_QUOTES}])"), "Write straight quotes."),
    (re.compile(rf"[:\[,{{][ ]*([{_QUOTES}])"), "Write straight quotes."),
    (re.compile(rf"""["'][^"'\n]*([{_QUOTES}])[ ]*(?:[,\]}}]|$)"""), "Write straight quotes."),
)
_ANYWHERE = (
    (re.compile(rf"([{_UNSEEN}])"), "Remove it."),
    (re.compile(rf"""[:,\[{{"'][ ]*([{_ODD}])"""), "Write a plain space."),
)
_WRAPPED = re.compile(
    "\u201c[^\u201c-\u201f]*\u201d|\u2018[^\u2018-\u201b]*\u2019|\u201e[^\u201c-\u201f]*[\u201c\u201d]"
)
_CLOSING = {"\u201c": "\u201d", "\u2018": "\u2019"}


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A character that stands where another is meant. `offset`: from 0 in the text that was looked at."""

    offset: int
    character: str
    remedy: str

    @property
    def message(self) -> str:
        """The character's name and number: it cannot be seen, or not be told from the one that was meant."""
        name = unicodedata.name(self.character, "a control character").lower()
        return f"a {name} (U+{ord(self.character):04X}) stands here, which YAML reads as text"


def in_structure(line: str, *, anywhere: bool = False) -> Lookalike | None:
    """The first lookalike where a line's indentation, markers, colon or quotes are; `anywhere`: unseen ones too."""
    line = line[:500]
    return _first(_STRUCTURE, line) or (_first(_ANYWHERE, line) if anywhere else None)


def _first(forms: tuple[tuple[re.Pattern[str], str], ...], line: str) -> Lookalike | None:
    found = [(match.start(1), match[1], remedy) for form, remedy in forms if (match := form.search(line))]
    return Lookalike(*min(found)) if found else None


def in_key(key: str) -> Lookalike | None:
    """A lookalike at the ends of a key or another word, unseen within it, or behind a colon that should end it."""
    match = _AT_A_KEYS_END.search(key[:500])
    if match is None:
        return None
    number = match.lastindex or 1
    return Lookalike(match.start(number), match[number], "Write it without.")


def around(text: str) -> Lookalike | None:
    """Curly quotes around a whole text, or before one that a comma has cut: YAML leaves them in it."""
    remedy = "Write straight quotes around it; to keep these, write straight ones around them."
    cut = text[:1] in _CLOSING and _CLOSING[text[0]] not in text
    return Lookalike(0, text[0], remedy) if cut or _WRAPPED.fullmatch(text) else None
