"""A PostgreSQL with pgvector for a test: started as a user that is not root, with a socket and a port of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.real.parts import where

_USER = "nobody"
NAME = "cw"


class Postgres:
    """One server, for as long as it is not stopped. `url`: its address, for its owner."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pgvector-", dir="/tmp"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://{NAME}:sesame@127.0.0.1:{self.port}/postgres"
        self._programs = self._reachable(Path(where("pgvector")).parents[1])
        data, secret = self.folder / "data", self.folder / "secret"
        secret.write_text("sesame")
        for each in (self.folder, secret):
            self._give(each)
        self._run("initdb", "-D", data, "-U", NAME, "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c shared_buffers=64MB"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop it at once; connections break."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def close(self) -> None:
        """Stop it, and remove what it wrote."""
        with suppress(subprocess.CalledProcessError):  # it was stopped
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _reachable(self, programs: Path) -> Path:
        """The programs' folder, or a copy where the user may not come to it."""
        if os.geteuid() or all(each.stat().st_mode & 0o5 == 0o5 for each in programs.parents):
            return programs
        return Path(shutil.copytree(programs, self.folder / "programs", symlinks=True))

    def _give(self, path: Path) -> None:
        if not os.geteuid():
            shutil.chown(path, _USER)

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of its programs as a user that PostgreSQL accepts."""
        other = () if os.geteuid() else ("setpriv", f"--reuid={_USER}", "--clear-groups", "--")
        command = (*other, str(self._programs / "bin" / program), *map(str, arguments))
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
