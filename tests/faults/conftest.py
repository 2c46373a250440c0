"""One installation for all scenarios, put right before each of them."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from chatwootai.stores.server.connection import connect
from tests.faults import desk as desks
from tests.faults.desk import Desk, Ground


@pytest.fixture(scope="package")
def ground() -> Iterator[Ground]:
    """Two doors, two workers, a Redis, a Chatwoot, a model: all real processes. FAULTS_LOGS=folder keeps their logs."""
    system = desks.start()
    try:
        yield system
    finally:
        if kept := os.environ.get("FAULTS_LOGS"):
            for log in system.folder.glob("*.log"):
                shutil.copy(log, kept)
        system.stop()


@pytest.fixture
async def desk(ground: Ground, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A desk at which all is well, named for its test; without our workers where the module has `OURS = False`."""
    for process in ground.processes.values():
        process.send(signal.SIGCONT)
    _redis_is_up(ground)  # not in a thread, with which it would die
    ours = getattr(request.module, "OURS", True)
    await ground.revive(*(name for name in ground.processes if ours or not name.startswith("worker")))
    async with Desk(ground, request.node.name.removeprefix("test_")) as desk:
        await desk.driver.clear_faults()
        await desk.llm.heal()
        await desk.llm.latency("fixed:300ms")
        if await desk.work_left():  # an earlier scenario failed
            connection = connect(ground.redis_url)
            await connection.flushall()
            await connection.aclose()
        yield desk
        await desk.driver.clear_faults()


def _redis_is_up(ground: Ground) -> None:
    assert ground.redis is not None
    try:
        os.kill(ground.redis.pid, signal.SIGCONT)
    except RuntimeError:
        ground.redis.resume()
