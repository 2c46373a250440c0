"""From documents to an index: passages cut, what is new encoded, what was known taken over, weights measured."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from chatwootai.model.text.language import detect
from crews.encoding.encoder import Encoder
from crews.knowledge.cutting.passages import cut_passages
from crews.knowledge.cutting.sentences import tokens
from crews.knowledge.index import lexicon, vectors
from crews.knowledge.index.index import Entry, Index, Tuning, compress_passages
from crews.knowledge.index.vectors import Floats
from crews.knowledge.passage import Document, Passage
from crews.knowledge.search import calibration

_AT_ONCE: Final = 64
_LEAST_SHARE: Final = 0.1
"""Of the passages, those that must be in a language for its stems to count."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one index. `doors`: its embeddings; where there would be more, passages have fewer each.

    `words`: what is said where there are too many passages.
    """

    passages: int
    doors: int
    words: str


IN_MEMORY: Final = Bounds(50_000, 120_000, "holds 50,000 in a worker's memory: name a database, `knowledge.postgres`")
IN_POSTGRES: Final = Bounds(200_000, 400_000, "holds 200,000")
"""An ingest has all of it in its own memory for a moment, about 8 KB a passage."""


class TooManyPassages(Exception):
    """There are more passages than one index holds; the message says how many."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A document with its passages and, where it is as it was, their embeddings: of its questions, and by passage."""

    entry: Entry
    passages: tuple[Passage, ...]
    asked: Floats | None = None
    windows: tuple[Floats, ...] = ()


def cut_document(entry: Entry, document: Document) -> Piece:
    """Return a document newly cut."""
    return Piece(entry, tuple(cut_passages(document, entry.source)))


def reusable_pieces(index: Index, encoder: str) -> dict[tuple[str, str, str], Piece]:
    """Return the documents of an index by source, place and id; with embeddings where `encoder` made them."""
    grouped: dict[int, list[tuple[int, Passage]]] = {}
    for number, passage in enumerate(index.passages()):
        grouped.setdefault(int(index.owners[number]), []).append((number, passage))
    same = index.encoder == encoder
    found = {}
    for at, entry in enumerate(index.entries):
        numbers = [number for number, _ in grouped.get(at, [])]
        found[entry.source, entry.place, entry.id] = Piece(
            entry,
            tuple(passage for _, passage in grouped.get(at, [])),
            index.asked.rows(numbers[0]) if same and numbers else None,
            tuple(index.windows.rows(number) for number in numbers) if same else (),
        )
    return found


async def assemble_index(
    pieces: Sequence[Piece], encoder: Encoder | None, languages: Sequence[str], bounds: Bounds = IN_MEMORY
) -> tuple[Index, int]:
    """Return the index of these documents, and how many embeddings were made for it.

    `encoder`: None for an index without vectors. `languages`: those that are stemmed in any case.

    Raises:
        TooManyPassages: there are more passages than `bounds` allow.
        EncoderUnavailable: no embeddings are to be had now.
    """
    found = [passage for piece in pieces for passage in piece.passages]
    if len(found) > bounds.passages:
        raise TooManyPassages(f"there are {len(found):,} passages, and one index {bounds.words}")
    made = await _encode_new(pieces, encoder)
    index = _build(pieces, made, encoder, languages, bounds)
    return replace(index, tuning=await _measure_tuning(index, found, encoder)), len(made)


async def assemble_beside(pieces: Sequence[Piece], encoder: Encoder, languages: Sequence[str], tuning: Tuning) -> Index:
    """Return the index of these documents with weights that were measured before, made in a thread of its own.

    Raises:
        EncoderUnavailable: no embeddings are to be had now.
    """
    made = await _encode_new(pieces, encoder)
    index = await asyncio.to_thread(_build, pieces, made, encoder, languages, IN_MEMORY)
    return replace(index, tuning=tuning)


async def _encode_new(pieces: Sequence[Piece], encoder: Encoder | None) -> Floats:
    """Return the embeddings of what is new, a row each; no rows without an encoder."""
    if encoder is None:
        return np.empty((0, 1), np.float32)
    return await _encode_all(encoder, [text for piece in pieces for text in _new_texts(piece)])


