"""An index's outline: what of it a worker keeps in memory, a few bytes a passage, while the rest lies in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.index import Entry, Index, Tuning
from crews.knowledge.index.serialization import InvalidIndex

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The part of an index that tells, without a question to the server, what may be offered and how it is scored.

    `owners`: the document of each passage. `places`: the sources, name and place, and which of them each passage is of.
    `has_questions`, `expires`: of each passage. `languages`: of the terms. `averages` need not be kept: the weights of
    postings hold them.
    """

    owners: NDArray[np.int32]
    places: tuple[tuple[tuple[str, str], ...], NDArray[np.int32]]
    has_questions: NDArray[np.bool_]
    expires: NDArray[np.float64]
    languages: tuple[str, ...]
    encoder: str
    tuning: Tuning
    tokens: int
    dimensions: int

    @property
    def size(self) -> int:
        """Return the number of passages."""
        return len(self.owners)

    @property
    def bytes(self) -> int:
        """Return the memory of its arrays, in bytes."""
        return sum(each.nbytes for each in (self.owners, self.places[1], self.has_questions, self.expires))


def outline_of(index: Index, dimensions: int) -> bytes:
    """Return an index's outline as bytes."""
    known, numbers = index.places
    packed: bytes = msgpack.packb(
        {
            "format": _FORMAT,
            "owners": index.owners.astype("<i4").tobytes(),
            "known": known,
            "numbers": numbers.astype("<i4").tobytes(),
            "asked": index.has_questions.astype("u1").tobytes(),
            "expires": index.expires.astype("<f8").tobytes(),
            "languages": index.words.languages,
            "encoder": index.encoder,
            "tuning": asdict(index.tuning),
            "tokens": index.tokens,
            "dimensions": dimensions,
        }
    )
    return packed


def read_outline(packed: bytes) -> Outline:
    """Return what `outline_of` made.

    Raises:
        InvalidIndex: it is of another version of the project, or damaged.
    """
    try:
        said = msgpack.unpackb(packed)
        if said["format"] != _FORMAT:
            raise InvalidIndex(f"the outline is of format {said['format']}, not {_FORMAT}")
        return Outline(
            owners=np.frombuffer(said["owners"], "<i4"),
            places=(tuple((name, place) for name, place in said["known"]), np.frombuffer(said["numbers"], "<i4")),
            has_questions=np.frombuffer(said["asked"], "u1").astype(np.bool_),
            expires=np.frombuffer(said["expires"], "<f8"),
            languages=tuple(said["languages"]),
            encoder=said["encoder"],
            tuning=Tuning(**said["tuning"]),
            tokens=said["tokens"],
            dimensions=said["dimensions"],
        )
    except (msgpack.UnpackException, ValueError, KeyError, TypeError) as error:
        raise InvalidIndex(f"these bytes are no outline: {type(error).__name__}") from None


def pack_entry(entry: Entry) -> bytes:
    """Return a document's entry as bytes."""
    packed: bytes = msgpack.packb([getattr(entry, name) for name in Entry.__slots__])
    return packed


def read_entry(packed: bytes) -> Entry:
    """Return what `pack_entry` made."""
    values: Sequence[Any] = msgpack.unpackb(packed)
    said = dict(zip(Entry.__slots__, values, strict=True))
    return Entry(**{**said, "questions": tuple(said["questions"])})
