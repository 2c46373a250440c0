"""Commands and processes of ours, forked from one that has their modules loaded: half a second to three seconds less.

Each has an environment, a folder, streams, signals, a session and an end of its own, as one that a shell starts. What
is said of a start itself, of imports or of the installed program, is tested by a start.
"""

import atexit
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from sandbox.installation.processes import child_environment

_CLIENT = Path(__file__).with_name("client.py")
FORKS = hasattr(os, "pidfd_open")
"""Whether this system can tell the end of a process that is not ours."""


def program(*, crews: bool = False) -> list[str]:
    """Return the words that start `chatwootai` for this test process; without forks, those of the module.

    `crews`: for verbs that run crews, which are loaded then as well.
    """
    if not FORKS:
        return [sys.executable, "-m", "ops.cli"]
    forks = [server("processes"), "ops.cli"] if crews else [server("commands")]
    return [sys.executable, "-I", "-S", str(_CLIENT), *forks]


@cache
def server(kind: str) -> str:
    """Start the process from which `commands` or `processes` are forked, and return its address. It ends with us."""
    read, write = os.pipe()
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.commands.server", str(write), kind],
        cwd=Path(__file__).resolve().parents[2],
        env={**child_environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,  # its end is ours, however it comes
        stdout=subprocess.DEVNULL,
        pass_fds=(write,),
    )
    atexit.register(_stop, started)
    os.close(write)
    with os.fdopen(read) as said:
        address = said.readline().strip()
    assert address, f"the server of {kind} did not start"
    return address


def _stop(started: subprocess.Popen[bytes]) -> None:
    started.kill()
    started.wait()
