"""Memory of a worker, as the C library hands it out."""

import ctypes
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of glibc's malloc.h
_ARENAS: Final = 2
"""Heaps for all threads together. Left to itself, glibc opens one for each thread up to eight a core: the encoder's,
those that read files and look up names each keep megabytes that the others cannot use."""


def share_arenas() -> None:
    """Have threads share heaps; called before there are any. Where it is another C library, nothing is done."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_memory_back() -> None:
    """Return to the system what starting took and needs no more. Where it is another C library, nothing is done."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
