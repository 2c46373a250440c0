"""The engine that has indexes in a PostgreSQL with pgvector: does what every engine must, and fails as it should."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from chatwootai.stores.server.connection import Connection
from config.settings.knowledge import Knowledge as KnowledgeSettings
from crews.knowledge.index_cache import IndexCache
from crews.knowledge.knowledge import Knowledge
from crews.knowledge.passage import CUSTOMERS
from crews.knowledge.postgres.server import Server
from crews.knowledge.postgres.tables import SCHEMA
from crews.knowledge.search.engine import IndexUnavailable
from crews.knowledge.search.find import rank
from crews.knowledge.storage import IndexStorage
from tests.integration.crews.knowledge.test_knowledge_ingest import House, counted
from tests.knowledge_engines import *  # noqa: F403  # the tests that every engine passes
from tests.knowledge_engines import MANY, built, opened, published
from tests.real.postgres import Postgres
from tests.unit.crews.knowledge.test_knowledge_index import PLACE, Spelling, piece

pytestmark = pytest.mark.real("pgvector")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.close()


@pytest.fixture
async def database(server: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the server, which holds nothing."""
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    yield connection
    await connection.close()


@pytest.fixture
def settings(server: Postgres, database: asyncpg.Connection) -> KnowledgeSettings:
    return KnowledgeSettings.model_validate({"postgres": {"url": server.url, "above_passages": 0}})


async def tables_of(database: asyncpg.Connection) -> set[str]:
    rows = await database.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'", SCHEMA
    )
    return {row["relname"] for row in rows}


async def test_a_connection_that_is_lent_again_searches_as_widely_as_before(server: Postgres) -> None:
    settings = KnowledgeSettings.model_validate({"postgres": {"url": server.url}})
    assert settings.postgres is not None
    pool = Server(settings.postgres.url)
    for _ in range(3):
        async with pool.searching() as connection:
            assert await connection.fetchval("SELECT current_setting('hnsw.ef_search')") == "256"
            assert await connection.fetchval("SELECT current_setting('hnsw.iterative_scan')") == "relaxed_order"
    await pool.aclose()


async def test_nothing_is_left_of_what_no_version_needs(
    storage: IndexStorage, redis: Connection, settings: KnowledgeSettings, database: asyncpg.Connection
) -> None:
    for day in range(1, 6):
        await published(storage, redis, settings, await built([piece("prazo", f"{day} dias.")]))
        await storage.forget_unkept("1", settings)
    kept = await database.fetch(f"SELECT name FROM {SCHEMA}.versions WHERE account = '1'")
    assert len(kept) == 3
    assert len(await tables_of(database)) == 1 + 3 * 5
    await storage.write("1", {CUSTOMERS: await built([piece("prazo", "nie")])}, settings)  # and never published
    assert len(await tables_of(database)) == 1 + 4 * 5
    assert await storage.forget_unkept("1", settings) == 1
    assert len(await tables_of(database)) == 1 + 3 * 5
    await redis.flushall()
    await storage.forget_unkept("1", settings)
    assert await tables_of(database) == {"versions"}


async def test_a_write_that_breaks_off_leaves_nothing(
    storage: IndexStorage, settings: KnowledgeSettings, database: asyncpg.Connection
) -> None:
    index = await built()
    writing = asyncio.create_task(storage.write("1", {CUSTOMERS: index}, settings))
    while not await database.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'"):
        await asyncio.sleep(0)
        assert not writing.done()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert not await schema_exists(database) or await tables_of(database) <= {"versions"}


