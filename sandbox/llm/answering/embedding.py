"""Embeddings without a model: hashed words, concepts and letter triples, so that what means alike lies close. Pure."""

import base64
import math
import zlib
from array import array
from collections.abc import Iterator
from functools import lru_cache

from sandbox.llm.answering import words

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_CONCEPT, _WORD, _TRIPLE, _STOP = 2.0, 1.0, 0.35, 0.1


@lru_cache(maxsize=1_000)
def embed(text: str, dimensions: int = 1536) -> "array[float]":
    """Return a vector of length 1 for `text`; equal texts give equal vectors, whatever their case and accents."""
    vector = [0.0] * dimensions
    for feature, weight in _features(text):
        hashed = zlib.crc32(feature.encode())
        vector[hashed % dimensions] += weight if hashed & 0x80000000 else -weight
    length = math.sqrt(sum(value * value for value in vector))
    if not length:
        vector[0] = length = 1.0
    return array("f", (value / length for value in vector))


def encoded(vector: "array[float]") -> str:
    """Return a vector as OpenAI's base64 (little-endian 32-bit floats)."""
    return base64.b64encode(vector.tobytes()).decode()


def _features(text: str) -> Iterator[tuple[str, float]]:
    stops = frozenset().union(*words.STOP.values())
    for word in words.words(text):
        if word in stops:
            yield f"s:{word}", _STOP
            continue
        yield f"c:{words.stem(word)}", _CONCEPT
        yield f"w:{word}", _WORD
        padded = f" {word} "
        yield from ((f"t:{padded[at : at + 3]}", _TRIPLE) for at in range(len(padded) - 2))
