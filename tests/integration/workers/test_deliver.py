"""Delivery with what only time brings about: an action that has waited long, against a Chatwoot with trouble."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import keys
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load
from crews.answer.draft import Crews
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from tests.builders import delivery
from workers.away import ChatwootAway
from workers.context import WorkerContext
from workers.delivery.deliver import deliver


@dataclass
class Place:
    """A sandbox Chatwoot, a worker's floor on it, and a conversation with a reply in its outbox."""

    driver: Driver
    worker: WorkerContext
    sent: Sent
    redis: Connection

    async def begun(self, *, waited: float) -> TurnStart:
        """A job that finds a reply in the outbox which is `waited` seconds late."""
        conv = keys.conv("1", self.sent.conversation)
        one = delivery(
            self.sent.message,
            at=self.sent.at,
            conversation=self.sent.conversation,
            inbox=self.sent.inbox,
            contact=self.sent.contact,
        )
        await Mailbox(self.redis).admit(one, priority=5)
        (claimed,) = (await Queue(self.redis, "w1", lease=60).claim(1)).jobs
        first = await self.worker.conversations.begin(conv, claimed.job, "w1")
        assert first is not None
        reply = Action(
            kind=ActionKind.REPLY, turn="t1", part=1, text="<script>alert(1)</script>", inbox=self.sent.inbox,
            channel="whatsapp", due=time.time() - waited, after=self.sent.message,
        )  # fmt: skip
        decision = Decision(turn="t1", answered=[self.sent.message], actions=(reply,), exchanges=())
        await self.worker.conversations.commit(
            first.lease, first.sequence, decision, ContextLimits(2, 60_000), force=True
        )
        again = await self.worker.conversations.begin(conv, claimed.job, "w1")
        assert again is not None
        return again

    async def deliver(self, begun: TurnStart) -> None:
        """One run of the job's delivery."""
        tenant = self.worker.tenant("1")
        assert tenant is not None
        await deliver(self.worker, tenant, begun.lease, begun.outbox)

    async def posts(self) -> list[float]:
        """When a message was posted."""
        calls = await self.driver.calls(action="messages#create", account=1, conversation=self.sent.conversation)
        return [call["at"] for call in calls]


@pytest.fixture
async def place(redis: Connection, tmp_path: Path) -> AsyncIterator[Place]:
    world = seed.plant(World())
    made = app.create(world, carrier_delay=0.005)
    (tmp_path / "chatwoot_mapping.yaml").write_text(seed.mapping(world), encoding="utf-8")
    async with app.serve(made, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        snapshot = load(tmp_path, seed.environ(world, served.url))
        nobody = cast("Crews", None)  # nothing is drafted here
        worker = WorkerContext(worker_id="w1", connection=redis, snapshot=snapshot, crews=nobody, session=session)
        yield Place(driver, worker, await driver.write(1, "whatsapp", "Oi"), redis)


async def test_a_post_that_chatwoot_answered_with_500_is_looked_for_and_posted_again(place: Place) -> None:
    """Within one run: that the request has ended is known, so nothing is left to be waited for."""
    await place.driver.fault("status", status=500, times=1)
    await place.deliver(await place.begun(waited=1.0))
    assert len(await place.posts()) == 2
    assert len(await place.driver.replies(place.sent)) == 1


async def test_a_post_that_was_stored_and_answered_with_500_is_found(place: Place) -> None:
    await place.driver.fault("cut", times=1)
    begun = await place.begun(waited=1.0)
    await place.deliver(begun)
    assert len(await place.posts()) == 1
    assert len(await place.driver.replies(place.sent)) == 1


async def test_what_a_firewall_alone_refuses_for_long_is_given_to_people(place: Place) -> None:
    await place.driver.fault("page", page="firewall-403", on="messages#create", times=None)
    begun = await place.begun(waited=1000.0)
    await place.deliver(begun)
    conv = begun.lease.conv
    (letter,) = await DeadLetters(place.redis).of(conv)
    assert "403" in letter.cause
    dropped = [step for step in (await ConversationHistories(place.redis).read(conv)).steps if step.name == "dropped"]
    assert "403" in dropped[0].details["cause"]
    for _ in ("the note, which is refused as the reply was", "the status"):
        left = await place.worker.conversations.begin(conv, begun.lease.job, "w1")
        assert left is not None
        await place.deliver(left)
    assert (await place.driver.state(place.sent))["status"] == "open"
    assert len(await DeadLetters(place.redis).of(conv)) == 1


async def test_what_a_firewall_refuses_is_tried_for_a_while(place: Place) -> None:
    await place.driver.fault("page", page="firewall-403", on="messages#create", times=None)
    with pytest.raises(ChatwootAway, match="not Chatwoot's own"):
        await place.deliver(await place.begun(waited=60.0))
    assert await place.redis.zcard(keys.DEAD) == 0


async def test_where_nothing_gets_through_nobody_is_given_up(place: Place) -> None:
    await place.driver.fault("page", page="firewall-403", on="*", times=None)
    with pytest.raises(ChatwootAway):
        await place.deliver(await place.begun(waited=3600.0))
    assert await place.redis.zcard(keys.DEAD) == 0


async def test_a_deleted_conversation_is_given_up_alone(place: Place) -> None:
    begun = await place.begun(waited=1.0)
    await place.driver.fault("status", status=404, on="*", conversation=place.sent.conversation, times=None)
    await place.deliver(begun)
    assert [letter.turn for letter in await DeadLetters(place.redis).of(begun.lease.conv)] == ["t1"]
    left = await place.worker.conversations.begin(begun.lease.conv, begun.lease.job, "w1")
    assert left is not None
    assert left.outbox == (), "there is nobody to tell"