async def schema_exists(database: asyncpg.Connection) -> bool:
    return bool(await database.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", SCHEMA))


async def test_many_embeddings_have_a_graph_that_finds_them(
    storage: IndexStorage, redis: Connection, settings: KnowledgeSettings, database: asyncpg.Connection
) -> None:
    some = [piece(f"d{at}", f"Item {at}: {at * 7919} peças de {at * 104729 % 9973}.") for at in range(6 * MANY)]
    index = await built(some)
    version = await published(storage, redis, settings, index)
    graphs = await database.fetch(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND indexdef LIKE '%hnsw%'", SCHEMA
    )
    assert len(graphs) == 1
    engine = await opened(storage, settings, version)
    same = 0
    for at in range(0, len(some), 97):
        (vector,) = await Spelling().questions([f"Item {at}: {at * 7919} peças de {at * 104729 % 9973}."])
        asked = [("nada disso", vector)]
        same += (await engine.rank(asked, {PLACE}, 0.0))[:1] == rank(index, asked, {PLACE}, 0.0)[0][:1]
    assert same >= 40


async def test_a_server_that_is_away_is_said_and_not_waited_for(
    storage: IndexStorage, redis: Connection, server: Postgres, settings: KnowledgeSettings
) -> None:
    engine = await opened(storage, settings, await published(storage, redis, settings, await built()))
    asked = [("número112", None)]
    assert await engine.find(asked, {PLACE}, 0.0)
    server.stop()
    try:
        with pytest.raises(IndexUnavailable) as said:
            await engine.find(asked, {PLACE}, 0.0)
        assert "sesame" not in str(said.value)
        began = time.monotonic()
        with pytest.raises(IndexUnavailable, match="a moment ago"):
            await engine.find(asked, {PLACE}, 0.0)
        assert time.monotonic() - began < 0.5
        with pytest.raises(IndexUnavailable):
            await storage.write("1", {CUSTOMERS: await built()}, settings)
    finally:
        server.start()
    with pytest.raises(IndexUnavailable, match="a moment ago"):
        await engine.find(asked, {PLACE}, 0.0)
    await storage.aclose()
    again = await opened(storage, settings, 1)
    assert await again.find(asked, {PLACE}, 0.0)


async def test_a_wrong_password_is_said_without_it(redis: Connection, server: Postgres) -> None:
    wrong = server.url.replace("sesame", "open-sesame")
    settings = KnowledgeSettings.model_validate({"postgres": {"url": wrong}})
    assert settings.postgres is not None
    with pytest.raises(IndexUnavailable) as said:
        async with Server(settings.postgres.url).connection():
            pass
    assert "password authentication failed" in str(said.value)
    assert "open-sesame" not in str(said.value)


async def test_an_ingest_takes_over_what_is_there_and_a_turn_says_that_it_went_without(
    tmp_path: Path, redis: Connection, server: Postgres, settings: KnowledgeSettings
) -> None:
    house = House(tmp_path, redis)
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}}")
    (tmp_path / "address").write_text(server.url)
    own = f"knowledge: {{postgres: {{url: '${{file:{tmp_path}/address}}', above_passages: 0}}}}"
    (tmp_path / "domains/retail/config.yaml").write_text(own)
    records = [
        {"id": f"d{at}", "content": f"O item {at} custa {7 * at + 3} reais. " + "Vem em caixa. " * 60}
        for at in range(50)
    ]
    house.faq(records)
    assert counted(await house.ingest())[:2] == ("ok", 50)
    assert (await house.found("quanto custa o item 33?"))[0] == "faq/d33"
    house.encoder.made = 0
    assert counted(await house.ingest()) == ("unchanged", 50, 0, 0, 0)
    assert house.encoder.made == 0
    house.faq([{**records[0], "content": "O item 0 está esgotado."}, *records[1:40]])
    report = await house.ingest()
    assert counted(report) == ("ok", 40, 0, 1, 10)
    assert report.sources[0].embedded == 1
    account = house.account()
    given = await house.knowledge.retrieve("1", account.settings, "o item 0 está esgotado?", "", time.time() + 5)
    assert "O item 0 está esgotado." in {each.text for each in given.passages}
    assert given.trouble == ""
    server.stop()
    try:
        given = await house.knowledge.retrieve("1", account.settings, "quanto custa o item 33?", "", time.time() + 5)
        assert given.passages == ()
        assert "PostgreSQL" in given.trouble
        with pytest.raises(IndexUnavailable):
            await house.ingest()
    finally:
        server.start()
    await house.knowledge._indexes._storage.aclose()
    storage = IndexStorage(redis)
    house.knowledge = Knowledge(redis, house.encoder_of, IndexCache(redis, storage))
    assert (await house.found("quanto custa o item 33?"))[0] == "faq/d33"
    await storage.aclose()


async def test_only_what_is_large_lies_there(
    storage: IndexStorage, redis: Connection, server: Postgres, database: asyncpg.Connection
) -> None:
    settings = KnowledgeSettings.model_validate({"postgres": {"url": server.url, "above_passages": 1}})
    small = await published(storage, redis, settings, await built([piece("a", "Um.")]))
    assert not await schema_exists(database)
    large = await published(storage, redis, settings, await built([piece("a", "Um."), piece("b", "Dois.")]))
    assert len(await tables_of(database)) == 1 + 5
    assert (await opened(storage, settings, small)).size == 1
    assert (await opened(storage, settings, large)).size == 2
