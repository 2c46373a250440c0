"""A door to knock at: the ingress in this process or in one of its own, and requests signed as Chatwoot signs them."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.server.connection import Connection, connect
from config.snapshot import Account, Secret, Snapshot
from ingress.body_limits import MIB, MOST_MIB
from ingress.connections import Connections
from ingress.intake import DeliveryIntake
from ingress.intakes import Intakes
from ingress.journal.journal import MOST_BYTES, Journal
from ingress.server import application, listening
from ingress.webhook import WebhookHandler
from tests import builders

SECRET = "EXAMPLEsecret24charsXXXX"


def account(key: str = "1", **changes: Any) -> Account:
    return builders.account(key, **{"webhook_secrets": (Secret(SECRET),), **changes})


def snapshot(*accounts: Account) -> Snapshot:
    return Snapshot(digest="d" * 64, accounts={one.key: one for one in accounts or (account(),)})


def message(number: int = 7, conversation: int = 25, **changes: Any) -> dict[str, Any]:
    """A customer's message, with little beside it."""
    return {
        "event": "message_created", "id": number, "message_type": "incoming", "content": f"message {number}",
        "sender": {"id": 9}, "account": {"id": 1},
        "conversation": {"id": conversation, "inbox_id": 17, "status": "pending", "channel": "Channel::WebWidget"},
        **changes,
    }  # fmt: skip


def signed(body: bytes, secret: str = SECRET, at: float | None = None, **headers: str) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Chatwoot-Timestamp": timestamp, "X-Chatwoot-Signature": f"sha256={digest}", **headers}


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Visitor:
    """Knocks at one address."""

    session: ClientSession
    url: str
    intake: DeliveryIntake | None = None

    async def post(
        self, payload: object, *, to: str = "1", headers: dict[str, str] | None = None, data: object = None
    ) -> Answer:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = signed(body) if headers is None else headers
        async with self.session.post(
            f"{self.url}/webhooks/chatwoot/{to}", data=body if data is None else data, headers=headers
        ) as response:
            return Answer(response.status, json.loads(await response.read()), dict(response.headers))

    async def get(self, path: str) -> Answer:
        async with self.session.get(self.url + path) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            return Answer(response.status, body, dict(response.headers))

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)


@contextlib.asynccontextmanager
async def open_door(
    redis_url: str,
    folder: Path,
    *accounts: Account,
    most_bytes: int = MOST_BYTES,
    most_body: int = MOST_MIB * MIB,
    connections: Connections | None = None,
) -> AsyncIterator[Visitor]:
    """The door in this process: real sockets, real Redis, a real disk."""
    connection: Connection = connect(redis_url, timeout=1.0, retries=0)
    journal = Journal(folder, most_bytes)
    await journal.open()
    intake = DeliveryIntake(connection, journal)
    replay = asyncio.create_task(intake.run())
    intakes = Intakes.of_one(intake, IncidentBoard(connection))
    door = WebhookHandler(snapshot(*accounts), intakes, most_body=most_body)
    app: web.Application = application(door, intakes)
    try:
        async with listening(app, "127.0.0.1", 0, connections=connections) as (host, port), ClientSession() as session:
            yield Visitor(session, f"http://{host}:{port}", intake)
    finally:
        intake.close()
        await replay
        await journal.close()
        await connection.aclose()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait until it is, whatever the other side did to it."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


class Process:
    """`python -m ingress`, its log lines read as they come."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "ingress"], env={**os.environ, **environ}, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = f"http://127.0.0.1:{self.line('listening')['port']}"

    def _read(self) -> None:
        assert self.child.stderr
        for line in self.child.stderr:
            with self._grown:
                self.lines.append(line)
                self._grown.notify_all()
        with self._grown:
            self.lines.append("")  # the end
            self._grown.notify_all()

    def line(self, event: str, seconds: float = 20.0) -> dict[str, Any]:
        """The first line of that event, waited for."""

        def found() -> dict[str, Any] | None:
            return next((json.loads(one) for one in self.lines if f'"event":"{event}"' in one), None)

        with self._grown:
            self._grown.wait_for(lambda: found() or self.lines[-1:] == [""], seconds)
        line = found()
        assert line, f"no line {event!r} in:\n{''.join(self.lines)}"
        return line

    def kill(self) -> None:
        self.child.kill()
        self._end()

    def terminate(self) -> int:
        self.child.terminate()
        return self._end()

    def _end(self) -> int:
        code = self.child.wait(20)
        self._reader.join()
        if self.child.stderr:
            self.child.stderr.close()
        return code


def configuration(folder: Path) -> dict[str, str]:
    """A configuration of one account, and the environment that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chatwoot_mapping.yaml").write_text(
        'version: 1\nchatwoot:\n  default: {url: "http://127.0.0.1:1"}\naccounts:\n  "1":\n    name: Acme\n'
        '    domain: retail\n    webhook_secrets: ["${DOOR_SECRET}"]\n    bot_token: "${DOOR_TOKEN}"\n'
    )
    return {"CHATWOOTAI_CONFIG": str(folder), "DOOR_SECRET": SECRET, "DOOR_TOKEN": "bot"}


@contextlib.contextmanager
def process(tmp_path: Path, redis_url: str, **environ: str) -> Iterator[Process]:
    """The real process, killed at the end if it still runs."""
    started = Process(
        {
            **configuration(tmp_path / "config"),
            "REDIS_URL": redis_url,
            "INGRESS_HOST": "127.0.0.1",
            "INGRESS_PORT": "0",
            "JOURNAL_DIR": str(tmp_path / "journal"),
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "json",
            **environ,
        }
    )
    try:
        yield started
    finally:
        if started.child.poll() is None:
            started.kill()
