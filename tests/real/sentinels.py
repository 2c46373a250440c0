"""A primary, a replica and three sentinels of Debian's Redis: with TLS, and with a login on servers and sentinels."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from chatwootai.stores.server.embedded import dies_with_us
from sandbox.installation.processes import free_port
from tests.real.parts import where

SERVICE = "desk"
PASSWORD = "servers/secret"
WATCHWORD = "sentinels:secret"
_QUORUM = 2
_PATIENCE = 60.0


def certificate(folder: Path) -> None:
    """An authority, and a certificate of this machine by it, for servers and clients alike."""
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    commands = (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout key.pem -out asked.csr -subj /CN=localhost",
        "x509 -req -in asked.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names",
    )
    for command in commands:
        subprocess.run([where("openssl"), *command.split()], cwd=folder, check=True, capture_output=True)


class Sentinels:
    """All of it, on ports of localhost. `url` is what processes are given."""

    def __init__(self, *, tls: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cw-sentinels-"))
        self.tls = tls
        self.servers = [free_port(), free_port()]
        self.sentinels = [free_port() for _ in range(3)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """REDIS_URL."""
        hosts = ",".join(f"localhost:{port}" for port in self.sentinels)
        login = f"sentinel_username=watch&sentinel_password={quote(WATCHWORD, safe='')}"
        secure = f"&tls=true&ssl_ca_certs={self.folder}/ca.pem" if self.tls else ""
        return f"redis+sentinel://desk:{quote(PASSWORD, safe='')}@{hosts}/{SERVICE}/0?{login}{secure}"

    def __enter__(self) -> Self:
        certificate(self.folder)
        for number, port in enumerate(self.servers):
            self._start("redis-server", port, self._server(port, self.servers[0] if number else None))
        self._until(self.servers, "PING", "PONG")
        for port in self.sentinels:
            self._start("redis-sentinel", port, self._sentinel(port), "--sentinel")
        self._until(self.sentinels, f"SENTINEL CKQUORUM {SERVICE}", "3 usable Sentinels")
        self._until(self.servers[:1], "INFO replication", "state=online")
        self._until(self.sentinels, f"SENTINEL MASTER {SERVICE}", "num-slaves 1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def primary(self) -> int:
        """The port of the primary, as a sentinel has it."""
        return int(self._ask(self.sentinels[0], f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}").split()[1])

    def kill(self, port: int) -> None:
        """kill -9."""
        self._processes[port].send_signal(signal.SIGKILL)
        self._processes[port].wait()

    def back(self, port: int) -> None:
        """Start a server again, as a replica of who is primary now: alone it would be a second primary for seconds."""
        primary = sum(self.servers) - port
        self._start("redis-server", port, self.folder / f"{port}.conf", "--replicaof", f"localhost {primary}")

    def switched(self, port: int) -> None:
        """Return once all sentinels have it that `port` is the primary."""
        self._until(self.sentinels, f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}", f" {port} ")

    def settled(self, port: int) -> None:
        """Return once `port` is the primary, with a replica that is up to date."""
        self._until([port], "INFO replication", "state=online")

    def _until(self, ports: list[int], command: str, words: str) -> None:
        """Ask until all say so; they call nobody."""
        deadline = time.monotonic() + _PATIENCE
        for port in ports:
            while words not in (said := " ".join(self._ask(port, command).split("\n"))):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{port} does not say {words!r} to {command}, but {said[-300:]!r}")
                time.sleep(0.1)

    def _ask(self, port: int, command: str) -> str:
        login = ("watch", WATCHWORD) if port in self.sentinels else ("desk", PASSWORD)
        secure = ["--tls", "--cacert", str(self.folder / "ca.pem")] if self.tls else []
        program = where("redis-server").replace("redis-server", "redis-cli")
        asked = [program, "-h", "localhost", "-p", str(port), "--user", login[0], "--pass", login[1]]
        done = subprocess.run(
            [*asked, "--no-auth-warning", *secure, *command.split()], capture_output=True, text=True, check=False
        )
        return done.stdout

    def _start(self, part: str, port: int, configuration: Path, *arguments: str) -> None:
        self._processes[port] = subprocess.Popen(
            [where(part), str(configuration), *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=dies_with_us(),  # noqa: PLW1509 - it only asks the kernel to end with us
        )  # fmt: skip

    def _server(self, port: int, primary: int | None) -> Path:
        data = self.folder / f"data-{port}"
        data.mkdir()
        users = f"user default off\nuser desk on >{PASSWORD} ~cw:* ~arq:* &cw:* +@all -@dangerous +info\n"
        users += f"user replica on >{PASSWORD} +psync +replconf +ping\n"
        users += f"user watcher on >{WATCHWORD} allchannels +@all\n"
        (self.folder / f"{port}.users").write_text(users)
        lines = [
            *self._listens(port), f"dir {data}", "appendonly yes", "appendfsync everysec", 'save ""',
            f"aclfile {self.folder}/{port}.users", "masteruser replica", f"masterauth {PASSWORD}",
            "replica-announce-ip localhost", f"replica-announce-port {port}", "repl-diskless-sync-delay 0",
            f"logfile {data}/log",
        ]  # fmt: skip
        if primary:
            lines.append(f"replicaof localhost {primary}")
        return self._written(port, lines)

    def _sentinel(self, port: int) -> Path:
        data = self.folder / f"data-{port}"
        data.mkdir()
        users = f"user default off\nuser watch on >{WATCHWORD} allchannels +@all\n"
        (self.folder / f"{port}.users").write_text(users)
        lines = [
            *self._listens(port), f"dir {data}", f"logfile {data}/log", f"aclfile {self.folder}/{port}.users",
            "sentinel resolve-hostnames yes", "sentinel announce-hostnames yes", "sentinel announce-ip localhost",
            f"sentinel announce-port {port}", "sentinel sentinel-user watch", f"sentinel sentinel-pass {WATCHWORD}",
            f"sentinel monitor {SERVICE} localhost {self.servers[0]} {_QUORUM}",
            f"sentinel auth-user {SERVICE} watcher", f"sentinel auth-pass {SERVICE} {WATCHWORD}",
            f"sentinel down-after-milliseconds {SERVICE} 1000", f"sentinel failover-timeout {SERVICE} 6000",
            f"sentinel parallel-syncs {SERVICE} 1",
        ]  # fmt: skip
        return self._written(port, lines)

    def _listens(self, port: int) -> list[str]:
        if not self.tls:
            return [f"port {port}", "bind 127.0.0.1", "protected-mode no"]
        return [
            "port 0", f"tls-port {port}", "bind 127.0.0.1", "protected-mode no", "tls-replication yes",
            f"tls-cert-file {self.folder}/cert.pem", f"tls-key-file {self.folder}/key.pem",
            f"tls-ca-cert-file {self.folder}/ca.pem", "tls-auth-clients no",
        ]  # fmt: skip

    def _written(self, port: int, lines: list[str]) -> Path:
        path = self.folder / f"{port}.conf"
        path.write_text("\n".join(lines) + "\n")
        return path
