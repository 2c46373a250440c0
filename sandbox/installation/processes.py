"""Real processes: started with their logs in files, waited for until they answer, stopped so that none stays behind."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

import aiohttp

from chatwootai.stores.server.embedded import dies_with_us

_PAUSE = 0.02
_LOCALHOST = "127.0.0.1"
_TAIL = 15
_PORTS = range(12_000, 32_000)
_RESERVED_AT_MOST = 100
_reserved: deque[socket.socket] = deque()
"""The newest reservations: an older one has its listener, or will have none."""


class Failed(RuntimeError):
    """A process ended, or did not answer in time; the message names it and shows the end of its log."""


def free_port() -> int:
    """Return a TCP port that nobody listens on, as `free_ports` does."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of so many TCP ports in a row that nobody listens on, and that nobody else is given meanwhile.

    A UDP socket of ours on the same number keeps other processes that choose a port from taking it before the listener
    is there. The numbers lie below those that the kernel gives to outgoing connections, any of which could be first.
    """
    while True:
        first = random.randrange(_PORTS.start, _PORTS.stop - count)
        with ExitStack() as held, suppress(OSError):
            reserved = [held.enter_context(_bound(port, socket.SOCK_DGRAM)) for port in range(first, first + count)]
            for port in range(first, first + count):
                _bound(port, socket.SOCK_STREAM).close()
            _reserved.extend(reserved)
            held.pop_all()
            while len(_reserved) > _RESERVED_AT_MOST:
                _reserved.popleft().close()
            return first


def _bound(port: int, kind: socket.SocketKind) -> socket.socket:
    """Return a socket bound to a port of this machine; raise OSError where another has it."""
    bound = socket.socket(socket.AF_INET, kind)
    try:
        bound.bind((_LOCALHOST, port))
    except OSError:
        bound.close()
        raise
    return bound


class Running(Protocol):
    """A process that was started, as `subprocess.Popen` shows it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return its exit code; None: it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended; raise TimeoutExpired after `timeout` seconds."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """End it at once."""


def start(command: Sequence[str], environ: Mapping[str, str], log: BinaryIO) -> Running:
    """Start a command, its output in `log`."""
    return subprocess.Popen(  # noqa: S603 - our own modules
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environ,
        start_new_session=True,  # Ctrl-C reaches it through us alone, in good order
        preexec_fn=dies_with_us(),  # noqa: PLW1509 - one prctl call, bound before the fork
    )


class Process:
    """One `python -m ...` with its log in `folder`. It dies with us, whatever kills us (on Linux)."""

    begin: ClassVar[Callable[[Sequence[str], Mapping[str, str], BinaryIO], Running]] = staticmethod(start)
    """Starts a command. Tests fork what is a module of ours from a process that has it loaded."""

    def __init__(self, name: str, module: str, *arguments: str, environ: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", module, *arguments]
        self._environ = {
            **child_environment(),
            "TMPDIR": str(folder),
            **environ,
        }  # what it leaves goes with the folder
        self._running: Running | None = None

    def start(self) -> None:
        """Start it; again after it ended, too (the log goes on)."""
        with self.log.open("ab") as log:
            self._running = Process.begin(self._command, self._environ, log)

    @property
    def pid(self) -> int:
        """Return its process id.

        Raises:
            Failed: It was never started.
        """
        if self._running is None:
            raise Failed(f"{self.name} is not running")
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._running is not None and self._running.poll() is None

    def tail(self, lines: int = _TAIL) -> str:
        """Return the end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) or "(its log is empty)"

    async def answers(self, url: str, seconds: float) -> None:
        """Return once a GET of `url` is answered with 200.

        Raises:
            Failed: It ended before, or took longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)) as session:
            while not await _ok(session, url):
                self.check()
                if time.monotonic() > deadline:
                    raise Failed(
                        f"{self.name} did not answer at {url} within {seconds:g} s; its log ends:\n{self.tail()}"
                    )
                await asyncio.sleep(_PAUSE)

    def check(self) -> None:
        """Raise if it is not running.

        Raises:
            Failed: It ended.
        """
        if not self.alive:
            code = self._running.returncode if self._running else None
            raise Failed(f"{self.name} ended ({_how(code)}); its log ends:\n{self.tail()}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._running is not None:
            with suppress(ProcessLookupError):
                self._running.send_signal(number)

    async def gone(self) -> int | None:
        """Return its exit code once it has ended."""
        while self.alive:  # noqa: ASYNC110 - a child's end has no event that every loop and thread can wait for
            await asyncio.sleep(0.05)
        return self._running.returncode if self._running else None

    def stop(self, seconds: float = 10.0) -> None:
        """End it: politely, and by force after `seconds`."""
        if self._running is None:
            return
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


def stop(processes: list[Process], seconds: float = 10.0) -> None:
    """End several at once, as long as the slowest of them takes."""
    for process in processes:
        process.send(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    for process in processes:
        process.stop(max(0.1, deadline - time.monotonic()))


async def first_to_end(processes: list[Process]) -> Process:
    """Return the first of them that ends."""
    waiting = {asyncio.create_task(process.gone()): process for process in processes}
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return waiting[done.pop()]


async def _ok(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def child_environment() -> dict[str, str]:
    """Return what a child needs of our environment: not what configures this system, for that is given."""
    ours = ("CHATWOOT", "INGRESS_", "WORKER_", "OPENAI_", "REDIS_", "JOURNAL_", "LOG_", "COV_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _how(code: int | None) -> str:
    if code is None:
        return "never started"
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
