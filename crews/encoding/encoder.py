"""The interface of an encoder."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crews.errors import CrewError

Vectors: TypeAlias = NDArray[np.float32]
"""One row a text, each of unit length, so that a product of two rows is their cosine."""


class EncoderUnavailable(CrewError):
    """Do without embeddings this time: search by words, decide by tables. The message says why."""


class Encoder(Protocol):
    """Makes an embedding of a text. Two encoders of different `name` or `dimensions` are never compared."""

    @property
    def name(self) -> str:
        """Return model and version: part of every key that an embedding is kept under."""
        ...

    @property
    def dimensions(self) -> int:
        """Return numbers in one embedding."""
        ...

    async def questions(self, texts: Sequence[str]) -> Vectors:
        """Encode what is asked: shape (len(texts), dimensions), float32, unit length.

        Raises:
            EncoderUnavailable: there are none to be had now.
        """
        ...

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Encode what may answer; as `questions`."""
        ...


def unit(vectors: Vectors) -> Vectors:
    """Scale each row to length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled
