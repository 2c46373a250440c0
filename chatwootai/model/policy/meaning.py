"""Combines a message's meaning, as an encoder tells it, with its words. Pure.

Words decide alone where they leave no doubt, or where no encoder is to be had. Meaning decides else, unless the words
say that it is only spoken of: an embedding hardly differs between "a person, please" and "no person, please".
"""

from dataclasses import dataclass
from typing import Final

from chatwootai.model.text.anger import ANGRY, anger_score, is_softened
from chatwootai.model.text.human_request import asks_for_human, declines_human

ASKING: Final = 0.45
"""A score from which a person is asked for. All were measured: docs/concepts/meaning.md."""
ANGER: Final = 0.55
"""A score from which somebody is angry, in a language that has no tables of words."""
ANGER_WITHOUT_WORDS: Final = 0.65
"""The same in one that has: there, what only a table finds is found by it."""
POLITE: Final = 0.4
"""A score from which somebody thanks, or says goodbye."""
_WITH_WORDS: Final = frozenset({"pt", "es", "en"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """Likely meanings of a message, each from 0 to 1; `topic`: which of a tenant's own it is about, None: none.

    `mended`: its words without slips of the keys and abbreviations; empty where there is nothing to mend.
    """

    person: float = 0.0
    angry: float = 0.0
    thanks: float = 0.0
    goodbye: float = 0.0
    topic: str | None = None
    mended: str = ""


UNTOLD: Final = Meaning()
"""Where no encoder was asked, or none answered."""


def is_asking(text: str, meaning: Meaning = UNTOLD) -> str | None:
    """Return what tells that a person is asked for: the words, or "meaning" and how likely; None: nothing does."""
    return asks_for_human(text) or asks_by_meaning(text, meaning)


def asks_by_meaning(text: str, meaning: Meaning) -> str | None:
    """Return what tells that a person is asked for, where the words as they are written do not; None: nothing does.

    The words as they are meant, or "meaning" and how likely.
    """
    if declines_human(text) or declines_human(meaning.mended):
        return None
    return asks_for_human(meaning.mended) or (f"meaning {meaning.person:.2f}" if meaning.person >= ASKING else None)


def is_angry(text: str, meaning: Meaning = UNTOLD, language: str | None = None) -> bool:
    """Return whether people should answer because somebody is angry. `language`: of the text, None: not known."""
    return anger_score(text) >= ANGRY or is_angry_by_meaning(text, meaning, language)


def is_angry_by_meaning(text: str, meaning: Meaning, language: str | None) -> bool:
    """Return whether somebody is angry whose words alone do not tell."""
    if is_softened(text) or is_softened(meaning.mended):
        return False
    known = language is None or language[:2] in _WITH_WORDS
    return meaning.angry >= (ANGER_WITHOUT_WORDS if known else ANGER) or anger_score(meaning.mended) >= ANGRY
