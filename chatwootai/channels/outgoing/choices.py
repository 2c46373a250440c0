"""Answers that a contact may pick from: buttons where the channel has them, else a list below the text. Pure."""

import re
from collections.abc import Callable
from typing import Final

from chatwootai.channels.outgoing.render import render
from chatwootai.channels.outgoing.text.liquid import neutral
from chatwootai.channels.registry import capabilities_of
from chatwootai.model.policy.numbered_choice import with_choices

_TARGET: Final = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")
_MARKED: Final = re.compile(r"(?<!\w)(?:\*\*|__|[*_`])([^\s*_`](?:[^*_`\n]{0,200}[^\s*_`])?)(?:\*\*|__|[*_`])(?!\w)")


def render_choices(
    channel: str,
    markdown: str,
    choices: tuple[str, ...],
    dressed: Callable[[str], str],
    carrier: str | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Render a text with choices.

    Args:
        channel: our word for the medium.
        markdown: the text without them.
        choices: titles, as plain text.
        dressed: puts a greeting and a signature around what is said, a list included.
        carrier: Chatwoot's class of the inbox, where it is known.

    Returns:
        The parts, and the choices that are to stand below the last as buttons: all, or none, as they are listed then.
    """
    choices = tuple(filter(None, map(button_title, choices)))
    medium, parts = capabilities_of(channel, carrier), render(channel, dressed(markdown), carrier=carrier)
    if not choices or (parts and medium.measure(parts[-1]) <= medium.buttons):
        return parts, choices if parts else ()
    return render(channel, dressed(with_choices(markdown, choices)), carrier=carrier), ()


def button_title(text: str) -> str:
    """Return a choice as a button shows it: links and pictures as their words, no emphasis, nobody mentioned."""
    words = _MARKED.sub(r"\1", _TARGET.sub(r"\1", text))
    return neutral(" ".join(words.split()))
