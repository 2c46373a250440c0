"""Answers that a contact may pick from: buttons where the channel has them, else a list below the text. Pure."""

from collections.abc import Callable

from chatwootai.channels.registry import shape_of
from chatwootai.channels.render import render
from chatwootai.model.picked import listed


def rendered(
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
    shape, parts = shape_of(channel, carrier), render(channel, dressed(markdown), carrier=carrier)
    if not choices or (parts and shape.measure(parts[-1]) <= shape.buttons):
        return parts, choices if parts else ()
    return render(channel, dressed(listed(markdown, choices)), carrier=carrier), ()
