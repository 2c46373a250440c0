"""Choices written as a numbered list, and a contact who answers it by a number. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from chatwootai.model.message.turn import Exchange
from chatwootai.model.text.normalize import LONGEST, normalized_words

_ITEM: Final = re.compile(r"(\d{1,2})\. (\S.{0,99})")
_AROUND: Final = frozenset(
    "a o la el the opcao opcion option numero number n no nr quero quiero want i por favor please".split()
)
_LONGEST_ANSWER: Final = 500
"""Characters of an answer to a list; whoever writes more says something of his own."""
_MOST_ITEMS: Final = 99
_MOST_BELOW: Final = 3
"""Lines below a list, such as a signature: further up it is no list to answer."""


def with_choices(text: str, choices: Sequence[str]) -> str:
    """Return the text with its choices as a numbered list at the end; without any, as it is."""
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(choices, 1))
    return f"{text}\n\n{numbered}" if choices else text


def resolve_choice(text: str, history: Sequence[Exchange]) -> str:
    """Return what a contact's words mean: the item whose number they are, if the last reply ended in a list."""
    short = len(text) <= _LONGEST_ANSWER and bool(history) and history[-1].role == "crew"
    offered = _numbered_lines(history[-1].text) if short else ()
    words = normalized_words(text) if offered else []
    if not offered or words in map(normalized_words, offered):
        return text
    numbers = [word for word in words if word not in _AROUND]
    if len(numbers) != 1 or not (numbers[0].isascii() and numbers[0].isdigit()) or len(numbers[0]) > 2:
        return text
    return offered[int(numbers[0]) - 1] if 1 <= int(numbers[0]) <= len(offered) else text


def _numbered_lines(text: str) -> tuple[str, ...]:
    """Return the items of the list, counted from 1, that a text ends in."""
    lines = [line.strip() for line in text[-LONGEST:].splitlines() if line.strip()]
    items: list[re.Match[str]] = []
    below = 0
    for line in reversed(lines):
        item = _ITEM.fullmatch(line)
        if len(items) == _MOST_ITEMS or (item is None and (items or below == _MOST_BELOW)):
            break
        below += item is None
        if item:
            items.append(item)
    items.reverse()
    counted = [int(item[1]) for item in items] == list(range(1, len(items) + 1))
    return tuple(item[2] for item in items) if counted and len(items) > 1 else ()
