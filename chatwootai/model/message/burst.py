"""Tells when a burst has ended: the quiet time that a reply waits for, while the model already thinks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SUPERSEDE_SHARE: Final = 0.6
"""A newer message restarts the draft until this share of the deadline is used; later ones get a turn of their own."""

PATIENCE: Final = 3
"""Windows to wait after a fragment, or after the contact was last seen typing: more is about to come."""

_OPEN_ENDS: Final = (",", ";", ":", "-", "–", "—", "(", "...", "…")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LOOKED_AT: Final = 500
"""Characters at the end of a message that tell whether more is to come."""
# Words that no sentence ends with, in Portuguese, Spanish and English.
_CONNECTIVES: Final = frozenset(
    "e ou mas que se com para pra por porque pois de do da dos das no na nos nas em um uma o a os as meu minha "
    "y o pero con por para porque del la el los las un una mi en "
    "and or but that if with for because of the an my your in on to at is are".split()
)
# A greeting alone is the first half of a question.
_GREETINGS: Final = frozenset(
    "oi olá ola oie opa bom boa dia tarde noite tudo bem hola buenas buenos buen días dias tardes noches "
    "hello hi hey good morning afternoon evening".split()
)


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds of quiet that end a burst, and the longest that its first message waits for them."""

    quiet: float
    cap: float

    def closes(self, arrivals: Sequence[float], last_text: str = "", *, typing_at: float | None = None) -> float:
        """Return when a burst with these arrivals (unix seconds, any order) may be answered.

        Args:
            arrivals: when its messages reached the door.
            last_text: its newest message; a fragment makes the window longer.
            typing_at: when the contact was last seen typing.
        """
        quiet = self.quiet * (PATIENCE if is_unfinished(last_text) else 1)
        close = max(arrivals) + quiet
        if typing_at is not None:
            close = max(close, typing_at + self.quiet * PATIENCE)
        return min(close, min(arrivals) + self.cap)


def is_unfinished(text: str) -> bool:
    """Return whether more is surely to come: an open end, a last word that ends no sentence, or a greeting alone."""
    text = text.rstrip()[-_LOOKED_AT:].strip().lower()
    words = _WORD.findall(text)
    if text.endswith(_OPEN_ENDS):
        return True
    if not words or not text[-1].isalpha():
        return bool(words) and _is_greeting(words)
    return words[-1] in _CONNECTIVES or _is_greeting(words)


def _is_greeting(words: Sequence[str]) -> bool:
    return all(word in _GREETINGS for word in words)


def may_restart_draft(arrivals: Sequence[float], now: float, deadline_seconds: float) -> bool:
    """Return whether a message that has just come should still be taken into the draft that runs."""
    return now - min(arrivals) < SUPERSEDE_SHARE * deadline_seconds
