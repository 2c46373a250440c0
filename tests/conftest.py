"""What every test may ask for: a real Redis of one's own, empty."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded, NoRedis, server_binary, server_version
from chatwootai.stores.server.state import shard_state
from sandbox.installation.processes import Process, start
from tests.commands.forked import start_forked

pytest.register_assert_rewrite("tests.property.mailbox")

_HANGS = 600
_NEEDS_REDIS = {"redis", "redis_url", "redis_server", "system", "ground", "desk"}
"""Fixtures behind which a Redis runs: who asks for one of them is marked `redis`, but for the tests below."""
_OF_OTHER_THINGS = (
    "tests/browser/", "tests/integration/bench/", "tests/integration/crews/tools/", "tests/integration/ops/",
    "tests/integration/sandbox/", "tests/integration/system/",
)  # fmt: skip
"""Folders of tests of verbs, pages, tools and whole installations: what they ask of Redis goes through scripts that
tests of stores, of workers and of the door run by themselves, on either server program."""
_WHOLE_ON_BOTH = "tests/integration/system/test_forty_conversations.py"
"""The one whole installation that runs on either server program."""

_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("suite", _ANY_SPEED, derandomize=True, database=None)
settings.register_profile("search", _ANY_SPEED, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
"""No property is about seconds, which a busy machine has fewer of. `suite` draws the same examples in each run, so that
a failure is the change's; `search` draws others, and more of them where a test does not say how many."""


Process.begin = staticmethod(start_forked)


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes of ours started by `python -m`, as an operator starts them, and not forked."""
    monkeypatch.setattr(Process, "begin", staticmethod(start))


def pytest_report_header() -> str:
    """Say which server program the run uses (`make test REDIS=system` or `bundled` chooses)."""
    try:
        program = server_binary()
    except NoRedis as error:
        return f"redis: {error}"
    return f"redis: {server_version(program)} ({program})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is about a Redis."""
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        elsewhere = path.startswith(_OF_OTHER_THINGS) and path != _WHOLE_ON_BOTH
        if not elsewhere and _NEEDS_REDIS & set(getattr(item, "fixturenames", ())):
            item.add_marker("redis")


@pytest.fixture(autouse=True)
def has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's Redis refuses is no other's affair: a process remembers for seconds that its Redis is full."""
    monkeypatch.setattr(shard_state().fullness, "full", False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """End a test that hangs, with a traceback: without it a run is ended from outside, and says nothing."""

    def hangs(*_: object) -> None:
        raise TimeoutError(f"{item.nodeid} took more than {_HANGS} seconds")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(_HANGS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def logs_all() -> None:
    """How one test had its process log, as a verb that runs in it does, is no other's affair."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Embedded]:
    """One embedded Redis for the whole run; without a server program the run fails, which is what CI wants."""
    with Embedded.start() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Embedded) -> str:
    """The address of an empty Redis."""

    async def flush() -> None:
        connection = connect(redis_server.url)
        await connection.flushall()
        await connection.aclose()

    asyncio.run(flush())
    return redis_server.url


@pytest.fixture
async def redis(redis_server: Embedded) -> AsyncIterator[Connection]:
    """A connection to an empty Redis."""
    connection = connect(redis_server.url)
    await connection.flushall()
    yield connection
    await connection.aclose()
