"""Bounds of a stranger's answer: bytes as they arrive, and values before any parser makes objects of them.

A parser holds the event loop while it works, two microseconds a value and more: four megabytes of small objects
are seconds in which no other conversation goes on, while four megabytes of one text are none.
"""

from typing import Final

MOST_BYTES: Final = 4 << 20
"""Bytes of one message of a server."""
_MOST_SIGNS: Final = 20_000
"""Signs between values. Some 200 kB of usual JSON, more than any model is shown."""
_FEW: Final = 65_536  # bytes that cannot hold so many that it matters


class TooLong(ValueError):
    """A server's message is longer than is read, or holds more values; the message says which."""


def check(data: bytes | bytearray) -> None:
    """Return if JSON may be parsed on the event loop.

    Raises:
        TooLong: it holds too many values.
    """
    if len(data) > _FEW and sum(map(data.count, (b",", b"{", b"["))) > _MOST_SIGNS:
        raise TooLong("the answer holds too many values")
