"""`python -m` of a module of ours, forked: what `sandbox.installation.processes` starts, in the place of a start."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from sandbox.installation.processes import Running, start
from tests.commands import FORKS, server
from tests.commands.loaded import PROCESSES

_AT_START = ("PYTHON", "LD_", "MALLOC_")
"""Variables that the interpreter, or the system below it, reads once."""


def start_forked(command: Sequence[str], environ: Mapping[str, str], log: BinaryIO) -> Running:
    """Fork a module with its arguments where a server has it loaded; else start the command."""
    words = command[2:]
    ours = tuple(command[:2]) == (sys.executable, "-m") and words[0] in PROCESSES
    if not FORKS or not ours or _of_a_start(environ) != _of_a_start(os.environ):
        return start(command, environ, log)
    asked = {"words": list(words), "environ": dict(environ), "folder": str(Path.cwd())}
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(f"\0{server('processes')}")
    with Path(os.devnull).open("rb") as nothing:
        socket.send_fds(connection, [b"\n"], [nothing.fileno(), log.fileno(), log.fileno()])
    connection.sendall(json.dumps(asked).encode() + b"\n")
    return Forked(connection)


def _of_a_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(_AT_START)}


class Forked:
    """A process that the server forked: `subprocess.Popen` as far as `Running` goes. It dies with us."""

    def __init__(self, connection: socket.socket) -> None:
        self.pid = int(_line(connection))
        self.returncode: int | None = None
        self._reading = threading.Lock()
        connection.setblocking(False)
        self._server = connection.detach()
        weakref.finalize(self, os.close, self._server)

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None: it runs."""
        with self._reading:
            if self.returncode is None and (said := self._said()) is not None:
                self.returncode = int(said or -signal.SIGKILL)  # nothing said: the server is gone, and it with that
        return self.returncode

    def _said(self) -> bytes | None:
        try:
            return os.read(self._server, 100)
        except BlockingIOError:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended.

        Raises:
            subprocess.TimeoutExpired: It has not within `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        ready = select.poll()
        ready.register(self._server, select.POLLIN)
        while (code := self.poll()) is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            ready.poll(None if left is None else left * 1000)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _line(connection: socket.socket) -> bytes:
    with connection.makefile("rb", buffering=0) as said:
        return said.readline()
