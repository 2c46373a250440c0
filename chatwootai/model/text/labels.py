"""Labels as Chatwoot allows them: letters and digits of any script, then `_` and `-` too, two at least, small. Pure."""

import re
import unicodedata
from typing import Final

from chatwootai.model.text import marks

MOST_LABEL: Final = 255
_MOST_READ: Final = 1000
_LABEL: Final = re.compile(r"[^\W_][\w-]+")  # \w: letters, digits and `_` of every script, and no marks


def composed(text: str) -> str:
    """Return a text with each accent in its letter, as keyboards write and Chatwoot compares."""
    return marks.composed(text[:_MOST_READ])


def is_label(text: str) -> bool:
    """Return whether Chatwoot would take a text as a label's title, and leave it as it is."""
    return len(text) <= MOST_LABEL and _LABEL.fullmatch(text) is not None and text == composed(text.lower())


def to_label(text: str) -> str:
    """Return the label that a text means: small, words joined by `-`; empty where too little is left of it.

    Vowel signs of Indic scripts and the like stay: Chatwoot takes them on a conversation, though not as a title.
    """
    small = composed(text.strip()).lower()
    kept = "".join(each if each in "_-" or unicodedata.category(each)[0] in "LNM" else " " for each in small)
    label = "-".join(kept.split())[:MOST_LABEL].strip("-_")
    return label if len(label) > 1 else ""
