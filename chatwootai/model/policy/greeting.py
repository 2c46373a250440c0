"""Puts a tenant's greeting before the first answer and its signature below each. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from chatwootai.model.message.turn import Exchange
from chatwootai.model.text.normalize import normalize

_HELLO: Final = re.compile(
    r"\s*[¡*_]*(?i:olá|ola|oii?|oie|bom dia|boa tarde|boa noite|hola|buen(?:os)? d[ií]as?|buenas tardes|buenas noches|"
    r"buenas|hello|hi there|hi|hey|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)|bonjour|bonsoir|"
    r"salut|ciao|buongiorno|buonasera|goede(?:morgen|middag|navond))\b"
    r"(?:,? (?P<name>[A-ZÀ-Þ][\w'’-]{1,30}))?[*_]*\s{0,2}(?:[!.,:…]+|$)[*_]*\s*"
)
"""A greeting at a text's beginning, with the name of whoever is greeted."""


def is_first_answer(history: Sequence[Exchange]) -> bool:
    """Return whether nobody of the company has said anything in this conversation."""
    return all(one.role == "contact" for one in history)


def with_greeting(text: str, *, greeting: str = "", signature: str = "") -> str:
    """Put both around a Markdown text, unless it has them already, or greets by itself; empty: none."""
    folded = normalize(text)
    if greeting and not folded.startswith(normalize(greeting)) and not _HELLO.match(text):
        text = f"{greeting}\n\n{text}"
    if signature and not folded.endswith(normalize(signature)):
        text = f"{text}\n\n{signature}"
    return text


def without_greeting(text: str, greeting: str) -> str:
    """Return a model's text without a greeting of its own, where the tenant's will stand above it."""
    found = _HELLO.match(text) if greeting else None
    rest = text[found.end() :].lstrip() if found else ""
    return rest[0].upper() + rest[1:] if rest else text
