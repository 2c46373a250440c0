"""The whole system with its documents in a PostgreSQL: answers from it, and goes on where that dies in mid-turn."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest

from crews.knowledge.postgres.tables import SCHEMA
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from tests.real.postgres import Postgres

pytestmark = pytest.mark.real("pgvector")

FAQ = [
    {
        "id": f"peca_{n}",
        "question": f"Qual a garantia da peça modelo {n}?",
        "answer": f"A peça modelo {n} tem garantia de {n * 7} meses. " + "Guarde a nota fiscal. " * 40,
    }
    for n in range(11, 61)
]
SETTINGS = """
rate_per_minute: 100000
language: pt
knowledge:
  sources: {faq: {records: faq.jsonl}}
  postgres: {url: "${KNOWLEDGE_POSTGRES}", above_passages: 0}
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.close()


@pytest.fixture(scope="module")
def system(postgres: Postgres) -> Iterator[System]:
    files = {"domains/_base/faq.jsonl": "\n".join(json.dumps(one, ensure_ascii=False) for one in FAQ)}
    system = System(Plan(settings=SETTINGS, files=files, environ={"KNOWLEDGE_POSTGRES": postgres.url}))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


def command(system: System, *words: str) -> Any:
    """What `chatwootai` prints with --json."""
    environ = {"PATH": os.environ["PATH"], **system._environ()}
    arguments = [sys.executable, "-m", "ops.cli", *words, "--json"]
    done = subprocess.run(arguments, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def asked(system: System, model: int) -> dict[str, Any]:
    """The record of the turn that answered a question about a model."""
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", f"Oi! qual é a garantia da peça modelo {model}?", new=True)
        replies = await driver.wait_for_reply(sent, within=60)
    async with system.turns() as turns, asyncio.timeout(30):
        while (record := await turns.read(replies[0]["turn"])) is None:  # noqa: ASYNC110 - it is written after the reply
            await asyncio.sleep(0.1)
    return record


async def prompts(system: System, words: str) -> str:
    """The requests that the model got about something."""
    async with aiohttp.ClientSession() as session:
        return json.dumps(await system.llm(session).requests(words), ensure_ascii=False)


async def incidents(system: System) -> list[str]:
    found = await asyncio.to_thread(command, system, "jobs", "stats")
    return [one["kind"] for one in found["incidents"]]


@asynccontextmanager
async def searches_held(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """Lock every table of the index, so that a search that begins does not end; a connection to look on with."""
    connection, onlooker = await asyncpg.connect(postgres.url), await asyncpg.connect(postgres.url)
    tables = await connection.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'",
        SCHEMA,
    )
    await connection.execute("BEGIN")
    for table in tables:
        await connection.execute(f"LOCK TABLE {table['name']} IN ACCESS EXCLUSIVE MODE")
    try:
        yield onlooker  # within a transaction, what others do is told once and never anew
    finally:
        connection.terminate()
        onlooker.terminate()


async def test_a_worker_answers_from_postgresql_and_without_documents_where_it_dies_in_mid_turn(
    system: System, postgres: Postgres
) -> None:
    done = command(system, "knowledge", "ingest", "--account", "1")
    assert {one["source"]: one["state"] for one in done["sources"]}["faq"] == "ok"
    record = await asked(system, 33)
    assert record["passages"][0][:2] == ["faq", "peca_33"]
    assert "garantia de 231 meses" in await prompts(system, "modelo 33")

    async with searches_held(postgres) as onlooker:
        asking = asyncio.create_task(asked(system, 44))
        async with asyncio.timeout(60):
            while not await onlooker.fetchval(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE application_name = 'chatwootai' AND wait_event_type = 'Lock'"
            ):
                assert not asking.done()
        postgres.stop()  # at once, as if killed: the search has begun and gets no answer
    try:
        record = await asking
        assert record["outcome"] in {"reply", "handoff"}
        assert not record["passages"]
        assert "garantia de 308 meses" not in await prompts(system, "modelo 44")
        async with asyncio.timeout(30):
            while "search" not in await incidents(system):
                pass
    finally:
        postgres.start()

    async with asyncio.timeout(60):
        while not (record := await asked(system, 55))["passages"]:  # for a few seconds no turn waits for it
            pass
    assert record["passages"][0][:2] == ["faq", "peca_55"]
    async with asyncio.timeout(30):
        while "search" in await incidents(system):
            pass
