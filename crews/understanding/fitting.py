"""Fits a head: logistic regression on the likeness to each example, by Newton's steps. Needs numpy alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from crews.encoding.encoder import Vectors

Matrix = NDArray[np.float64]

NARROW: Final = 1.0
"""How quickly likeness falls with distance; 0.7 to 2 measured alike, a plain linear head five points less."""
_HEIGHT: Final = 4.0
LETTERS: Final = 2.0
"""The share of likeness that the same letters add, beside _HEIGHT for the same meaning."""
_PENALTY: Final = 1e-4
_STEPS: Final = 12
_ENOUGH: Final = 0.02
_FAR: Final = 30.0


def likeness(one: Vectors, others: Vectors) -> Vectors:
    """Return how alike texts are: shape (len(one), len(others)), from 1 (nothing in common) to 5 (the same)."""
    kernel: Vectors = (np.exp(2 * NARROW * (one @ others.T - 1)) * _HEIGHT + 1).astype(np.float32)
    return kernel


def fit(kernel: Matrix, wanted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the weight of each example in a head that tells those that are `wanted`; `kernel`: their likeness."""
    y = wanted.astype(np.float64)
    weights: Matrix = np.zeros(len(wanted))
    for _ in range(_STEPS):
        score = kernel @ weights
        chance = probability(score)
        sure = np.maximum(chance * (1 - chance), 1e-6)
        target = score + (y - chance) / sure
        better = np.linalg.solve(kernel + np.diag(_PENALTY * len(y) / sure), target).astype(np.float64)
        moved, weights = float(np.abs(better - weights).max()), better
        if moved < _ENOUGH:
            break
    return weights.astype(np.float32)


def gradient(score: Matrix, weights: Matrix, wanted: NDArray[np.bool_]) -> Matrix:
    """Return what is left to gain by each example's weight: 0 where `fit` has ended, in shares of a right answer.

    `score`: the head's, of its own examples.
    """
    return wanted.astype(np.float64) - probability(score) - _PENALTY * len(wanted) * weights


def probability(score: Matrix) -> Matrix:
    """Return a score as a number from 0 to 1."""
    squeezed: Matrix = 1 / (1 + np.exp(-np.clip(score, -_FAR, _FAR)))
    return squeezed
