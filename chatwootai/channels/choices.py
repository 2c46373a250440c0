"""Answers that a contact may pick from: buttons where the channel has them, else a list below the text. Pure."""

from collections.abc import Callable, Sequence

from chatwootai.channels.registry import shape_of
from chatwootai.channels.render import render


def rendered(
    channel: str, markdown: str, choices: tuple[str, ...], dressed: Callable[[str], str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Render a text with choices.

    Args:
        channel: our word for the medium.
        markdown: the text without them.
        choices: titles, as plain text.
        dressed: puts a greeting and a signature around what is said, a list included.

    Returns:
        The parts, and the choices that are to stand below the last as buttons: all, or none, as they are listed then.
    """
    shape, parts = shape_of(channel), render(channel, dressed(markdown))
    if not choices or (parts and shape.measure(parts[-1]) <= shape.buttons):
        return parts, choices if parts else ()
    return render(channel, dressed(listed(markdown, choices))), ()


def listed(text: str, choices: Sequence[str]) -> str:
    """The text with its choices as a list at the end; without any, as it is."""
    return "\n\n".join([text, "\n".join(f"- {title}" for title in choices)]) if choices else text
