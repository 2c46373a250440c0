"""The command line in processes of its own, forked from one that has its modules loaded: half a second less each.

A command has an environment, a folder, streams, signals and an end of its own, as one that a shell starts. What is said
of a start itself, of imports or of the installed program, is tested by a start.
"""

import atexit
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from chatwootai.stores.server.embedded import dies_with_us

_CLIENT = Path(__file__).with_name("client.py")


@cache
def program() -> list[str]:
    """Return the words that start `chatwootai` for this test process; without forks, those of the module."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-m", "ops.cli"]
    read, write = os.pipe()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.commands.server", str(write)],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        pass_fds=(write,),
        preexec_fn=dies_with_us(),  # noqa: PLW1509 - one prctl call, bound before the fork
    )
    atexit.register(_stop, server)
    os.close(write)
    with os.fdopen(read) as said:
        address = said.readline().strip()
    assert address, "the server of commands did not start"
    return [sys.executable, "-I", "-S", str(_CLIENT), address]


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait()
