"""One answer in Markdown, made into the parts that a channel can carry."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.outgoing.text.atoms import Atom
from chatwootai.channels.outgoing.text.layout import layout
from chatwootai.channels.outgoing.text.parse import parse, plain
from chatwootai.channels.outgoing.text.split import split
from chatwootai.channels.registry import capabilities_of
from chatwootai.model.text.sentences import cut_at_sentence

_MARKUP: Final = 2
"""Characters of Markdown to one that arrives; what is longer would be shortened anyway, and costs time before."""
_SPARE: Final = 500


def render(
    channel: str, markdown: str, *, carrier: str | None = None, length: int | None = None, parts: int | None = None
) -> tuple[str, ...]:
    """Render Markdown for a channel, as parts ready to post through Chatwoot.

    A part is Markdown again: Chatwoot converts it for the medium (docs/reference/chatwoot.md). None is empty, none is
    too long, no Liquid pair or mention is in any; rendering a part again changes nothing. Where Chatwoot converts
    nothing (`Shape.raw`), a part is text as it is read.

    Args:
        channel: our word for the medium (`words.channel_of`); an unknown one is plain text.
        markdown: what the crew wrote.
        carrier: Chatwoot's class of the inbox, where it is known.
        length: a shorter or longer part than the channel's own, in the provider's count.
        parts: more or fewer parts than the channel's own.

    Returns:
        The parts in order; () where there is nothing to say.
    """
    medium = capabilities_of(channel, carrier)
    if length is not None or parts is not None:
        medium = replace(medium, length=length or medium.length, parts=parts or medium.parts)
    return _stable(cut_at_sentence(markdown, _most(medium)), medium)


def rendered_text(channel: str, markdown: str, *, carrier: str | None = None) -> str:
    """Cut Markdown, at a sentence where there is one, to what a reply on a channel may come out of at most."""
    return cut_at_sentence(markdown, _most(capabilities_of(channel, carrier)))


def _most(medium: Capabilities) -> int:
    return _MARKUP * medium.length * medium.parts + _SPARE


def _stable(markdown: str, medium: Capabilities) -> tuple[str, ...]:
    """Render, and look whether a parser reads the parts as they were meant; styles are given up before text is."""
    atoms = layout(parse(markdown), medium)
    done = split(atoms, medium)
    if medium.raw or _reads_back_same(done, medium):
        return done
    done = split([atom._replace(styles=frozenset()) for atom in atoms], medium)
    if _reads_back_same(done, medium):
        return done
    return split(layout(plain(markdown), medium), medium)


def _reads_back_same(parts: Sequence[str], medium: Capabilities) -> bool:
    return all(split(_parse_part(part, medium), medium) == (part,) for part in parts)


def _parse_part(part: str, medium: Capabilities) -> tuple[Atom, ...]:
    return layout(parse(part), medium)
