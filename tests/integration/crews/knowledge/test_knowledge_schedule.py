"""Knowledge kept up to date by itself: what is due is read in a process of its own, which is given what it needs."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load
from crews.knowledge.ingest import handover
from crews.knowledge.ingest.schedule import Schedule
from crews.knowledge.report import Report
from crews.knowledge.sources import IngestContext, declared_sources

MAPPING = """version: 1
accounts:
  "1": {domain: retail, tenant: one, webhook_secrets: ["${S}"], bot_token: "${B}", user_token: "${U}"}
"""
SECRETS = {"S": "canary-webhook", "B": "canary-bot", "U": "canary-user", "K": "canary-key", "M": "canary-model"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    place = tmp_path / "domains/retail/one"
    place.mkdir(parents=True)
    (place / "faq.jsonl").write_text('{"id": "a", "question": "Tem frete?", "answer": "Sim."}\n')
    (place / "knowledge.yaml").write_text("sources: {faq: {records: faq.jsonl, every_hours: 1}}")
    return tmp_path


def of(folder: Path, connection: Connection) -> Schedule:
    return Schedule(connection, load(folder, SECRETS).accounts.values, folder)


async def begun(redis: Connection) -> None:
    """Wait until an ingest holds the right to it."""
    async with asyncio.timeout(60):
        while not await redis.exists("cw:knowledge:1:ingest"):  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.02)


async def test_what_is_due_is_read_once_and_what_is_gone_goes(
    folder: Path, redis: Connection, redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    store = KnowledgeStore(redis)
    assert await of(folder, redis).look() == 1
    report = Report.unpacked((await store.in_force("1")).about)
    assert (report.version, report.model, report.sources[0].documents) == (1, "use-multilingual-3/0.2.1", 1)
    assert await of(folder, redis).look() == 0
    (folder / "domains/retail/one/records.yaml").write_text("faq: {b: {content: Sim, questions: [Tem pix?]}}")
    assert await of(folder, redis).look() == 1  # an hour is not over, but the records are others
    report = Report.unpacked((await store.in_force("1")).about)
    assert (report.version, report.sources[0].documents, bool(report.sources[0].written)) == (2, 2, True)
    assert await of(folder, redis).look() == 0
    report.sources[0].tried_at -= 3700
    await store.note("1", 2, report.packed())
    assert await of(folder, redis).look() == 1
    assert await store.version("1") == 2
    assert await of(folder, redis).look() == 0
    (folder / "domains/retail/one/knowledge.yaml").write_text("sources: {b: {records: b.jsonl}}")
    (folder / "domains/retail/one/b.jsonl").write_text('{"id": "b", "answer": "B."}\n')
    assert await of(folder, redis).look() == 1
    report = Report.unpacked((await store.in_force("1")).about)
    assert [(each.source, each.documents) for each in report.sources] == [("b", 1)]


async def test_a_process_that_is_killed_leaves_what_was_in_force_and_is_tried_again_later(
    folder: Path, redis: Connection, redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    started: list[asyncio.subprocess.Process] = []
    begin = asyncio.create_subprocess_exec

    async def noting(*words: Any, **how: Any) -> asyncio.subprocess.Process:
        child = await begin(*words, **how)
        started.append(child)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noting)
    kept = of(folder, redis)
    looking = asyncio.create_task(kept.look())
    await begun(redis)
    os.kill(started[0].pid, signal.SIGKILL)
    assert await looking == 1
    assert await KnowledgeStore(redis).version("1") == 0
    assert await kept.look() == 0  # this process lets it rest
    await redis.delete("cw:knowledge:1:ingest")  # as a minute does
    assert await of(folder, redis).look() == 1
    assert await KnowledgeStore(redis).version("1") == 1


async def test_whoever_stops_waiting_ends_the_process(folder: Path, redis: Connection, redis_server: Any) -> None:
    os.environ["REDIS_URL"] = redis_server.url
    try:
        looking = asyncio.create_task(of(folder, redis).look())
        await begun(redis)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert await KnowledgeStore(redis).version("1") == 0
    finally:
        del os.environ["REDIS_URL"]


def test_the_process_is_given_what_it_reads_by_and_no_other_secret(folder: Path) -> None:
    place = folder / "domains/retail/one"
    (place / "inbox_7").mkdir()
    (place / "inbox_7/knowledge.yaml").write_text("sources: {b: {settings: facts, audience: team}}")
    (place / "config.yaml").write_text("company: {facts: {frete: Sim.}}\n")
    account = load(folder, SECRETS).accounts["1"]
    data = handover.pack_context(IngestContext(folder, account))
    assert all(secret.encode() not in data for name, secret in SECRETS.items() if name != "U")
    again = handover.unpack_context(data)
    assert again.configuration == folder
    assert [(each.place, each.source) for each in declared_sources(again.account)] == [
        (each.place, each.source) for each in declared_sources(account)
    ]
    assert again.account.user_token == account.user_token
    assert again.account.settings.company.facts == account.settings.company.facts


def test_keys_of_encoders_go_along_where_they_are_needed(folder: Path) -> None:
    place = folder / "domains/retail"
    (place / "config.yaml").write_text("model: {api_key: '${M}', base_url: 'https://m.example/v1'}\n")
    (place / "knowledge.yaml").write_text(
        "{embeddings: {model: e, base_url: 'https://e.example', api_key: '${K}'}, sources: {f: {settings: facts}}}"
    )
    account = load(folder, SECRETS).accounts["1"]
    again = handover.unpack_context(handover.pack_context(IngestContext(folder, account))).account.settings
    assert again.knowledge == account.settings.knowledge
    assert (again.model.api_key, again.model.base_url) == (account.settings.model.api_key, "https://m.example/v1")
