"""The morning digest, from several workers at once to a conversation of a sandbox Chatwoot: there once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load
from config.settings.pacing import Digest
from config.snapshot import Account
from crews.answer.draft import Crews
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from workers.context import WorkerContext
from workers.digest.schedule import DigestSchedule
from workers.turn.job import work

MORNING = datetime(2026, 11, 29, 9, 0, tzinfo=UTC).timestamp()


@dataclass
class Place:
    """A sandbox Chatwoot with a conversation, and a worker on it whose account has a digest."""

    driver: Driver
    worker: WorkerContext
    account: Account
    sent: Sent
    redis: Connection

    def schedule(self, **changes: Any) -> DigestSchedule:
        wanted = {"at": "06:00", "to": self.sent.conversation, **changes}
        settings = self.account.settings.model_copy(update={"digest": Digest.model_validate(wanted), "hours": None})
        return DigestSchedule(self.redis, lambda: [replace(self.account, settings=settings)])

    async def run_jobs(self, worker: str = "w1", *, lost: bool = False) -> None:
        queue = Queue(self.redis, worker, lease=60)
        for claimed in (await queue.claim(5)).jobs:
            await work(self.worker, f"1:{self.sent.conversation}", claimed.job, lost=lost)
            await queue.retire(claimed.job)

    async def digests(self) -> list[dict[str, Any]]:
        """What stands in the conversation with the mark of a digest."""
        return [
            one
            for one in (await self.driver.state(self.sent))["messages"]
            if one["content_attributes"].get("chatwootai", {}).get("turn", "").startswith("digest-")
        ]


@pytest.fixture
async def place(redis: Connection, tmp_path: Path) -> AsyncIterator[Place]:
    world = seed.plant(World())
    made = app.create(world, carrier_delay=0.005)
    (tmp_path / "chatwoot_mapping.yaml").write_text(seed.mapping(world), encoding="utf-8")
    async with app.serve(made, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        snapshot = load(tmp_path, seed.environ(world, served.url))
        nobody = cast("Crews", None)  # nothing is drafted here
        worker = WorkerContext(worker_id="w1", connection=redis, snapshot=snapshot, crews=nobody, session=session)
        sent = await driver.write(1, "whatsapp", "Oi", new=True)
        yield Place(driver, worker, snapshot.accounts["1"], sent, redis)


async def write_turns(redis: Connection, number: int) -> None:
    for each in range(number):
        turn = EndedTurn(account="1", turn=f"t{each}", conversation=25, inbox=1, channel="whatsapp", outcome="reply")
        await Figures(redis).write(turn, {}, date(2026, 11, 28))


async def test_many_workers_send_one_digest_with_the_figures_of_yesterday(place: Place) -> None:
    await write_turns(place.redis, 3)
    sent = await asyncio.gather(*(place.schedule().look(MORNING) for _ in range(6)))
    assert sum(sent) == 1
    await place.run_jobs()
    assert await place.schedule().look(MORNING + 60) == 0
    await place.run_jobs()
    (message,) = await place.digests()
    assert "tratadas: 3 (no dia anterior: 0)" in message["text"]
    assert message["kind"] == "outgoing"


async def test_a_worker_that_dies_after_posting_leaves_one_digest(place: Place) -> None:
    assert await place.schedule().look(MORNING) == 1
    await place.driver.fault("cut", times=1)  # stored, and nobody hears of it
    (claimed,) = (await Queue(place.redis, "w1", lease=60).claim(5)).jobs
    await work(place.worker, f"1:{place.sent.conversation}", claimed.job, lost=False)
    await work(place.worker, f"1:{place.sent.conversation}", claimed.job, lost=True)
    assert len(await place.digests()) == 1


async def test_a_note_stands_also_in_a_conversation_that_people_have(place: Place) -> None:
    await place.driver.set_status(place.sent, "open")
    assert await place.schedule(note=True).look(MORNING) == 1
    await place.run_jobs()
    (message,) = await place.digests()
    assert message["kind"] == "note"


async def test_where_the_channel_takes_no_text_any_more_it_is_a_note(place: Place) -> None:
    await place.driver.close_window(place.sent)
    assert await place.schedule().look(MORNING) == 1
    await place.run_jobs()
    await place.run_jobs()
    (message,) = await place.digests()
    assert message["kind"] == "note"
    assert message["text"].startswith("Resumo do assistente")


async def test_the_next_morning_has_its_own(place: Place) -> None:
    schedule = place.schedule()
    assert [await schedule.look(MORNING + day * 86_400) for day in (0, 0, 1)] == [1, 0, 1]
