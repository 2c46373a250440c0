"""Capabilities of a medium, as data: the words in which each channel's file describes itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from chatwootai.channels.capabilities.length import utf16

ZERO_WIDTH: Final = "\u200b"
"""Zero-width space: invisible everywhere, no joiner of emoji, and not white space to Markdown or to `strip`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One channel. What Chatwoot's converter for it does is in docs/reference/chatwoot.md; these are the consequences.

    Attributes:
        chatwoot: Chatwoot's class names for it.
        length: the longest part, in units of `measure`, counted on the Markdown that is posted: what Chatwoot makes of
            it is never longer in the provider's count.
        measure: counts as the provider does.
        parts: how many parts a reply may have; what is left over is shortened at a sentence.
        styles: of "strong", "emphasis", "strike", those that arrive; the others are dropped, their text stays.
        code: code spans arrive.
        links: a link's label arrives; else a link is written as "label: address".
        blocks: headings, nested lists, quotes and code blocks arrive; else they are written as lines.
        bullet: how a list's item starts.
        marked: a list's marks are posted as Markdown; else as text, because Chatwoot drops or changes them.
        newline: a single line break that survives.
        fold: characters that the channel cannot carry, or pays dearly for, and what stands for them.
        joint: put between two characters that Chatwoot's Liquid would read as a pair.
        ellipsis: ends a shortened reply.
        typing: the contact sees that somebody types.
        quotes: a reply can point at the message that it answers.
        buttons: the longest text that choices may stand below as buttons; 0: it has none, choices are a list.
        raw: Chatwoot sends the text as it stands, so nothing in it is escaped: the contact would see the backslash.
        carriers: by Chatwoot's class of the inbox, what is carried there; these are what all of them carry.
    """

    chatwoot: tuple[str, ...] = ()
    length: int
    measure: Callable[[str], int] = utf16
    parts: int = 3
    styles: frozenset[str] = frozenset()
    code: bool = False
    links: bool = False
    blocks: bool = False
    bullet: str = "- "
    marked: bool = True
    newline: str = "\n"
    fold: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    joint: str = ZERO_WIDTH
    ellipsis: str = "…"
    typing: bool = False
    quotes: bool = False
    buttons: int = 0
    raw: bool = False
    carriers: "Mapping[str, Capabilities]" = field(default_factory=lambda: MappingProxyType({}))


BOLD: Final = frozenset({"strong", "emphasis"})
ALL_STYLES: Final = frozenset({"strong", "emphasis", "strike"})
