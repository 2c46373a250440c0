"""A Redis that is filled for real, by others or by what waits: nothing is lost, and the workers alone bring it down."""

import asyncio
import itertools
import json
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest

from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect, store_errors
from chatwootai.stores.server.embedded import BUNDLED, SYSTEM, WISH, NoRedis, server_binary
from chatwootai.stores.server.examination import probe
from sandbox.installation.system import Plan
from tests.faults import desk as desks
from tests.faults.desk import PATIENCE, Desk, Ground, scaled

pytestmark = pytest.mark.alone  # how long a full Redis takes to be emptied is a matter of processors
_ROOM = 600_000
"""Bytes that an installation which has just started is given: what a hundred conversations take."""
_FILLER = 16_384
_SETTINGS = desks.SETTINGS.replace("deadline_ms: 20000", "deadline_ms: 120000")
"""What waits while it fills is to be answered by a crew, however long a busy machine takes to fill it."""
_WORKERS = ("worker", "worker-2")
_DOORS = ("ingress", "ingress-2")


@pytest.fixture(scope="module", params=[SYSTEM, BUNDLED])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Two doors and two workers on a server of their own, of each kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WISH, request.param)
        try:
            server_binary()
        except NoRedis as error:
            pytest.skip(str(error))
        environ = {"WORKER_LEASE_SECONDS": str(desks.LEASE)}
        llm = ("--latency", "fixed:300ms")
        ground = Ground(Plan(ingresses=2, workers=2, llm=llm, environ=environ, settings=_SETTINGS))
        try:
            asyncio.run(ground.start())
            yield ground
        finally:
            ground.stop()


@pytest.fixture
async def admin(ground: Ground) -> AsyncIterator[Connection]:
    """A hand on the server, which has room for little more than it holds."""
    admin = connect(ground.redis_url)
    await admin.flushdb()
    await admin.config_set("maxmemory", (await admin.info("memory"))["used_memory"] + _ROOM)
    yield admin
    await admin.config_set("maxmemory", 0)
    await admin.aclose()


