"""A model that refuses its key, and deliveries with a wrong signature: known by one command, to every process."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from tests.commands import program


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    system = System(Plan(workers=1, llm=("--api-key", "sk-another")))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def stats(system: System, *arguments: str) -> str:
    command = [*program(), "jobs", "stats", *arguments]
    environ = {**os.environ, "REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    done = await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


async def incident(system: System, **wanted: object) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            for one in json.loads(await stats(system, "--json"))["incidents"]:
                if wanted.items() <= one.items():
                    return dict(one)


async def test_a_refused_key_and_wrong_signatures_stand_in_jobs_stats_and_readyz(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam em Recife?")
        await driver.wait_for_status(sent, "open", within=60)
    refused = await incident(system, kind="model", account="1")
    assert "401" in refused["reason"]
    assert refused["count"] >= 1

    async with aiohttp.ClientSession() as session:
        headers = {"X-Chatwoot-Signature": "sha256=" + "0" * 64, "X-Chatwoot-Timestamp": "1"}
        async with session.post(f"{system.url('ingress')}/webhooks/chatwoot/1", data=b"{}", headers=headers) as answer:
            assert answer.status == 401
        await incident(system, kind="signature", account="1")
        said = await stats(system)
        assert "account 1: no model answers, turns go to people" in said
        assert "account 1: deliveries are refused, their signature does not hold" in said
        assert "sk-" not in said
        async with session.get(f"{system.url('ingress')}/readyz") as answer:
            ready = await answer.json()
        assert answer.status == 200
        assert {one["kind"] for one in ready["checks"]["incidents"]["incidents"]} == {"model", "signature"}

    async with Driver(system.url("chatwoot")) as driver:  # a signed delivery: the secret is right
        await driver.write(1, "whatsapp", "Oi")
    async with asyncio.timeout(60):
        while "signature does not hold" in await stats(system):
            pass
