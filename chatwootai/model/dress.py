"""What a tenant puts around an answer: a greeting before the first one, a signature below. Pure."""

from collections.abc import Sequence

from chatwootai.model.turn import Exchange
from chatwootai.model.words import fold


def first_answer(history: Sequence[Exchange]) -> bool:
    """Whether nobody of the company has said anything in this conversation."""
    return all(one.role == "contact" for one in history)


def dressed(text: str, *, greeting: str = "", signature: str = "") -> str:
    """Put both around a Markdown text, unless it has them already; empty: none."""
    folded = fold(text)
    if greeting and not folded.startswith(fold(greeting)):
        text = f"{greeting}\n\n{text}"
    if signature and not folded.endswith(fold(signature)):
        text = f"{text}\n\n{signature}"
    return text
