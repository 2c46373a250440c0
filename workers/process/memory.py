"""Memory of a worker, as the C library hands it out."""

import ctypes
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of glibc's malloc.h
_ARENAS: Final = 2
"""Heaps for all threads together. Left to itself, glibc opens one for each thread up to eight a core: the encoder's,
those that read files and look up names each keep megabytes that the others cannot use."""
_MMAP_THRESHOLD: Final = -3
_LARGE: Final = 512 << 10
"""Bytes of a block from which it is a piece of memory of its own, which goes back to the system whole. Left to itself,
glibc raises this to 32 MiB, and an index that was read and unpacked leaves a hole where it was."""


def keep_small() -> None:
    """Have threads share heaps, and large blocks go back; called before there are threads.

    Where it is another C library, nothing is done.
    """
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def give_memory_back() -> None:
    """Return to the system what starting took and needs no more. Where it is another C library, nothing is done."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
