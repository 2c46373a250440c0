"""Counts failed logins by the peer's address, and tells who has to wait."""

import time
from collections import deque
from typing import Final

from chatwootai.bounded_cache import BoundedCache

MOST: Final = 10
SECONDS: Final = 60.0
_PEERS: Final = 4096


class FailedLogins:
    """Failed logins of the last minute; ten of one address, and it waits."""

    def __init__(self) -> None:
        self._failed: BoundedCache[str, deque[float]] = BoundedCache(_PEERS)

    def note(self, peer: str) -> None:
        """Count a failure."""
        self._failed.get_or_make(peer, lambda: deque(maxlen=MOST)).append(time.monotonic())

    def wait_seconds(self, peer: str) -> int:
        """Return the whole seconds that an address has to wait; 0: it may try."""
        failed = self._failed.get(peer)
        if failed is None or len(failed) < MOST:
            return 0
        return max(0, round(failed[0] + SECONDS - time.monotonic() + 0.5))
