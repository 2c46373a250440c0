"""The moment by which opening hours, offers and instructions of the day are told: now, or that of a rehearsal."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_rehearsed: ContextVar[datetime | None] = ContextVar("rehearsed_moment", default=None)


def present() -> datetime:
    """Return the present moment, which knows its time zone. Deadlines and ages are told by clocks, not by this."""
    return _rehearsed.get() or datetime.now(UTC)


@contextmanager
def rehearsed(at: datetime) -> Iterator[None]:
    """Let it be `at`, which must know its time zone, for what runs in the block and the tasks that it starts."""
    before = _rehearsed.set(at)
    try:
        yield
    finally:
        _rehearsed.reset(before)
