"""`python -m ingress` as an operator meets it: starts, says where it listens, ends cleanly, or says why it cannot."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.door import SECRET, Visitor, configuration, hang_up, message, process, signed


async def test_it_starts_says_where_and_serves(redis_url: str, tmp_path: Path) -> None:
    with process(tmp_path, redis_url) as running:
        async with ClientSession() as session:
            door = Visitor(session, running.url)
            assert (await door.post(message(1))).body == {"status": "accepted"}
            assert (await door.get("/readyz")).status == 200
        assert running.terminate() == 0
        line = running.line("listening")
        assert (line["process"], line["accounts"]) == ("ingress", 1)


async def test_lines_carry_ids_and_no_text_and_no_secret(redis_url: str, tmp_path: Path) -> None:
    with process(tmp_path, redis_url) as running:
        async with ClientSession() as session:
            door = Visitor(session, running.url)
            body = json.dumps(message(content="my card is 4111")).encode()
            await door.post(body, headers=signed(body, **{"X-Chatwoot-Delivery": "d-1"}))
            await door.post(body, headers={**signed(body), "X-Chatwoot-Signature": "sha256=" + "ab" * 32})
        assert running.terminate() == 0
        line = running.line("accepted")
        assert (line["account"], line["conversation"], line["message"], line["delivery"]) == ("1", 25, 7, "d-1")
        assert running.line("signature_refused")["cause"] == "wrong"
        text = "".join(running.lines)
        for hidden in ("4111", SECRET, "ab" * 32):
            assert hidden not in text


async def test_sigterm_lets_what_is_in_flight_end(redis_url: str, tmp_path: Path) -> None:
    body = json.dumps(message()).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(body).items())
    with process(tmp_path, redis_url) as running:
        port = int(running.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        start = f"POST /webhooks/chatwoot/1 HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
        writer.write(start + body[:10])
        await writer.drain()
        async with ClientSession() as session:  # the door has had time to begin: it has answered another
            assert (await Visitor(session, running.url).get("/healthz")).status == 200
        running.child.terminate()
        running.line("stopping")
        writer.write(body[10:])
        async with asyncio.timeout(10):
            assert b"200" in await reader.readline()
            assert b'{"status":"accepted"}' in await reader.read()
        await hang_up(writer)
        assert running.terminate() == 0


async def test_it_drains_not_ready_and_yet_accepting_until_a_second_signal(redis_url: str, tmp_path: Path) -> None:
    with process(tmp_path, redis_url, INGRESS_DRAIN_SECONDS="60") as running:
        async with ClientSession() as session:
            door = Visitor(session, running.url)
            before = await door.post(message(1))
            assert "Connection" not in before.headers
            running.child.terminate()
            assert running.line("draining")["seconds"] == 60
            ready = await door.get("/readyz")
            assert (ready.status, ready.body["checks"]["process"]["error"]) == (503, "stopping")
            for number in (2, 3):
                answer = await door.post(message(number))
                assert (answer.status, answer.body, answer.headers["Connection"]) == (
                    200,
                    {"status": "accepted"},
                    "close",
                )
            assert (await door.post(message(2))).body == {"status": "duplicate"}
            refused = await door.post(message(4), headers={})
            assert (refused.status, refused.headers["Connection"]) == (401, "close")
            assert (await door.get("/healthz")).status == 200
        assert running.terminate() == 0


async def test_the_drain_ends_by_itself(redis_url: str, tmp_path: Path) -> None:
    with process(tmp_path, redis_url, INGRESS_DRAIN_SECONDS="1") as running:
        running.child.terminate()
        assert running.line("draining")
        assert running.line("stopping")
        assert running.terminate() == 0


def start(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingress"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_broken_configuration_starts_nothing_and_every_problem_is_said(tmp_path: Path) -> None:
    environ = configuration(tmp_path)
    del environ["DOOR_SECRET"], environ["DOOR_TOKEN"]
    done = start(environ)
    assert done.returncode == 2
    assert "DOOR_SECRET" in done.stderr
    assert "DOOR_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"INGRESS_PORT": "http"}, "INGRESS_PORT"),
        ({"INGRESS_PORT": "65536"}, "INGRESS_PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"REDIS_URL": "http://127.0.0.1"}, "redis://"),
        ({"INGRESS_HOST": "203.0.113.1"}, "INGRESS_HOST"),
    ],
)
def test_what_the_environment_gets_wrong_is_named(tmp_path: Path, environ: dict[str, str], named: str) -> None:
    done = start({**configuration(tmp_path), "JOURNAL_DIR": str(tmp_path / "journal"), **environ})
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
