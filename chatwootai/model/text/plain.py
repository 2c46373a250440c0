"""A stranger's words in a note for people: as text, whatever Markdown, HTML or address they are written in. Pure.

Chatwoot shows a private note as Markdown, makes links of bare addresses, and tells whoever is mentioned. So what would
be read as markup is escaped, and an unseen character stands in every address: it looks as it was written, and leads
nowhere. A picture would be fetched by whoever opens the note.
"""

import re
from typing import Final

JOINT: Final = "\u200b"
"""Between the pieces of an address: nothing is seen, and nothing linked."""

_MARKUP: Final = re.compile(r"[\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,32};)|!(?=\[)")
_AT_A_LINES_START: Final = re.compile(r"(\d{0,9})([#+=.)-]|:(?=-))")
_SCHEME: Final = re.compile(r"(?<=[A-Za-z]:)(?=[^\s:])|(?<=/)(?=/)")
_DOT: Final = re.compile(r"(?<=[^\W_]\.)(?=[^\W\d_])|(?<=[^\W_])(?=@[^\W_])")


def as_plain_text(text: str) -> str:
    """Return a text, of one line or several, that Chatwoot shows as it was written."""
    return "\n".join(_line(line.strip()) for line in text.splitlines())


def as_quotation(text: str) -> str:
    """Return a text as a quotation, line by line."""
    return "\n".join(f"> {line}" for line in as_plain_text(text).split("\n"))


def _line(line: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", _DOT.sub(JOINT, _SCHEME.sub(JOINT, line)))
    return _AT_A_LINES_START.sub(r"\1\\\2", escaped, count=1) if _AT_A_LINES_START.match(escaped) else escaped
