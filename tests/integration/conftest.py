"""A whole installation for tests that need one: ingress, worker, Redis, sandbox Chatwoot and LLM, all real."""

import asyncio
from collections.abc import Iterator

import pytest

from sandbox.system import Plan, System


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One ingress and one worker; the model takes 300 ms. Started once for all tests of a module."""
    system = System(Plan(llm=("--latency", "fixed:300ms"), settings="rate_per_minute: 100000\n"))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()
