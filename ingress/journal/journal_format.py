"""The journal's file format: records that can be told from garbage, whatever a crash left behind. Pure.

A record is `CWJ1`, the length of the payload and its CRC-32 (both 4 bytes, big endian), then the payload: the priority
in one byte and the delivery as its mailbox entry.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from ingress.body_limits import HIGHEST_MIB, MIB

MAGIC: Final = b"CWJ1"
_HEAD: Final = struct.Struct("!4sII")
HEAD_BYTES: Final = _HEAD.size
MOST_PAYLOAD: Final = (HIGHEST_MIB + 1) * MIB
"""Bytes of a payload; a greater length is garbage.

A delivery is never longer than the body that it was read from, but for the names of its fields and what it says twice
(a subject, a file's name), all of it bounded by model/message/fields.py. The bound does not follow the setting: a
journal that was written under another one is read whole.
"""


class TooLong(ValueError):
    """A payload that nobody would read back."""


class Record(NamedTuple):
    """One payload and the offset behind it."""

    payload: bytes
    end: int


def frame(payload: bytes) -> bytes:
    """Return the record that holds `payload`.

    Raises:
        TooLong: it is over MOST_PAYLOAD.
    """
    if len(payload) > MOST_PAYLOAD:
        raise TooLong(f"{len(payload)} bytes")
    return _HEAD.pack(MAGIC, len(payload), zlib.crc32(payload)) + payload


def scan(data: bytes, start: int = 0) -> Iterator[Record]:
    """Return every whole record from `start` on.

    What is torn or damaged is skipped: reading goes on at the next magic, so one bad sector costs what it hit only.
    """
    at = start
    while (at := data.find(MAGIC, at)) >= 0:
        payload = _payload(data, at)
        if payload is None:
            at += 1
            continue
        at += HEAD_BYTES + len(payload)
        yield Record(payload, at)


def _payload(data: bytes, at: int) -> bytes | None:
    if len(data) - at < HEAD_BYTES:
        return None
    _, length, checksum = _HEAD.unpack_from(data, at)
    payload = data[at + HEAD_BYTES : at + HEAD_BYTES + length]
    whole = length <= MOST_PAYLOAD and len(payload) == length and zlib.crc32(payload) == checksum
    return payload if whole else None
