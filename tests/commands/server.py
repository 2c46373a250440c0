"""`python -m tests.commands.server FD KIND`: forks a process for each request, its modules loaded here (loaded.py).

It has one thread and no event loop, so that what is forked from it finds everything as at a start. The address under
which it listens is written to FD; it ends when its stdin does.
"""

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from typing import Any

from tests.commands import loaded


def _serve(listener: socket.socket, kind: str) -> None:
    ends = selectors.DefaultSelector()
    ends.register(listener, selectors.EVENT_READ)
    ends.register(sys.stdin.fileno(), selectors.EVENT_READ)
    while True:
        for key, _ in ends.select():
            if key.fileobj == sys.stdin.fileno():  # who started us is gone
                return
            if key.fileobj is listener:
                _begin(listener.accept()[0], ends, kind)
            elif isinstance(key.fileobj, socket.socket):  # the client is gone: so is its command
                _kill(key.data)
                ends.unregister(key.fileobj)
            else:
                _end(key.fd, key.data, ends)


def _begin(client: socket.socket, ends: selectors.BaseSelector, kind: str) -> None:
    with client.makefile("rb") as asking:
        _, streams, _, _ = socket.recv_fds(client, 1, 3)
        asked = json.loads(asking.readline())
    pid = os.fork()
    if not pid:
        ends.close()
        client.close()
        _become(kind, asked, streams)
    for stream in streams:
        os.close(stream)
    client.sendall(b"%d\n" % pid)
    ends.register(client, selectors.EVENT_READ, pid)
    ends.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, client))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _end(fd: int, of: tuple[int, socket.socket], ends: selectors.BaseSelector) -> None:
    pid, client = of
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    ends.unregister(fd)
    os.close(fd)
    with contextlib.suppress(KeyError, OSError):  # nobody may wait for it any more
        ends.unregister(client)
        client.sendall(b"%d\n" % code)
    client.close()


def _become(kind: str, asked: dict[str, Any], streams: list[int]) -> None:
    """Run what is asked in this process, and end it."""
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 256)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        time.tzset()
        tempfile.tempdir = None
        code = loaded.run(kind, asked["words"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:  # noqa: BLE001 - said as a start of its own says it
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for written in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                written.flush()
        os._exit(code)


def main(said_to: int, kind: str) -> None:
    """Listen until stdin ends."""
    loaded.load(kind)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        address = f"chatwootai-{kind}-{os.getpid()}"
        listener.bind(f"\0{address}")
        listener.listen(64)
        os.write(said_to, f"{address}\n".encode())
        os.close(said_to)
        _serve(listener, kind)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
