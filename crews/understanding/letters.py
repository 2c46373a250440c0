"""A text as the groups of letters in it: what an encoder of meaning smooths away, a head hears as it is written.

An insult, a clipped word and the ending of a verb are groups of three to five letters, in any language and however the
rest is spelled. Groups are hashed into a fixed number of places.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chatwootai.model.text.normalize import abridge, normalize

PLACES: Final = 8_192
_SIZES: Final = (3, 4, 5)
_LONGEST: Final = 400
"""Characters of a text that are read: a thousand groups, a third of a millisecond."""
_LEAST: Final = 2
"""Examples that a group must be in to count."""

Grams = NDArray[np.float32]


def places_of(text: str) -> list[int]:
    """Return the places of a text's groups of letters and of its words, each once, sorted."""
    plain = f" {normalize(abridge(text, _LONGEST))} "
    groups = {plain[at : at + size] for size in _SIZES for at in range(len(plain) - size + 1)}
    groups.update(f"={word}" for word in plain.split())
    return sorted({zlib.crc32(group.encode()) % PLACES for group in groups})


def rarity_of(texts: Sequence[str]) -> Grams:
    """Return what a group of letters tells, by its place: more the fewer texts have it, 0 where hardly one has."""
    counts = np.zeros(PLACES)
    for text in texts:
        counts[places_of(text)] += 1
    told = np.where(counts >= _LEAST, np.log(max(len(texts), 1) / np.maximum(counts, 1)), 0)
    return told.astype(np.float32)


def encode(text: str, rarity: Grams) -> tuple[list[int], Grams]:
    """Return the places of a text's groups, and the value at each: together of length 1, or all 0."""
    places = places_of(text)
    values = rarity[places]
    length = float(np.linalg.norm(values))
    return places, values / length if length else values


def matrix(texts: Sequence[str], rarity: Grams) -> Grams:
    """Return the same of several texts in full: shape (len(texts), PLACES)."""
    rows = np.zeros((len(texts), PLACES), np.float32)
    for row, text in zip(rows, texts, strict=True):
        places, values = encode(text, rarity)
        row[places] = values
    return rows
