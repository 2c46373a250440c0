"""What people do while Redis is away goes through the journal: a door in this process, a real Redis, a real disk."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from ingress.intake import DeliveryIntake
from tests.door import Visitor, message, open_door

_SAYING = {"message_type": "outgoing", "sender": {"type": "user", "id": 4, "name": "Ana"}}


def of_conversation(number: int, status: str) -> dict[str, Any]:
    now = time.time()
    return {
        "event": "conversation_status_changed",
        "id": number,
        "status": status,
        "updated_at": now,
        "account": {"id": 1},
    }


@asynccontextmanager
async def outage(server: Embedded, intake: DeliveryIntake) -> AsyncIterator[None]:
    """Redis is killed, and back at the end with all that the journal held."""
    server.kill()
    yield
    assert intake.journal.records > 0
    server.resume()
    async with asyncio.timeout(20):
        while intake.journal.size or intake.away:  # noqa: ASYNC110 - a door calls nobody
            await asyncio.sleep(0.02)


async def state(server: Embedded) -> tuple[dict[bytes, bytes], list[bytes], list[bytes]]:
    """The conversation's state, context and mailbox."""
    connection = connect(server.url)
    try:
        conv = keys.conv("1", 25)
        held = await connection.hgetall(keys.state(conv))  # type: ignore[misc]
        context = await connection.lrange(keys.context(conv), 0, -1)  # type: ignore[misc]
        return held, context, await connection.zrange(keys.box(conv), 0, -1)
    finally:
        await connection.aclose()


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Embedded, Visitor, DeliveryIntake]]:
    with Embedded.start(arguments=("--appendfsync", "always")) as server:
        async with open_door(server.url, tmp_path) as door:
            assert door.intake is not None
            assert (await door.post(message(7))).body == {"status": "accepted"}
            yield server, door, door.intake


async def test_what_a_teammate_said_and_wished_is_known_afterwards(tmp_path: Path) -> None:
    async with opened(tmp_path) as (server, door, intake):
        async with outage(server, intake):
            assert (await door.post(message(8, content="Sou a Ana.", **_SAYING))).status == 200
            assert (await door.post(message(8, content="Sou a Ana.", **_SAYING))).status == 200
        held, context, _ = await state(server)
    assert held[b"wish"] == b"open"
    assert len([one for one in context if b"Sou a Ana." in one]) == 1


async def test_what_was_deleted_is_not_answered(tmp_path: Path) -> None:
    gone = {"event": "message_updated", "content_attributes": {"deleted": True}, "content": "This message was deleted"}
    async with opened(tmp_path) as (server, door, intake):
        async with outage(server, intake):
            assert (await door.post(message(8))).body == {"status": "accepted"}
            assert (await door.post(message(8, **gone))).body["reason"] == "message_deleted"
            assert (await door.post(message(7, **gone))).body["reason"] == "message_deleted"
        _, _, box = await state(server)
    assert box == []


async def test_what_was_resolved_is_a_closed_matter(tmp_path: Path) -> None:
    async with opened(tmp_path) as (server, door, intake):
        async with outage(server, intake):
            assert (await door.post(of_conversation(25, "resolved"))).status == 200
        held, _, _ = await state(server)
    assert abs(int(held[b"closed"]) / 1000 - time.time()) < 60


async def test_what_is_true_for_a_moment_only_is_not_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as (server, door, intake):
        server.kill()
        typing = {
            "event": "conversation_typing_on",
            "conversation": {"id": 25},
            "user": {"id": 9},
            "account": {"id": 1},
        }
        for each in (typing, of_conversation(25, "open")):
            assert (await door.post(each)).status == 200
        assert intake.journal.records == 0
        server.resume()
