"""Values of a tool's parameters that must stand in what the contact wrote: a stranger's text fills in none of them."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Question
from chatwootai.model.policy import tool_words as words

_BETWEEN: Final = re.compile(r"[\W_]+")
_FILE: Final = "["
"""Brackets behind an earlier message's text, which hold what came with it."""


def not_from_contact(arguments: Mapping[str, Any], names: Collection[str], question: Question | None) -> list[str]:
    """Return the names, of those given, whose values the contact has not written."""
    given = {name: arguments[name] for name in names if arguments.get(name) not in (None, "", [], {})}
    if not given:
        return []
    written = _plain(_own_words(question)) if question is not None else " "
    return [name for name, value in given.items() if not all(_plain(one) in written for one in _leaves(value))]


def refuse_not_written(arguments: Mapping[str, Any], names: Collection[str], question: Question | None) -> str | None:
    """Return why a tool is not called with values that the contact has not written; None: it is."""
    foreign = not_from_contact(arguments, names, question)
    return words.NOT_WRITTEN.format(", ".join(foreign)) if foreign else None


def _own_words(question: Question) -> str:
    before = (one.text for one in question.history if one.role is Role.CONTACT)
    return "\n".join((question.own_words, *(text.partition(_FILE)[0] for text in before)))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    elif value is not None:
        yield str(value)


def _plain(text: str) -> str:
    """Return a text as words in small letters with a blank around each: a value is found whole, or not at all."""
    return f" {' '.join(_BETWEEN.split(text.casefold())).strip()} "