def _build(
    pieces: Sequence[Piece], made: Floats, encoder: Encoder | None, languages: Sequence[str], bounds: Bounds
) -> Index:
    """Return the index of documents and embeddings, its weights not measured."""
    found = [passage for piece in pieces for passage in piece.passages]
    owners = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece.passages) for piece in pieces])
    spoken = _languages(found, languages)
    asked, windows = _vectors(pieces, made, len(found), bounds.doors) if encoder else _no_vectors(len(found))
    return Index(
        entries=tuple(piece.entry for piece in pieces),
        owners=owners.astype(np.int32),
        blocks=compress_passages(found),
        questions=lexicon.build([" ".join(each.questions) for each in found], spoken),
        words=lexicon.build([each.whole for each in found], spoken),
        asked=asked,
        windows=windows,
        encoder=encoder.name if encoder else "",
        tuning=Tuning() if encoder else Tuning(dense=0.0),
        tokens=sum(tokens(each.text) for each in found),
    )


def _new_texts(piece: Piece) -> Iterator[str]:
    """Yield what of a document must be encoded: its questions, then each passage's windows."""
    if piece.asked is None:
        yield from piece.entry.questions
        for passage in piece.passages:
            yield from calibration.embedded_texts(passage.text)


async def _encode_all(encoder: Encoder, texts: Sequence[str]) -> Floats:
    made = [await encoder.passages(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
    return np.concatenate(made) if made else np.empty((0, encoder.dimensions), np.float32)


def _vectors(pieces: Sequence[Piece], made: Floats, size: int, most: int) -> tuple[vectors.Vectors, vectors.Vectors]:
    asked: list[Floats] = []
    asked_owners: list[int] = []
    told: list[Floats] = []
    told_owners: list[int] = []
    at = number = 0
    for piece in pieces:
        questions, of_passages, at = _of_piece(piece, made, at)
        for rows in of_passages:
            asked.append(questions)
            asked_owners += [number] * len(questions)
            told.append(rows)
            told_owners += [number] * len(rows)
            number += 1
    every = max(1, -(-len(told_owners) // most))
    owned = np.array(told_owners, np.int32)
    first = np.flatnonzero(np.diff(owned, prepend=-1))
    kept = np.union1d(np.arange(0, len(owned), every), first)  # each passage keeps one at least
    return (
        vectors.build(_stack(asked), np.array(asked_owners, np.int32), size),
        vectors.build(_stack(told)[kept], owned[kept], size),
    )


def _stack(pieces: Sequence[Floats]) -> Floats:
    """Return rows under each other; pieces without rows may be of another width, where nothing was encoded yet."""
    filled = [each for each in pieces if len(each)]
    return np.concatenate(filled) if filled else np.empty((0, 1), np.float32)


def _of_piece(piece: Piece, made: Floats, at: int) -> tuple[Floats, Sequence[Floats], int]:
    """Return a document's question embeddings, those of each passage, and where the next new ones begin."""
    if piece.asked is not None:
        return piece.asked, piece.windows, at
    end = at + len(piece.entry.questions)
    questions, of_passages = made[at:end], []
    for passage in piece.passages:
        at, end = end, end + len(calibration.embedded_texts(passage.text))
        of_passages.append(made[at:end])
    return questions, of_passages, end


def _no_vectors(size: int) -> tuple[vectors.Vectors, vectors.Vectors]:
    nothing = vectors.build(np.empty((0, 1), np.float32), np.empty(0, np.int32), size)
    return nothing, nothing


async def _measure_tuning(index: Index, found: Sequence[Passage], encoder: Encoder | None) -> Tuning:
    if encoder is None:
        return replace(index.tuning, floor=calibration.confidence_floor(index, None)) if index.size else index.tuning
    if not index.size:
        return index.tuning
    asked = calibration.own_questions(found)
    embedded = await _encode_all(encoder, [question for _, question in asked])
    tuning = calibration.tune(index, found, asked, embedded)
    foreign = await _encode_all(encoder, calibration.foreign_questions())
    return replace(tuning, floor=calibration.confidence_floor(replace(index, tuning=tuning), foreign))


def _languages(found: Sequence[Passage], languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages whose stems count: those given, and those that some of the passages are in."""
    counted: dict[str, int] = {}
    some = found[:: max(1, len(found) // 500)]
    for passage in some:
        guess = detect(passage.text)
        if guess.sure and guess.language:
            counted[guess.language] = counted.get(guess.language, 0) + 1
    common = {language for language, number in counted.items() if number >= max(1, _LEAST_SHARE * len(some))}
    return tuple(sorted({*(each[:2] for each in languages), *common}))
