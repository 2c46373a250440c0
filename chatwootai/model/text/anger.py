"""Scores how angry a text sounds, in Portuguese, Spanish or English. Pure.

Four things are told apart: what only an angry person says, what is hard but may be said coolly, what is merely
complained of, and loudness. A word counts not where it is denied, nor where it is part of something that is sold.
"""

import re
from collections.abc import Sequence
from typing import Final

from chatwootai.model.text.anger_words import COMPLAINT, DENIED, EXCLAIMED, GLAD, HARD, HARMLESS, PRAISE, STRONG
from chatwootai.model.text.normalize import clauses

ANGRY: Final = 2
"""From here on people should answer."""
_SHOUTED_LETTERS: Final = 12
_SHOUTED_SHARE: Final = 0.7
_CURSING: Final = re.compile("[\U0001f92c\U0001f595]|\U0001f621.{0,2}\U0001f621")
_FROWNING: Final = re.compile("[\U0001f620\U0001f621\U0001f624\U0001f44e\U0001f4a9]")
_ROW: Final = re.compile(r"[!?]{3,}")
_LONGEST: Final = 4_000
"""Characters that are looked at: nobody needs more to be angry."""


def anger_score(text: str) -> int:
    """Return how angry: ANGRY or more, and people should answer. Loudness alone is a habit, never anger."""
    text = text[:_LONGEST]
    said = _meant(clauses(text))
    strong = sum(_count(STRONG, clause) for clause in said) + bool(_CURSING.search(text))
    hard = sum(_count(HARD, clause) for clause in said) + bool(_FROWNING.search(text))
    loud = _is_shouted(text) + bool(_ROW.search(text))
    glad = any(GLAD.search(clause) for clause in said)
    if strong:
        return ANGRY * strong + hard + loud
    if hard:
        return 0 if glad else hard + loud
    complained = any(COMPLAINT.search(clause) for clause in said)
    return loud if complained and not glad else min(loud, 1)


def is_softened(text: str) -> bool:
    """Return whether hard words are not meant: denied, part of a thing's name, or said by somebody glad."""
    said = _meant(clauses(text[:_LONGEST]))
    hard = [clause for clause in said if STRONG.search(clause) or HARD.search(clause)]
    if not hard or any(_count(STRONG, clause) for clause in said):
        return False
    return any(GLAD.search(clause) for clause in said) or not any(_count(HARD, clause) for clause in hard)


def _meant(said: Sequence[str]) -> Sequence[str]:
    """Return clauses without the swearwords that only underline praise or an apology."""
    if not any(EXCLAIMED.search(clause) for clause in said):
        return said
    kind = any(_count(PRAISE, clause) or GLAD.search(clause) for clause in said)
    return [EXCLAIMED.sub(" ", clause) for clause in said] if kind else said


def _count(words: re.Pattern[str], clause: str) -> int:
    bare = HARMLESS.sub(" ", clause)
    return sum(not DENIED.search(bare[: found.start()].rstrip()) for found in words.finditer(bare))


def _is_shouted(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    upper = sum(each.isupper() for each in letters)
    return len(letters) >= _SHOUTED_LETTERS and upper >= _SHOUTED_SHARE * len(letters)
