"""Rows as PostgreSQL's binary COPY has them, made from whole arrays and read into them."""

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.lexicon import Lexicon
from crews.knowledge.index.vectors import Floats, Vectors

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END: Final = struct.pack(">h", -1)
_AT_ONCE: Final = 1_024
_LEAST_SIGNED: Final = 1 << 63


def signed(digest: int) -> int:
    """Return a digest of 64 bits as PostgreSQL's bigint has it."""
    return digest - (1 << 64) if digest >= _LEAST_SIGNED else digest


def numbered_rows(data: Iterable[bytes]) -> Iterator[bytes]:
    """Yield rows of a number and bytes, counted from 0."""
    yield HEAD
    for number, each in enumerate(data):
        yield struct.pack(">hiii", 2, 4, number, len(each)) + each
    yield END


def term_rows(fields: Iterable[Lexicon]) -> Iterator[bytes]:
    """Yield the postings of each term of lexicons: field, digest, rarity, owners and weights."""
    yield HEAD
    for field, lexicon in enumerate(fields):
        for at, (digest, rarity) in enumerate(zip(lexicon.digests.tolist(), lexicon.rarity.tolist(), strict=True)):
            part = slice(int(lexicon.starts[at]), int(lexicon.starts[at + 1]))
            owners, weights = (
                lexicon.owners[part].astype("<i4").tobytes(),
                lexicon.weights[part].astype("<f2").tobytes(),
            )
            yield (
                struct.pack(">hihiqif", 5, 2, field, 8, signed(digest), 4, rarity)
                + struct.pack(">i", len(owners)) + owners
                + struct.pack(">i", len(weights)) + weights
            )  # fmt: skip
    yield END


def _row_of(dimensions: int) -> np.dtype[Any]:
    return np.dtype(
        [
            *(("fields", ">i2"), ("a", ">i4"), ("number", ">i4"), ("b", ">i4"), ("passage", ">i4"), ("c", ">i4")),
            *(
                ("place", ">i4"),
                ("d", ">i4"),
                ("dimensions", ">i2"),
                ("unused", ">i2"),
                ("values", ">f2", (dimensions,)),
            ),
        ]
    )


def vector_rows(kept: Vectors, dimensions: int, places: NDArray[np.int32]) -> Iterator[bytes]:
    """Yield embeddings: number, passage, its source's place, the values as halfvec. `places`: of each passage."""
    yield HEAD
    for at in range(0, len(kept.values), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        rows = np.zeros(len(kept.values[part]), _row_of(dimensions))
        rows["fields"], rows["a"], rows["b"], rows["c"], rows["d"] = 4, 4, 4, 4, 4 + 2 * dimensions
        rows["number"], rows["passage"] = np.arange(at, at + len(rows)), kept.owners[part]
        rows["place"], rows["dimensions"] = places[kept.owners[part]], dimensions
        rows["values"] = kept.values[part].astype(np.float32) * kept.scales[part, None]
        yield rows.tobytes()
    yield END


def read_vectors(data: bytes, dimensions: int) -> tuple[NDArray[np.int32], Floats]:
    """Return the passages and embeddings that a COPY of `vector_rows` gave back."""
    rows = np.frombuffer(data[len(HEAD) : len(data) - len(END)], _row_of(dimensions))
    return rows["passage"].astype(np.int32), rows["values"].astype(np.float32)
