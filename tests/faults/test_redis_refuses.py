"""A Redis that is there and refuses is away: nothing is lost or doubled, no process ends, no door says 500."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest

from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import Process
from sandbox.installation.system import Plan
from tests.faults import desk as desks
from tests.faults.desk import Desk, Ground, scaled
from tests.faults.refusing import SCRIPTS, Refusing
from tests.faults.test_redis_away import loaded

_REFUSING = float(os.environ.get("FAULTS_REFUSING", "3"))
"""Seconds of each refusal; FAULTS_REFUSING=20 is what a release is tried with."""
_CONVERSATIONS = scaled(30)

Trouble = Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    with Embedded.start() as server:
        yield server


@pytest.fixture(scope="module")
def relay(server: Embedded) -> Iterator[Refusing]:
    path = server.url.removeprefix("unix://").partition("?")[0]
    with Refusing(path) as relay:
        yield relay


@pytest.fixture(scope="module")
def ground(relay: Refusing) -> Iterator[Ground]:
    """A door and two workers that reach their Redis through the relay."""
    environ = {"WORKER_LEASE_SECONDS": str(desks.LEASE)}
    llm = ("--latency", "fixed:300ms")
    plan = Plan(ingresses=2, workers=2, llm=llm, environ=environ, settings=desks.SETTINGS, redis_url=relay.url)
    ground = Ground(plan)
    try:
        asyncio.run(ground.start())
        yield ground
    finally:
        relay.allow()
        ground.stop()


@pytest.fixture
async def desk(ground: Ground, relay: Refusing, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    relay.allow()
    async with Desk(ground, request.node.name.removeprefix("test_")) as desk:
        await desk.llm.heal()
        await desk.llm.latency("fixed:300ms")
        yield desk


@pytest.fixture
async def admin(server: Embedded) -> AsyncIterator[Connection]:
    """A hand on the server itself, as another user than the processes are."""
    plain = connect(server.url)
    await plain.execute_command("ACL", "SETUSER", "admin", "on", ">admin", "~*", "&*", "+@all")
    path = server.url.removeprefix("unix://").partition("?")[0]
    admin = connect(f"unix://admin:admin@{path}?db=0", timeout=30)
    yield admin
    for client in (plain, admin):
        await client.aclose()


async def refused(desk: Desk, begin: Trouble, end: Trouble) -> None:
    """Under load, `begin` what makes Redis refuse, and `end` it once doors and workers have met it for a while."""
    marks = {name: len(process.log.read_text()) for name, process in _ours(desk).items()}

    async def trouble() -> None:
        await desk.answers(_CONVERSATIONS // 6)
        await begin()
        try:
            await _all_doors(desk, "degraded", 200)
            await asyncio.sleep(_REFUSING)
            await _all_doors(desk, "degraded", 200)
        finally:
            await end()

    tally = await loaded(desk, trouble(), per_second=4, conversations=_CONVERSATIONS)
    assert tally.handed_off == 0
    await _all_doors(desk, "ok", 200)
    for name, process in _ours(desk).items():
        said = process.log.read_text()[marks[name] :]
        assert "Traceback" not in said, f"{name}:\n{said}"
        assert "surprise" not in said
        assert len(re.findall(r'"event": ?"redis_away"', said)) <= 3, f"{name} says it again and again:\n{said}"


def _ours(desk: Desk) -> dict[str, Process]:
    return {name: one for name, one in desk.ground.processes.items() if name.startswith(("ingress", "worker"))}


async def _all_doors(desk: Desk, status: str, code: int) -> None:
    """Wait until every door says so of its Redis."""
    doors = [desk.ground.url(name) for name in _ours(desk) if name.startswith("ingress")]
    async with asyncio.timeout(30):
        for door in doors:
            while (found := await _readiness(desk.session, door)) != (code, status):
                assert found[0] == 200, f"a door that takes everything says {found}"
                await asyncio.sleep(0.1)  # a door looks by itself: nobody calls


async def _readiness(session: aiohttp.ClientSession, door: str) -> tuple[int, str]:
    async with session.get(f"{door}/readyz") as response:
        return response.status, (await response.json())["checks"]["redis"]["status"]


@pytest.mark.parametrize(
    ("error", "only"),
    [
        ("ERR max requests limit exceeded. Limit: 500000, Usage: 500000.", None),
        ("ERR max requests limit exceeded. Limit: 500000, Usage: 500000.", SCRIPTS),
        ("CLUSTERDOWN The cluster is down", None),
        ("LOADING Redis is loading the dataset in memory", None),
        ("EXECABORT Transaction discarded because of previous errors.", SCRIPTS),
        ("NEVERMET what a later version may say", SCRIPTS),
    ],
    ids=lambda value: value.partition(" ")[0] if isinstance(value, str) else "all" if value is None else "scripts",
)
async def test_whatever_it_says(desk: Desk, relay: Refusing, error: str, only: frozenset[bytes] | None) -> None:
    before = relay.refused

    async def begin() -> None:
        relay.refuse(error, only)

    async def end() -> None:
        relay.allow()

    await refused(desk, begin, end)
    assert relay.refused > before


async def test_busy_with_a_script_of_somebody(desk: Desk, admin: Connection) -> None:
    await admin.config_set("busy-reply-threshold", 50)
    turning = "while true do redis.call('EXISTS', 'nothing') end"
    running: list[asyncio.Task[None]] = []

    async def turn() -> None:
        with contextlib.suppress(Exception):  # it is killed
            await admin.eval(turning, 0)  # type: ignore[misc]

    async def begin() -> None:
        running.append(asyncio.create_task(turn()))

    async def end() -> None:
        await admin.script_kill()
        await asyncio.gather(*running)

    await refused(desk, begin, end)


async def test_a_right_that_is_taken_away(desk: Desk, admin: Connection) -> None:
    async def begin() -> None:
        await admin.execute_command("ACL", "SETUSER", "default", "-@scripting", "-blpop", "-subscribe")

    async def end() -> None:
        await admin.execute_command("ACL", "SETUSER", "default", "+@all")

    await refused(desk, begin, end)


async def test_memory_is_used_up(desk: Desk, admin: Connection) -> None:
    async def begin() -> None:
        await admin.config_set("maxmemory", "1")

    async def end() -> None:
        await admin.config_set("maxmemory", "0")

    await refused(desk, begin, end)


@pytest.mark.parametrize("stale", ["yes", "no"], ids=["READONLY", "MASTERDOWN"])
async def test_it_became_a_replica(desk: Desk, admin: Connection, stale: str) -> None:
    await admin.config_set("replica-serve-stale-data", stale)

    async def begin() -> None:
        await admin.replicaof("127.0.0.1", "1")  # type: ignore[no-untyped-call]

    async def end() -> None:
        await admin.replicaof("NO", "ONE")  # type: ignore[no-untyped-call]

    try:
        await refused(desk, begin, end)
    finally:
        await admin.config_set("replica-serve-stale-data", "yes")


async def test_its_replicas_are_gone(desk: Desk, admin: Connection) -> None:
    async def begin() -> None:
        await admin.config_set("min-replicas-to-write", 1)

    async def end() -> None:
        await admin.config_set("min-replicas-to-write", 0)

    await refused(desk, begin, end)


async def test_it_cannot_write_its_snapshot(desk: Desk, admin: Connection, server: Embedded) -> None:
    in_the_way = server.data / "dump.rdb" / "in the way"
    in_the_way.parent.mkdir()
    in_the_way.touch()

    async def begin() -> None:
        await admin.config_set("save", "3600 1")
        await admin.bgsave()
        async with asyncio.timeout(20):
            while (await admin.info("persistence"))["rdb_last_bgsave_status"] != "err":  # noqa: ASYNC110 - it calls nobody
                await asyncio.sleep(0.05)

    async def end() -> None:
        await admin.config_set("save", "")

    try:
        await refused(desk, begin, end)
    finally:
        in_the_way.unlink()
        in_the_way.parent.rmdir()
