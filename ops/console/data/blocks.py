"""Reads the blocks of a page side by side: one that fails or takes too long leaves the others as they are."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from chatwootai.stores.server.connection import StoreMisused, StoreUnavailable
from chatwootai.telemetry import log

_log = log.get("console")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Values by name, and the names of the blocks that failed, whose value is None."""

    found: Mapping[str, Any]
    failed: frozenset[str]


async def read_blocks(reads: Mapping[str, Awaitable[Any]], *, within: float) -> Blocks:
    """Return what each read returns; `within`: seconds after which one counts as failed."""
    answers = await asyncio.gather(*(_bounded(name, read, within) for name, read in reads.items()))
    found = {name: value for name, (value, _) in zip(reads, answers, strict=True)}
    return Blocks(found, frozenset(name for name, (_, ok) in zip(reads, answers, strict=True) if not ok))


async def _bounded(name: str, read: Awaitable[Any], within: float) -> tuple[Any, bool]:
    try:
        async with asyncio.timeout(within):
            return await read, True
    except (StoreUnavailable, StoreMisused, TimeoutError) as error:
        _log.warning("console_block_failed", block=name, error=str(error) or type(error).__name__)
        return None, False
