"""A look that conversations share: one question to Chatwoot, its refusal is an answer, a fault is counted."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from prometheus_client import REGISTRY

from chatwootai.stores.server.connection import Connection
from workers.account.probes import Probes
from workers.chatwoot.errors import ChatwootError


def failures() -> float:
    return REGISTRY.get_sample_value("chatwootai_background_failures_total", {"what": "standing"}) or 0.0


class Asked:
    """An account's client that is asked for conversations and raises what it was given, once it may."""

    def __init__(self, error: Exception) -> None:
        self.error, self.times = error, 0
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def conversation(self, _conversation: int, *, deadline: float) -> None:
        self.times += 1
        self.asked.set()
        await self.may.wait()
        raise self.error


async def probe_together(error: Exception) -> tuple[int, list[Any]]:
    """Three conversations look while the first look is under way; how often Chatwoot was asked, and their answers."""
    probes, chatwoot = Probes(cast(Connection, None)), Asked(error)
    tenant = cast(Any, SimpleNamespace(account=SimpleNamespace(key="1"), chatwoot=chatwoot))
    waiting = [asyncio.create_task(probes.check_shown_together(tenant, each)) for each in (5, 6, 7)]
    await chatwoot.asked.wait()
    chatwoot.may.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    return chatwoot.times, answers


async def test_a_refusal_reaches_all_who_wait_and_is_no_failure() -> None:
    before, refused = failures(), ChatwootError("show", "no")
    assert await probe_together(refused) == (1, [refused] * 3)
    assert failures() == before


async def test_a_fault_reaches_all_who_wait_and_is_counted() -> None:
    before, fault = failures(), ValueError("nobody foresaw it")
    assert await probe_together(fault) == (1, [fault] * 3)
    assert failures() == before + 1
