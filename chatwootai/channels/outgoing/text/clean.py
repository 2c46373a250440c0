"""Hostile characters out, before anything else looks at a text."""

import re
from typing import Final

from chatwootai.model.text.marks import composed

_NEWLINES: Final = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, and those that turn the direction of reading, by which a text reads as another one.
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_SPACES: Final = re.compile(r"[\t \u1680\u2000-\u200a\u205f\u3000]")

# A no-break space at the edge of a line is stripped by some parsers and kept by others.
_LOOSE: Final = re.compile(r"(?<!\S)[\xa0\u202f]|[\xa0\u202f](?!\S)")


def clean(text: str) -> str:
    """Return a text of whole characters, newlines as LF, one kind of space; NFC, so that accents count once."""
    text = _SURROGATES.sub("\ufffd", _NEWLINES.sub("\n", text))
    return composed(_UNSEEN.sub("", text))


def spaces(text: str) -> str:
    """Return a line's text with every space an ordinary one; no-break spaces stay between words."""
    return _LOOSE.sub(" ", _SPACES.sub(" ", text))
