"""Three network namespaces of one machine: doors, Redis, and everything else; each line between them can be cut.

Redis has one address, 10.90.0.1, that doors reach over a line of their own, workers and the test over another. On a cut
line nothing arrives: no connection is closed by it.
"""

import os
import subprocess
from types import TracebackType
from typing import Final, Self

from tests.real.parts import where

REDIS: Final = "10.90.0.1"
DOORS: Final = "10.90.1.2"
"""Where the balancer reaches the doors."""
_LINES: Final = {"doors": "cw-r-doors", "workers": "cw-r-workers"}
"""The end of each line at Redis."""
_LAID: Final = """
link add cw-balancer type veth peer name cw-door netns cw-doors
link add cw-workers type veth peer name cw-r-workers netns cw-redis
-n cw-doors link add cw-line type veth peer name cw-r-doors netns cw-redis
address add 10.90.1.1/24 dev cw-balancer
address add 10.90.3.1/24 dev cw-workers
-n cw-doors address add 10.90.1.2/24 dev cw-door
-n cw-doors address add 10.90.2.1/24 dev cw-line
-n cw-redis address add 10.90.2.2/24 dev cw-r-doors
-n cw-redis address add 10.90.3.2/24 dev cw-r-workers
-n cw-redis address add 10.90.0.1/32 dev lo
link set cw-balancer up
link set cw-workers up
-n cw-doors link set lo up
-n cw-doors link set cw-door up
-n cw-doors link set cw-line up
-n cw-redis link set lo up
-n cw-redis link set cw-r-doors up
-n cw-redis link set cw-r-workers up
route add 10.90.0.1 via 10.90.3.2
-n cw-doors route add 10.90.0.1 via 10.90.2.2
"""


def inside(namespace: str) -> list[str]:
    """What stands before a command that is to run in a namespace."""
    return [where("namespaces"), "netns", "exec", namespace]


class Lines:
    """The namespaces `cw-doors` and `cw-redis`, and their lines, while the block runs."""

    def __enter__(self) -> Self:
        self._remove()
        for name in ("cw-doors", "cw-redis"):
            self._ip("netns", "add", name)
        for line in _LAID.strip().splitlines():
            self._ip(*line.split())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def cut(self, whose: str) -> None:
        """Let nothing pass between Redis and the doors, or the workers."""
        self._ip("-n", "cw-redis", "link", "set", _LINES[whose], "down")

    def mend(self, whose: str) -> None:
        """Undo it."""
        self._ip("-n", "cw-redis", "link", "set", _LINES[whose], "up")

    def _ip(self, *arguments: str) -> None:
        done = subprocess.run([where("namespaces"), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (arguments, done.stderr)

    def _remove(self) -> None:
        """Take away what is there, also what a run that was killed has left."""
        for name in ("cw-doors", "cw-redis"):
            if os.path.exists(f"/run/netns/{name}"):  # noqa: PTH110 - a mount, no file of ours
                self._ip("netns", "delete", name)
        for name in ("cw-balancer", "cw-workers"):
            if os.path.exists(f"/sys/class/net/{name}"):  # noqa: PTH110 - a device
                self._ip("link", "delete", name)
