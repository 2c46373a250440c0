"""This process, closed to others of the same user: its environment and memory hold every secret there is."""

import ctypes
import os
import re
import sys
from collections.abc import MutableMapping

from config.files.sources import Sources
from config.secrets.references import KEY_VARIABLE

_DUMPABLE = 4
_NAMED = re.compile(rb"\$\{([A-Za-z_][A-Za-z0-9_]*)")
_READ_LATER = ("OPENAI_", "REDIS_")  # by libraries and by ourselves, where they are needed
_COMMON = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR"})


def refuse_inspection() -> bool:
    """Let no process of the same user look into this one: its first environment, its memory, by a debugger.

    Returns whether that holds: it does on Linux, but for processes with root's powers.
    """
    return sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0) == 0)


def forget_secrets(sources: Sources, environ: MutableMapping[str, str] = os.environ) -> None:
    """Take what the configuration names out of the environment that children inherit, once it has been read."""
    texts = (data for _, place in sources.places() for data in place.files.values())
    named = {match.decode() for data in texts for match in _NAMED.findall(data)}
    old = {name for name in environ if name.startswith("CHATWOOT_")}  # what older mappings name without saying so
    for name in (named | old | {KEY_VARIABLE}) - _COMMON:
        if not name.startswith(_READ_LATER):
            environ.pop(name, None)
