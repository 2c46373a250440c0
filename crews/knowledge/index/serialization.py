"""An index as bytes and back: msgpack and plain arrays, checked as they are read. Never pickle."""

from dataclasses import asdict
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index import vectors
from crews.knowledge.index.index import Entry, Index, Tuning
from crews.knowledge.index.lexicon import Lexicon
from crews.knowledge.index.vectors import Vectors

FORMAT: Final = 1
_TYPES: Final = {each.str: each for each in map(np.dtype, ("u8", "i8", "i4", "f2", "f4", "i1"))}


class InvalidIndex(ValueError):
    """These bytes are no index of this version of the project: ingest again."""


def pack(index: Index) -> bytes:
    """Return an index as bytes."""
    packed: bytes = msgpack.packb(
        {
            "format": FORMAT,
            "entries": [[getattr(entry, name) for name in Entry.__slots__] for entry in index.entries],
            "owners": _pack_array(index.owners),
            "blocks": index.blocks,
            "questions": _pack_lexicon(index.questions),
            "words": _pack_lexicon(index.words),
            "asked": _pack_vectors(index.asked),
            "windows": _pack_vectors(index.windows),
            "encoder": index.encoder,
            "tuning": asdict(index.tuning),
            "tokens": index.tokens,
        }
    )
    return packed


def unpack(packed: bytes) -> Index:
    """Return what `pack` was given.

    Raises:
        InvalidIndex: it is of another version, or damaged.
    """
    try:
        said = msgpack.unpackb(packed, max_bin_len=1 << 30)
        if said["format"] != FORMAT:
            raise InvalidIndex(f"the index is of format {said['format']}, not {FORMAT}")
        size = len(said["owners"][2]) // 4
        return Index(
            entries=tuple(_unpack_entry(each) for each in said["entries"]),
            owners=_unpack_array(said["owners"], "i4"),
            blocks=tuple(said["blocks"]),
            questions=_unpack_lexicon(said["questions"], size),
            words=_unpack_lexicon(said["words"], size),
            asked=_unpack_vectors(said["asked"], size),
            windows=_unpack_vectors(said["windows"], size),
            encoder=said["encoder"],
            tuning=Tuning(**said["tuning"]),
            tokens=said["tokens"],
        )
    except InvalidIndex:
        raise
    except (msgpack.UnpackException, ValueError, KeyError, TypeError, IndexError) as error:
        raise InvalidIndex(f"these bytes are no index: {type(error).__name__}") from None


def _unpack_entry(values: list[Any]) -> Entry:
    said = dict(zip(Entry.__slots__, values, strict=True))
    return Entry(**{**said, "questions": tuple(said["questions"])})


def _pack_array(array: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes()


def _unpack_array(said: Any, kind: str) -> NDArray[Any]:
    name, shape, data = said
    if _TYPES.get(name) != np.dtype(kind):
        raise InvalidIndex(f"an array is of {name}, not {kind}")
    return np.frombuffer(data, np.dtype(kind)).reshape(shape)


def _pack_lexicon(lexicon: Lexicon) -> list[Any]:
    arrays = (lexicon.digests, lexicon.starts, lexicon.owners, lexicon.weights, lexicon.rarity)
    return [*(_pack_array(each) for each in arrays), lexicon.languages]


def _unpack_lexicon(said: Any, size: int) -> Lexicon:
    digests, starts, owners, weights, rarity = (
        _unpack_array(each, kind) for each, kind in zip(said[:5], ("u8", "i8", "i4", "f2", "f4"), strict=True)
    )
    if len(starts) != len(digests) + 1 or len(owners) != len(weights) or (len(owners) and owners.max() >= size):
        raise InvalidIndex("the terms do not fit the passages")
    return Lexicon(digests, starts, owners, weights, rarity, size, tuple(said[5]))


def _pack_vectors(kept: Vectors) -> list[Any]:
    return [_pack_array(each) for each in (kept.values, kept.scales, kept.owners, kept.basis)]


def _unpack_vectors(said: Any, size: int) -> Vectors:
    values, scales, owners, basis = (
        _unpack_array(each, kind) for each, kind in zip(said, ("i1", "f4", "i4", "f2"), strict=True)
    )
    if not len(values) == len(scales) == len(owners) or (len(owners) and owners.max() >= size):
        raise InvalidIndex("the vectors do not fit the passages")
    return vectors.load(values, scales, owners, basis, size)
