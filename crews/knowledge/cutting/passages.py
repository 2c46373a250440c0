"""Passages of a document: blocks under one heading put together, long ones cut between sentences."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from crews.knowledge.cutting.blocks import Block, blocks
from crews.knowledge.cutting.sentences import sentences, tokens
from crews.knowledge.passage import Document, Passage

LEAST: Final = 200
"""Tokens that a passage has at least, where its heading has as many."""
MOST: Final = 500
"""Tokens that a passage has at most, but for a sentence or a row that is longer by itself."""
PREPARATION: Final = "1"
"""The version of how documents are cut: part of what tells whether a passage can be taken over as it is."""


def cut_passages(document: Document, source: str) -> list[Passage]:
    """Return the passages of a document, in its order. A document with questions is one passage, up to MOST tokens."""
    found = list(_join_short(_pieces(document.text)))
    if document.questions and len(found) > 1 and tokens(document.text) <= MOST:
        found = [((), document.text)]
    title = document.title
    return [
        Passage(
            source=source,
            document=document.id,
            text=text,
            title=title,
            headings=headings if not headings or headings[0] != title else headings[1:],
            questions=document.questions,
            url=document.url,
        )
        for headings, text in found
    ]


def _pieces(text: str) -> Iterator[Block]:
    """Yield blocks of at most MOST tokens."""
    for block in blocks(text):
        if tokens(block.text) <= MOST:
            yield block
            continue
        kept: list[str] = []
        for sentence in (each for said in sentences(block.text) for each in _words(said)):
            if kept and tokens(" ".join((*kept, sentence))) > MOST:
                yield Block(" ".join(kept), block.headings, block.row)
                kept = []
            kept.append(sentence)
        yield Block(" ".join(kept), block.headings, block.row)


def _words(sentence: str) -> Iterator[str]:
    """Yield a sentence, in pieces of at most MOST tokens."""
    while tokens(sentence) > MOST:
        cut = sentence.rfind(" ", 0, 4 * MOST)
        cut = cut if cut > 0 else MOST
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def _join_short(pieces: Iterator[Block]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield pieces put together until they are long enough, and never across the first heading that parts them.

    Short neighbours under different headings stay apart when one of them is long enough; else they are one passage
    under the headings that they share, each below its own.
    """
    kept: list[Block] = []
    size = 0
    for piece in pieces:
        more = tokens(piece.text)
        apart = bool(kept) and piece.headings != kept[-1].headings
        if kept and (size + more > MOST or (apart and size >= LEAST // 4) or (size >= LEAST and piece.row)):
            yield _join(kept)
            kept, size = [], 0
        kept.append(piece)
        size += more
    if kept:
        yield _join(kept)


def _join(kept: list[Block]) -> tuple[tuple[str, ...], str]:
    shared = kept[0].headings
    for block in kept[1:]:
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(shared, block.headings, strict=False))
        shared = tuple(one for one, _ in pairs)
    lines, last = [], shared
    for block in kept:
        if block.headings not in (last, shared):
            lines.append(" > ".join(block.headings[len(shared) :]))
        last = block.headings
        lines.append(block.text)
    return shared, "\n".join(filter(None, lines))
