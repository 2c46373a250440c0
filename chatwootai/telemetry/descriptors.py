"""Limits of files and connections that this process may have open at once."""

import sys
from typing import Final

_ENOUGH: Final = 65_536
_UNKNOWN: Final = 1_024


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one, at most to 65,536, and return what it is now.

    The soft one is 1,024 in most places, for programs that still use select(); past it a door accepts nobody, and a
    worker cannot reach Redis.
    """
    if sys.platform == "win32":
        return _UNKNOWN
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # a sandbox that lets nobody change it
            return int(soft)
        return wanted
    return _ENOUGH if soft == resource.RLIM_INFINITY else int(soft)
