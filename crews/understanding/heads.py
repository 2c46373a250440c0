"""Heads: what each tells of a text, by its embedding and its letters.

Kept in the package as the examples' embeddings with their weights, and as the weights of groups of letters.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crews.encoding.encoder import Vectors
from crews.understanding.examples import HEADS
from crews.understanding.fitting import likeness, probability
from crews.understanding.letters import PLACES, encode

FILE: Final = "heads.npz"


@dataclass(frozen=True, slots=True)
class Heads:
    """`encoder`: the name of the one whose embeddings they were made of. `examples`: one row each, int8 times scale.

    `weights`: one column a head, in the order of HEADS; 0 where an example taught that head nothing. `rarity`: of each
    place of letters. `letters`: the same columns, a row a place.
    """

    encoder: str
    examples: Vectors
    weights: NDArray[np.float32]
    rarity: NDArray[np.float32]
    letters: NDArray[np.float32]

    def scores(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Return from 0 to 1 for each text and each head: shape (len(texts), len(HEADS)); 0.5 is as likely as not.

        `vectors`: the texts' embeddings.
        """
        told = likeness(vectors, self.examples) @ self.weights
        for at, text in enumerate(texts):
            places, values = encode(text, self.rarity)
            told[at] += values @ self.letters[places]
        return probability(told.astype(np.float64)).astype(np.float32)

    def pack(self) -> bytes:
        """Return the file that `shipped` reads. The same heads are the same bytes."""
        scale = np.float32(np.abs(self.examples).max() / 127)
        rows = np.round(self.examples / scale).astype(np.int8)
        into = io.BytesIO()
        letters, rarity = self.letters.astype(np.float16), self.rarity.astype(np.float16)
        np.savez(
            into, encoder=np.array(self.encoder), scale=scale, rows=rows, weights=self.weights,
            rarity=rarity, letters=letters,
        )  # fmt: skip
        return into.getvalue()


def unpack(raw: bytes) -> Heads:
    """Return the heads in a file.

    Raises:
        ValueError: it has other heads than HEADS.
    """
    with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
        weights = kept["weights"]
        letters, rarity = kept["letters"].astype(np.float32), kept["rarity"].astype(np.float32)
        if weights.shape != (len(kept["rows"]), len(HEADS)) or letters.shape != (PLACES, len(HEADS)):
            raise ValueError(f"{FILE} has other heads than {', '.join(HEADS)}")
        rows = kept["rows"].astype(np.float32)
        rows *= kept["scale"]
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)  # in place: they are megabytes
        return Heads(str(kept["encoder"]), rows, weights, rarity, letters)


def load_shipped() -> Heads:
    """Return the heads of the package."""
    return unpack((files("crews.understanding") / FILE).read_bytes())
