"""Embeddings in arrays: a byte a value, and beside many of them a shorter form that is looked through first."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.lexicon import Scores

Floats: TypeAlias = NDArray[np.float32]

FEW: Final = 4_000
"""Embeddings up to which each is compared in full."""
_SHORT: Final = 128
"""Values of the shorter form."""
_AGAIN: Final = 256
"""Embeddings that are compared in full after the shorter form was looked through."""
_LEARNT: Final = 8_000
_AT_ONCE: Final = 4_096
_COMPARED_AT_ONCE: Final = 128
"""Embeddings that are made floats of and compared at a time: 256 KiB, which a core's cache holds."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Embeddings and whose they are. `owners` ascends; an owner may have several, or none.

    `values`: 127ths of `scales`. `basis`: what turns an embedding into its shorter form, (dimensions, 128) where there
    are many, else empty. `short`: those forms; computed by `loaded`, never kept.
    """

    values: NDArray[np.int8]
    scales: Floats
    owners: NDArray[np.int32]
    basis: NDArray[np.float16]
    size: int
    short: Floats
    firsts: NDArray[np.int64]

    @property
    def bytes(self) -> int:
        """Return the memory of its arrays."""
        return sum(each.nbytes for each in (self.values, self.scales, self.owners, self.basis, self.short))

    def scores(self, question: Floats) -> Scores:
        """Return for each owner the cosine of the nearest of its embeddings, at least 0.

        Where there are many, those that are far by their shorter form keep the cosine of that.
        """
        found = np.zeros(self.size, np.float32)
        if not len(self.values):
            return found
        if len(self.short):
            near = self.short @ (question @ self.basis.astype(np.float32))
            most = min(_AGAIN, len(near))
            again = np.argpartition(near, -most)[-most:]
            near[again] = self._exact(again, question)
        else:
            near = self._exact(np.arange(len(self.values)), question)
        found[self.owners[self.firsts]] = np.maximum.reduceat(near, self.firsts)
        return np.maximum(found, 0)

    def rows(self, owner: int) -> Floats:
        """Return the embeddings of an owner, as near as they were kept."""
        first, last = np.searchsorted(self.owners, [owner, owner + 1])
        return self._floats(np.arange(first, last))

    def _exact(self, rows: NDArray[np.int64], question: Floats) -> Floats:
        step = _COMPARED_AT_ONCE
        pieces = [self._floats(rows[at : at + step]) @ question for at in range(0, len(rows), step)]
        return np.concatenate(pieces).astype(np.float32)

    def _floats(self, rows: NDArray[np.int64]) -> Floats:
        made: Floats = self.values[rows].astype(np.float32) * self.scales[rows, None]
        return made


def build(embeddings: Floats, owners: NDArray[np.int32], size: int) -> Vectors:
    """Keep embeddings of unit length, shape (n, dimensions); `owners` ascends, `size` is how many owners there are."""
    scales = np.abs(embeddings).max(axis=1, initial=0.0) / 127
    safe = np.where(scales > 0, scales, 1).astype(np.float32)
    values = np.rint(embeddings / safe[:, None]).astype(np.int8)
    basis = _basis(embeddings) if len(embeddings) > FEW else np.empty((embeddings.shape[1], 0), np.float16)
    return load(values, safe, owners, basis, size)


def load(
    values: NDArray[np.int8],
    scales: Floats,
    owners: NDArray[np.int32],
    basis: NDArray[np.float16],
    size: int,
) -> Vectors:
    """Return the embeddings that were kept, with their shorter form where there are many."""
    short = np.empty((len(values) if basis.shape[1] else 0, basis.shape[1]), np.float32)
    turned = basis.astype(np.float32)
    for at in range(0, len(short), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        short[part] = (values[part].astype(np.float32) * scales[part, None]) @ turned
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    return Vectors(values, scales, owners, basis, size, short, firsts)


def _basis(embeddings: Floats) -> NDArray[np.float16]:
    """Return the directions that these embeddings differ most in, from at most 8,000 of them."""
    some = embeddings[:: max(1, len(embeddings) // _LEARNT)]
    _, directions = np.linalg.eigh(some.T @ some)
    kept: NDArray[np.float16] = directions[:, -min(_SHORT, embeddings.shape[1]) :].astype(np.float16)
    return kept
