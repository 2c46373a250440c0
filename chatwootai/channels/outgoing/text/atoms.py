"""An answer laid out for one channel: atoms that may be parted, and what stands between them."""

from enum import StrEnum
from typing import NamedTuple


class Form(StrEnum):
    """Kind of an atom; all but a word are whole or not there."""

    WORD = "word"
    CODE = "code"
    LINK = "link"
    BLOCK = "block"  # of code


WORDS, LINE, BLANK = " ", "\n", "\n\n"
"""The gaps before an atom; "" is none, and no place to part."""


class Atom(NamedTuple):
    """The smallest piece of a layout. A tuple, since an answer is hundreds of them, each made several times.

    Attributes:
        form: what it is.
        text: as read; a link's label, a block's lines.
        gap: "", WORDS, LINE or BLANK: what stands before it.
        styles: "strong", "emphasis", "strike".
        extra: a link's address, a block's language.
        prefix: Markdown at the start of its line: a list's mark, a heading's, a quote's.
        rest: the same for the further lines of a block.
        blank: the same for the blank line before it.
    """

    form: Form
    text: str
    gap: str = ""
    styles: frozenset[str] = frozenset()
    extra: str = ""
    prefix: str = ""
    rest: str = ""
    blank: str = ""
