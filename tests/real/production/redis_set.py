"""Debian's Redis and Sentinel, started by the scripts and the files of deploy/redis, on ports of this machine."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from chatwootai.stores.server.embedded import dies_with_us
from sandbox.installation.processes import free_port
from tests.real.parts import where

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
SERVICE = "chatwootai"
_PASSWORDS = {name: f"{name}-0123456789" for name in ("redis", "redis_replica", "redis_sentinel")}
_PATIENCE = 90.0


class RedisSet:
    """A primary, a replica, three sentinels. `url` is what processes are given; each part is known by its port."""

    def __init__(self, host: str = "localhost", below: Sequence[str] = ()) -> None:
        """`host`: the name that all of it is known by; `below`: what stands before each command."""
        self.host, self._below = host, below
        self.folder = Path(tempfile.mkdtemp(prefix="cw-set-"))
        self.servers = [free_port(), free_port()]
        self.sentinels = [free_port() for _ in range(3)]
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """REDIS_URL, as deploy/compose.production.yaml has it."""
        hosts, word = ",".join(f"{self.host}:{port}" for port in self.sentinels), _PASSWORDS["redis"]
        login = f"sentinel_username=chatwootai&sentinel_password={word}"
        return f"redis+sentinel://chatwootai:{word}@{hosts}/{SERVICE}/0?{login}"

    def __enter__(self) -> Self:
        secrets = self.folder / "secrets"
        secrets.mkdir()
        for name, word in _PASSWORDS.items():
            (secrets / f"{name}_password").write_text(f"{word}\n")
        for port in (*self.servers, *self.sentinels):
            self.start(port)
        self.until(self.sentinels, f"SENTINEL CKQUORUM {SERVICE}", "3 usable Sentinels")
        self.until(self.sentinels, f"SENTINEL MASTER {SERVICE}", "num-slaves 1")
        self.settled()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for port in self._running:
            self.kill(port)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, port: int) -> None:
        """Start a part, for the first time or again, by its script."""
        data = self.folder / f"data-{port}"
        data.mkdir(exist_ok=True)
        environ = {
            "PATH": os.environ["PATH"],
            "REDIS_SELF": f"{self.host}:{port}",
            "REDIS_FIRST": f"{self.host}:{self.servers[0]}",
            "REDIS_SENTINELS": " ".join(f"{self.host}:{each}" for each in self.sentinels),
            "SECRETS": str(self.folder / "secrets"),
            "DATA": str(data),
            "RUN": str(self.folder / f"run-{port}"),
        }
        script = DEPLOY / "redis" / ("start-sentinel.sh" if port in self.sentinels else "start-redis.sh")
        with (self.folder / f"{port}.log").open("ab") as log:
            self._running[port] = subprocess.Popen(
                [*self._below, "/bin/sh", str(script)], env=environ, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, preexec_fn=dies_with_us(),  # noqa: PLW1509 - it only asks the kernel to end with us
            )  # fmt: skip

    def kill(self, port: int) -> None:
        """kill -9."""
        self._running[port].send_signal(signal.SIGKILL)
        self._running[port].wait()

    def primary(self) -> int:
        """The port of the primary, as a sentinel that lives has it."""
        return int(self.ask(self._living()[0], f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}").split()[1])

    def switched(self, port: int) -> None:
        """Return once all sentinels that live have it that `port` is the primary."""
        self.until(self._living(), f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}", f" {port} ")

    def settled(self) -> None:
        """Return once the primary has a replica that is up to date."""
        self.until([self.primary()], "INFO replication", "state=online")

    def until(self, ports: list[int], command: str, words: str) -> None:
        """Return once each of these says so; they call nobody."""
        deadline = time.monotonic() + _PATIENCE
        for port in ports:
            while words not in (said := " ".join(self.ask(port, command).split("\n"))):
                log = (self.folder / f"{port}.log").read_text()[-500:]
                assert time.monotonic() < deadline, f"{port} says {said[-300:]!r} to {command}; its log: {log}"
                time.sleep(0.1)

    def ask(self, port: int, command: str) -> str:
        """What a part says, asked as the sentinels ask."""
        program = where("redis-server").replace("redis-server", "redis-cli")
        login = ["--no-auth-warning", "--user", "sentinel", "--pass", _PASSWORDS["redis_sentinel"]]
        asked = [program, "-h", self.host, "-p", str(port), *login, *command.split()]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout

    def _living(self) -> list[int]:
        return [port for port in self.sentinels if self._running[port].poll() is None]
