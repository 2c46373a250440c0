"""A whole installation for tests that need one: ingress, worker, Redis, sandbox Chatwoot and LLM, all real."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One ingress and one worker; the model takes 300 ms. Started once for all tests of a module."""
    system = System(Plan(llm=("--latency", "fixed:300ms"), settings="rate_per_minute: 100000\ndeadline_ms: 60000\n"))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def driver(system: System) -> AsyncIterator[Driver]:
    """A hand on the sandbox Chatwoot of the module's system."""
    async with Driver(system.url("chatwoot")) as driver:
        yield driver


@pytest.fixture
async def llm(system: System) -> AsyncIterator[Llm]:
    """A hand on its sandbox LLM, as if it had just started."""
    async with aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.reset()
        yield llm
