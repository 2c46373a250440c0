"""A door in a process of its own, with little room: who has filled theirs hears 429, everybody else is served."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatwootai.stores.operators.actions import OperatorActions
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import Process, free_port
from tests.door import SECRET, Visitor, message, signed

OTHER = "another24charsEXAMPLEXXX"
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:9"}}
accounts:
"""


@pytest.fixture
async def door(redis: Connection, redis_server: Embedded, tmp_path: Path) -> AsyncIterator[Visitor]:
    accounts = "".join(
        f'  "{key}": {{name: A, domain: retail, webhook_secrets: ["${{SECRET_{key}}}"], bot_token: "${{BOT_{key}}}"}}\n'
        for key in (1, 2)
    )
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING + accounts)
    port = free_port()
    environ = {
        "REDIS_URL": redis_server.url, "CHATWOOTAI_CONFIG": str(tmp_path), "INGRESS_HOST": "127.0.0.1",
        "INGRESS_PORT": str(port), "JOURNAL_DIR": str(tmp_path / "journal"), "SECRET_1": SECRET, "SECRET_2": OTHER,
        "BOT_1": "one", "BOT_2": "two",
        "INGRESS_MOST_WAITING": "3",
    }  # fmt: skip
    process = Process("ingress", "ingress", environ=environ, folder=tmp_path)
    process.start()
    try:
        await process.answers(f"http://127.0.0.1:{port}/readyz", 20)
        async with aiohttp.ClientSession() as session:
            yield Visitor(session, f"http://127.0.0.1:{port}")
    finally:
        process.stop()


async def test_a_full_tenant_hears_429_and_its_neighbour_does_not(door: Visitor, redis: Connection) -> None:
    for number in range(1, 4):
        assert (await door.post(message(number, number))).status == 200
    full = await door.post(message(4, 4))
    assert (full.status, full.headers["Retry-After"]) == (429, "5")
    assert (await door.post(message(1, 1))).body == {"status": "duplicate"}
    neighbour = json.dumps(message(5, 5, account={"id": 2})).encode()
    assert (await door.post(neighbour, to="2", headers=signed(neighbour, OTHER))).status == 200
    ready = await door.get("/readyz")
    assert (ready.status, ready.body["status"]) == (200, "degraded")
    assert ready.body["checks"]["mailboxes"] == {
        "status": "degraded", "messages": 4, "full": 1, "most": 3, "ready": 4,
    }  # fmt: skip
    told = (await door.get("/metrics")).body
    assert "chatwootai_waiting_messages 4.0" in told
    assert "chatwootai_full_tenants 1.0" in told
    assert "chatwootai_ready_jobs 4.0" in told
    async with asyncio.timeout(20):  # seen every five seconds
        while 'chatwootai_oldest_waiting_seconds{lane="normal"} 0.0' in told:
            await asyncio.sleep(0.2)
            told = (await door.get("/metrics")).body
    for line in ("workers_listening 0.0", "dead_letters_now 0.0", "chatwoot_tokens_refused 0.0"):
        assert f"chatwootai_{line}" in told
    assert 'chatwootai_oldest_waiting_seconds{lane="high"} 0.0' in told
    assert "chatwootai_build_info{" in told
    await OperatorActions(redis).drop("1:1")
    assert (await door.post(message(4, 4))).status == 200
    assert (await door.get("/readyz")).body["checks"]["mailboxes"]["messages"] == 4


async def test_a_bound_that_is_no_number_keeps_the_door_shut(tmp_path: Path) -> None:
    process = Process("ingress", "ingress", environ={"INGRESS_MOST_WAITING": "many"}, folder=tmp_path)
    process.start()
    assert await process.gone() == 2
    assert "INGRESS_MOST_WAITING is 'many'" in process.tail()
