"""`python -m tests.commands.server FD`: forks a process for each command; the modules that verbs need are loaded here.

It has one thread and no event loop, so that what is forked from it finds everything as at a start. The address under
which it listens is written to FD.
"""

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

_LOADED = (
    "aiohttp", "cryptography.fernet", "redis.asyncio", "config.loading.loader", "config.loading.effective",
    "config.loading.without_secrets", "config.live.live", "config.mapping.mapping_edit",
    "chatwootai.stores.operators.inspection", "chatwootai.stores.operators.audit", "crews.catalog",
    "crews.plan.planning", "ops.access", "ops.jobs.bulk", "ops.jobs.job_views", "ops.connect.procedure",
    "ops.printing", "workers.chatwoot.admin", "workers.account.sync",
)  # fmt: skip


def _load() -> None:
    from ops import cli, verbs

    for name in _LOADED:
        importlib.import_module(name)
    for group in cli.GROUPS:
        folder = [str(Path(path) / group) for path in verbs.__path__]
        for module in pkgutil.iter_modules(folder):
            importlib.import_module(f"ops.verbs.{group}.{module.name}")
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads: a fork takes one of them along, and the locks of all"


def _serve(listener: socket.socket) -> None:
    ends = selectors.DefaultSelector()
    ends.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in ends.select():
            if key.fileobj is listener:
                _begin(listener.accept()[0], ends)
            elif isinstance(key.fileobj, socket.socket):  # the client is gone: so is its command
                _kill(key.data)
                ends.unregister(key.fileobj)
            else:
                _end(key.fd, key.data, ends)


def _begin(client: socket.socket, ends: selectors.BaseSelector) -> None:
    with client.makefile("rb") as asking:
        _, streams, _, _ = socket.recv_fds(client, 1, 3)
        asked = json.loads(asking.readline())
    pid = os.fork()
    if not pid:
        ends.close()
        client.close()
        _become(asked, streams)
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


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Run a command in this process, and end it."""
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 256)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        time.tzset()
        sys.argv = ["chatwootai", *asked["words"]]
        from ops.cli import main

        code = main()
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


def main(said_to: int) -> None:
    """Listen until killed."""
    _load()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        address = f"chatwootai-commands-{os.getpid()}"
        listener.bind(f"\0{address}")
        listener.listen(64)
        os.write(said_to, f"{address}\n".encode())
        os.close(said_to)
        _serve(listener)


if __name__ == "__main__":
    main(int(sys.argv[1]))
