"""A page's reads side by side: what fails or takes too long leaves the others as they are."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from chatwootai.stores.server.connection import StoreMisused, StoreUnavailable
from ops.console.data.blocks import read_blocks


async def answer(value: Any) -> Any:
    return value


async def fail(error: Exception) -> Any:
    raise error


async def test_each_read_is_found_by_its_name() -> None:
    blocks = await read_blocks({"a": answer(1), "b": answer(None), "c": answer([])}, within=5)
    assert blocks.found == {"a": 1, "b": None, "c": []}
    assert blocks.failed == frozenset()


@pytest.mark.parametrize("error", [StoreUnavailable("away"), StoreMisused("x", "wrong type"), TimeoutError()])
async def test_one_that_fails_has_no_value_and_is_named(error: Exception) -> None:
    blocks = await read_blocks({"bad": fail(error), "good": answer(1)}, within=5)
    assert blocks.found == {"bad": None, "good": 1}
    assert blocks.failed == {"bad"}


async def test_one_that_takes_too_long_is_ended_and_counts_as_failed() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.timeout(5):
        blocks = await read_blocks({"slow": wait(), "good": answer(1)}, within=0.01)
    assert blocks.failed == {"slow"}
    assert blocks.found["good"] == 1
    assert ended.is_set()


async def test_they_are_read_at_the_same_time() -> None:
    met, reads = asyncio.Barrier(3), dict[str, Awaitable[Any]]()
    for name in "abc":
        reads[name] = met.wait()
    assert (await read_blocks(reads, within=5)).failed == frozenset()


async def test_a_fault_of_ours_is_no_failed_block() -> None:
    with pytest.raises(KeyError):
        await read_blocks({"bad": fail(KeyError("x"))}, within=5)


async def test_without_reads_there_is_nothing() -> None:
    assert (await read_blocks({}, within=5)).found == {}
