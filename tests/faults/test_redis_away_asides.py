"""What people did while Redis was away: remembered once it is back, and a person is talked over at no time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Sent
from tests.faults.desk import PATIENCE, Desk

_DOORS = ("ingress", "ingress-2")


async def counted(desk: Desk, metric: str, kind: str, fate: str) -> float:
    """A counter of the doors', summed."""
    found = 0.0
    for door in _DOORS:
        async with desk.session.get(f"{desk.ground.url(door)}/metrics") as response:
            lines = (await response.text()).splitlines()
        mine = (line for line in lines if line.startswith(f"chatwootai_{metric}_total{{"))
        found += sum(float(line.split()[-1]) for line in mine if f'kind="{kind}"' in line and f'fate="{fate}"' in line)
    return found


@asynccontextmanager
async def away(desk: Desk, metric: str, kind: str, fate: str) -> AsyncIterator[None]:
    """Redis is dead meanwhile (a frozen one would still do what lies in its sockets), until a door has met the news."""
    before = await counted(desk, metric, kind, fate)
    redis = desk.ground.redis
    assert redis is not None
    await asyncio.to_thread(redis.kill)
    try:
        await all_know(desk)
        yield
        async with asyncio.timeout(PATIENCE):
            while await counted(desk, metric, kind, fate) == before:  # noqa: ASYNC110 - a door calls nobody
                await asyncio.sleep(0.05)
        await asyncio.wait_for(desk.relay.delivered(), PATIENCE)
    finally:
        redis.resume()  # not in a thread, with which it would die


async def all_know(desk: Desk) -> None:
    """Wait until each door has met the outage."""
    async with asyncio.timeout(PATIENCE):
        for door in _DOORS:
            while True:
                async with desk.session.get(f"{desk.ground.url(door)}/readyz") as response:
                    if (await response.json())["checks"]["redis"]["status"] == "degraded":
                        break
                await asyncio.sleep(0.05)


async def asked(desk: Desk, requests: int) -> None:
    """Wait until the model has been asked so often."""
    async with asyncio.timeout(PATIENCE):
        while (await desk.llm.stats())["requests"] < requests:  # noqa: ASYNC110 - it calls nobody
            await asyncio.sleep(0.05)


def said_by_bot(state: dict[str, Any]) -> list[str]:
    kinds = [one for one in state["messages"] if one["sender"]["kind"] == "bot" and one["kind"] == "outgoing"]
    return [one["text"] for one in kinds]


async def test_a_person_steps_in_while_redis_is_away(desk: Desk) -> None:
    """A turn is under way; the signal that would end it is lost, and the look before the post holds it back."""
    await desk.llm.latency("fixed:5000ms")
    sent = await desk.write()
    await asked(desk, 1)
    async with away(desk, "signals", "takeover", "lost"):
        await desk.driver.take_over(sent)
        await desk.driver.reply(sent, "Sou a Ana, fico com isto.")
    await desk.idle()
    state = await desk.driver.state(sent)
    assert (state["status"], said_by_bot(state)) == ("open", [])


async def test_a_teammate_answers_while_redis_is_away(desk: Desk) -> None:
    """The status stays pending. What was said is known, and the conversation is given to people, as it always is."""
    sent = await desk.write()
    await desk.answers(1)
    await desk.idle()
    async with away(desk, "asides", "heard", "kept"):
        await desk.driver.reply(sent, "Sou a Ana, fico com isto.")
    await desk.driver.wait_for_status(sent, "open", within=PATIENCE)
    await desk.idle()
    assert "Sou a Ana, fico com isto." in await remembered(desk, sent)
    assert len(said_by_bot(await desk.driver.state(sent))) == 1


async def test_a_message_is_deleted_while_redis_is_away(desk: Desk) -> None:
    """It waits in the journal with the news of its deletion behind it, and nobody answers it."""
    sent = await desk.write()
    await desk.answers(1)
    await desk.idle()
    async with away(desk, "asides", "withdrawn", "kept"):
        second = await desk.write(sent)
        await desk.driver.delete(second, second.message)
    await journals_read(desk)
    await desk.idle()
    assert len(said_by_bot(await desk.driver.state(sent))) == 1


async def test_a_conversation_is_resolved_while_redis_is_away(desk: Desk) -> None:
    """What comes next is a new matter: the crew is told nothing of the one before."""
    sent = await desk.write()
    await desk.answers(1)
    await desk.idle()
    async with away(desk, "signals", "resolved", "kept"):
        await desk.driver.resolve(sent)
    await journals_read(desk)
    connection = connect(desk.ground.redis_url)
    try:
        closed = await connection.hget(keys.state(keys.conv(str(sent.account), sent.conversation)), "closed")  # type: ignore[misc]
    finally:
        await connection.aclose()
    assert int(closed or 0) > 0


async def journals_read(desk: Desk) -> None:
    """Wait until the doors have brought their journals to Redis."""
    async with asyncio.timeout(PATIENCE):
        for door in _DOORS:
            while True:
                async with desk.session.get(f"{desk.ground.url(door)}/readyz") as response:
                    checks = (await response.json())["checks"]
                if {checks["redis"]["status"], checks["journal"]["status"]} == {"ok"}:
                    break
                await asyncio.sleep(0.05)


async def remembered(desk: Desk, sent: Sent) -> str:
    """The context of a conversation, as it lies in Redis."""
    connection = connect(desk.ground.redis_url)
    try:
        conv = keys.conv(str(sent.account), sent.conversation)
        entries = await connection.lrange(keys.context(conv), 0, -1)  # type: ignore[misc]
    finally:
        await connection.aclose()
    return b"\n".join(entries).decode()
