"""HAProxy with deploy/haproxy/haproxy.cfg, whose names and ports are those of this machine's processes."""

import asyncio
import re
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from sandbox.installation.processes import free_port
from tests.real.parts import where
from tests.real.production.redis_set import DEPLOY


class Balancer:
    """The balancer before `doors`, host and port of each; `url` is where Chatwoot sends."""

    def __init__(self, doors: Sequence[str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cw-balancer-"))
        self.port, self.metrics = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.file = self.folder / "haproxy.cfg"
        self.file.write_text(self._here((DEPLOY / "haproxy" / "haproxy.cfg").read_text(), doors))

    def _here(self, text: str, doors: Sequence[str]) -> str:
        servers = "\n".join(f"    server door{number} {door}" for number, door in enumerate(doors, 1))
        text, found = re.subn(r"^ *server-template door .*$", servers, text, flags=re.MULTILINE)
        assert found == 2, "the file names its doors otherwise: teach this test"
        text = re.sub(r" resolvers containers init-addr none", "", text)
        text = re.sub(r"^ *default-server *$", "", text, flags=re.MULTILINE)
        text = text.replace("bind :8080", f"bind 127.0.0.1:{self.port}")
        text = text.replace("bind :8405", f"bind 127.0.0.1:{self.metrics}")
        return text.replace("/run/haproxy", str(self.folder))

    async def __aenter__(self) -> Self:
        with (self.folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                where("haproxy"), "-W", "-db", "-f", str(self.file), stdout=log, stderr=log
            )
        await self.healthy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def healthy(self) -> None:
        """Return once some door is ready in its eyes."""
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                assert self._process.returncode is None, self.said()
                try:
                    async with session.get(f"{self.url}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)  # it does not call when it is ready

    async def reload(self) -> None:
        """Let a new process with the same file take over, and return once it has."""
        before = self.said().count("forked")
        self._process.send_signal(signal.SIGUSR2)
        async with asyncio.timeout(20):
            while self.said().count("forked") == before:  # noqa: ASYNC110 - HAProxy sets no event
                await asyncio.sleep(0.05)
        await self.healthy()

    def said(self) -> str:
        """What it has written."""
        return (self.folder / "log").read_text(errors="replace")

    async def counted(self) -> dict[str, int]:
        """Answers to Chatwoot by class of status, of the process that runs now."""
        pattern = r'haproxy_frontend_http_responses_total\{proxy="chatwoot",code="(\w+)"\} (\d+)'
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.metrics}/metrics") as said:
            return {code: int(count) for code, count in re.findall(pattern, await said.text()) if int(count)}
