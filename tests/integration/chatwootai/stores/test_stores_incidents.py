"""Incidents: begun once for all processes, counted, over when something works again or nothing shows for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from structlog.testing import capture_logs

from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.installation.incidents import OVER_SECONDS, Incident, Incidents, Kind
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry.http import Status
from chatwootai.telemetry.tasks import ended


@asynccontextmanager
async def running(*boards: IncidentBoard) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(board.run()) for board in boards]
    try:
        yield
    finally:
        await ended(*tasks)


async def known(board: IncidentBoard, count: int) -> tuple[Incident, ...]:
    async with asyncio.timeout(20):
        while sum(one.count for one in board.now) != count:  # noqa: ASYNC110 - the board is looked at
            await asyncio.sleep(0.01)
    return board.now


async def test_two_processes_tell_of_one_incident_and_either_ends_it(redis: Connection) -> None:
    one, other = IncidentBoard(redis), IncidentBoard(redis)
    with capture_logs() as lines:
        one.note(Kind.MODEL, "1", "key refused", "401 invalid key sk-abcdefghijklmnopqrst")
        one.note(Kind.MODEL, "1", "key refused", "401 invalid key sk-abcdefghijklmnopqrst")
        async with running(one, other):
            (found,) = await known(other, 2)
            other.note(Kind.MODEL, "1", "key refused", "401")
            await known(one, 3)
            assert (await one.check()).status is Status.DEGRADED
            other.works(Kind.MODEL, "2")
            other.works(Kind.TOOL, "1")
            other.works(Kind.MODEL, "1")
            await known(one, 0)
            assert (await one.check()).status is Status.OK
    assert "abcdefgh" not in repr(found)
    events = [line["event"] for line in lines if line["event"].startswith("incident_")]
    assert sorted(events) == ["incident_began", "incident_goes_on", "incident_over"]  # the other one says it once too


async def test_what_has_not_shown_for_long_is_over_and_begins_anew(redis: Connection) -> None:
    incidents = Incidents(redis)
    noted = await incidents.note(Kind.TOOL, "1", "stock", "its call failed", 4)
    assert noted is not None
    assert (noted[0], noted[1].count) == (True, 4)
    raw = await redis.hget("cw:incidents", "tool|1|stock")  # type: ignore[misc] - redis-py's union of both clients
    assert raw is not None

    said = orjson.loads(raw)
    said["last"] -= int((OVER_SECONDS + 1) * 1000)
    await redis.hset("cw:incidents", "tool|1|stock", orjson.dumps(said))  # type: ignore[misc] - as above
    assert await incidents.all() == []
    again = await incidents.note(Kind.TOOL, "1", "stock", "its call failed", 1)
    assert again is not None
    assert (again[0], again[1].count) == (True, 1)


async def test_their_number_is_bounded(redis: Connection) -> None:
    incidents = Incidents(redis)
    for number in range(500):
        assert await incidents.note(Kind.RATE, str(number), "full", "", 1) is not None
    assert await incidents.note(Kind.RATE, "one more", "full", "", 1) is None
    assert await incidents.note(Kind.RATE, "7", "full", "", 1) is not None


async def test_a_source_of_knowledge_is_remembered_until_it_is_read_again(redis: Connection) -> None:
    """It is tried again after hours, and must not seem well meanwhile."""
    incidents = Incidents(redis)
    await incidents.note(Kind.KNOWLEDGE, "1", "faq", "HTTP 404", 1)
    raw = orjson.loads(await redis.hget("cw:incidents", "knowledge|1|faq") or b"")  # type: ignore[misc] - as above
    aged = {**raw, "last": raw["last"] - int(OVER_SECONDS * 1000) * 3}
    await redis.hset("cw:incidents", "knowledge|1|faq", orjson.dumps(aged).decode())  # type: ignore[misc] - as above
    assert [one.subject for one in await incidents.all()] == ["faq"]
    assert await incidents.end(Kind.KNOWLEDGE, "1", "faq") is not None
    assert await incidents.all() == []


async def test_what_may_be_right_once_is_an_incident_when_it_shows_in_a_row(redis: Connection) -> None:
    board = IncidentBoard(redis)

    def refuse(times: int) -> None:
        for _ in range(times):
            board.note_in_a_row(Kind.TOOL, "1", "orders", "refused", least=3)

    refuse(2)
    board.works(Kind.TOOL, "1", "orders")
    refuse(2)
    await board._tell()
    assert board.now == ()
    refuse(1)
    await board._tell()
    assert [(one.subject, one.count) for one in board.now] == [("orders", 1)]