@pytest.fixture
async def desk(ground: Ground, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    for process in ground.processes.values():
        process.send(signal.SIGCONT)
    await ground.revive(*ground.processes)
    async with Desk(ground, request.node.name.removeprefix("test_").partition("[")[0]) as desk:
        yield desk


async def refuses(admin: Connection) -> bool:
    """Whether it takes no message now."""
    try:
        await probe(admin)
    except StoreUnavailable as error:
        return error.code == "OOM"
    return False


async def fill(admin: Connection) -> int:
    """Keep something else there until it takes no more; how many keys that were."""
    number = 0
    while True:
        try:
            with store_errors(admin):
                await admin.set(f"filler:{number}", b"x" * _FILLER)
        except StoreUnavailable:
            return number
        number += 1


async def records(desk: Desk) -> int:
    """Messages in the doors' journals."""
    held = 0
    for door in _DOORS:
        async with desk.session.get(f"{desk.ground.url(door)}/readyz") as response:
            assert response.status == 200
            held += (await response.json())["checks"]["journal"]["records"]
    return held


async def journals_empty(desk: Desk) -> None:
    async with asyncio.timeout(PATIENCE):
        while await records(desk):  # noqa: ASYNC110 - a door calls nobody
            await asyncio.sleep(0.1)


async def has_room(desk: Desk, mark: dict[str, int]) -> None:
    """Wait until each process that said that Redis is full has said that it has room."""
    async with asyncio.timeout(PATIENCE):
        while any(told(desk, name, mark)[-1:] == ["redis_full"] for name in (*_DOORS, *_WORKERS)):  # noqa: ASYNC110 - another process' work
            await asyncio.sleep(0.1)


def told(desk: Desk, name: str, mark: dict[str, int]) -> list[str]:
    """What a process has said of Redis since, each word once however often it was said again."""
    said = desk.ground.processes[name].log.read_text()[mark[name] :]
    assert "Traceback" not in said, said
    events = re.findall(r'"event": ?"(redis_full|redis_has_room|redis_away|redis_back)"', said)
    return [one for one, _ in itertools.groupby(events)]  # what lasts is told once a minute


def marks(desk: Desk) -> dict[str, int]:
    return {name: len(desk.ground.processes[name].log.read_text()) for name in (*_DOORS, *_WORKERS)}


def reasons(desk: Desk, mark: dict[str, int]) -> Counter[str]:
    """Why turns were given to people since, by how many."""
    ended = (
        line for name in _WORKERS for line in desk.ground.processes[name].log.read_text()[mark[name] :].split("\n")
    )
    told = (json.loads(line) for line in ended if '"turn_ended"' in line)
    return Counter(f"{one['cause']} {one['why']} {one['error']} {one['tries']}" for one in told if one["cause"])


async def clean(desk: Desk, mark: dict[str, int]) -> None:
    """All is answered, once, and nothing waits anywhere; it was said to be full, never to be away, and once.

    Not that a burst is answered in order: at the very bound one door may admit what another has in its journal.
    """
    tally = await desk.tally()
    assert (tally.lost, tally.doubled, tally.stuck) == (0, 0, 0), "\n".join([str(tally), *tally.why[:10]])
    assert (tally.refused, tally.handed_off, desk.unsettled()) == (0, 0, []), reasons(desk, mark)
    await journals_empty(desk)
    await has_room(desk, mark)
    for name in (*_DOORS, *_WORKERS):
        assert told(desk, name, mark) in ([], ["redis_full", "redis_has_room"]), name
    assert any(told(desk, name, mark) for name in _DOORS)


async def test_others_fill_it(desk: Desk, admin: Connection) -> None:
    mark = marks(desk)
    fillers = await fill(admin)
    await desk.crowd(scaled(20), 10)
    await asyncio.wait_for(desk.relay.delivered(), PATIENCE)
    assert await records(desk) > 0
    await admin.delete(*(f"filler:{number}" for number in range(fillers)))
    await clean(desk, mark)


async def test_what_waits_fills_it(desk: Desk, admin: Connection) -> None:
    mark = marks(desk)
    for name in _WORKERS:
        desk.ground.processes[name].send(signal.SIGSTOP)
    number = 0
    while not await refuses(admin):
        await asyncio.gather(*(desk.write(number=number + each) for each in range(10)))
        await asyncio.wait_for(desk.relay.delivered(), PATIENCE)
        number += 10
    for name in _WORKERS:
        desk.ground.processes[name].send(signal.SIGCONT)
    await desk.crowd(number // 2, 20)
    await clean(desk, mark)


async def test_processes_start_while_it_is_full(desk: Desk, admin: Connection) -> None:
    """A worker and a door are killed and start anew in a full Redis; what was taken before is answered there."""
    for name in _WORKERS:
        desk.ground.processes[name].send(signal.SIGSTOP)
    await desk.crowd(scaled(10), 20)
    await asyncio.wait_for(desk.relay.delivered(), PATIENCE)
    fillers = await fill(admin)
    # Over the bound by more than the answers to what waits make room for.
    await admin.config_set("maxmemory", (await admin.info("memory"))["used_memory"] - _ROOM // 2)
    for name in ("worker", "ingress"):
        await desk.ground.kill(name)
    await desk.ground.revive("worker", "ingress")
    desk.ground.processes["worker-2"].send(signal.SIGCONT)
    await desk.answers(len(desk.asked))
    assert await refuses(admin)
    check = desk.ground.stock_worker("check", "--check")
    check.start()
    assert await check.gone() == 0, check.tail()
    await desk.ground.retire("check")
    await admin.delete(*(f"filler:{number}" for number in range(fillers)))
    tally = await desk.tally()
    tally.must_be_clean()
    await journals_empty(desk)
