"""Knowledge with a model elsewhere: its embeddings are paid for once, and without it words find alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from chatwootai.stores.models.vectors import Kind, VectorStore
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load
from config.snapshot import Account
from crews.knowledge.encoders import AccountEncoders
from crews.knowledge.ingest.ingest import Ingest
from crews.knowledge.knowledge import Knowledge
from crews.knowledge.report import Report
from crews.knowledge.sources import IngestContext
from tests.unit.crews.knowledge.test_knowledge_index import Spelling

MAPPING = 'version: 1\naccounts:\n  "1": {domain: retail, tenant: one, webhook_secrets: ["${S}"], bot_token: "${T}"}\n'


class Endpoint:
    """An embeddings server. `asked`: the texts it was asked, with model and key; `away`: it refuses."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.away = False
        self.address = ""

    async def answer(self, request: web.Request) -> web.Response:
        if self.away:
            return web.json_response({"error": {"message": "down"}}, status=503)
        said = await request.json()
        texts = [said["input"]] if isinstance(said["input"], str) else said["input"]
        self.asked += [(text, said["model"], request.headers["Authorization"]) for text in texts]
        rows = await Spelling().questions(texts)
        data = [{"object": "embedding", "index": at, "embedding": row.tolist()} for at, row in enumerate(rows)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response({"object": "list", "data": data, "model": said["model"], "usage": usage})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/embeddings", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield made
    await runner.cleanup()


def account(folder: Path, endpoint: Endpoint, model: str, *records: str) -> Account:
    place = folder / "domains/retail/one"
    place.mkdir(parents=True, exist_ok=True)
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    (place / "faq.jsonl").write_text("\n".join(records))
    (place / "knowledge.yaml").write_text(
        f"embeddings: {{model: {model}, base_url: '{endpoint.address}', api_key: '${{K}}'}}\n"
        "sources: {faq: {records: faq.jsonl}}\n"
    )
    found = load(folder, {"S": "secret", "T": "token", "K": "canary-key"})
    return found.accounts["1"]


FRETE = '{"id": "frete", "question": "Quanto custa o frete?", "answer": "Grátis acima de R$ 99."}'
TROCA = '{"id": "troca", "question": "Como faço uma troca?", "answer": "Em até 30 dias."}'


async def test_a_model_is_paid_once_also_when_another_was_tried_meanwhile(
    tmp_path: Path, redis: Connection, endpoint: Endpoint
) -> None:
    encoders = AccountEncoders(redis)

    async def ingest(model: str, *records: str) -> tuple[Report, int]:
        endpoint.asked.clear()
        one = account(tmp_path, endpoint, model, *records)
        work = Ingest(redis, IngestContext(tmp_path, one), await encoders.encoder_for("1", one.settings))
        return await work.run(), len(endpoint.asked)

    try:
        first, asked = await ingest("small", FRETE, TROCA)
        assert asked > 4
        assert {key for _, _, key in endpoint.asked} == {"Bearer canary-key"}
        assert "small" in first.model
        assert (await ingest("small", FRETE, TROCA))[1] == 0
        other, asked = await ingest("large", FRETE, TROCA)
        assert (other.version, asked > 4) == (2, True)
        back, asked = await ingest("small", FRETE, TROCA)
        assert (back.version, asked) == (3, 0)
        less, asked = await ingest("small", FRETE)
        assert (less.version, asked) == (4, 0)
    finally:
        await encoders.aclose()
    anew = AccountEncoders(redis)
    try:
        one = account(tmp_path, endpoint, "small", FRETE, TROCA)
        work = Ingest(redis, IngestContext(tmp_path, one), await anew.encoder_for("1", one.settings))
        assert (await work.run()).version == 5
        knowledge = Knowledge(redis, anew.encoder_for)
        hits = await knowledge.search("1", one.settings, "quanto custa o frete?")
        assert hits[0].passage.document == "frete"
        endpoint.away = True
        hits = await knowledge.search("1", one.settings, "como faço para trocar, uma troca?")
        assert hits[0].passage.document == "troca"
    finally:
        await anew.aclose()


async def test_embeddings_go_with_the_last_version_that_used_them(
    tmp_path: Path, redis: Connection, endpoint: Endpoint
) -> None:
    encoders, store = AccountEncoders(redis), VectorStore(redis)

    async def ingest(*records: str) -> int:
        endpoint.asked.clear()
        one = account(tmp_path, endpoint, "small", *records)
        await Ingest(redis, IngestContext(tmp_path, one), await encoders.encoder_for("1", one.settings)).run()
        return len(endpoint.asked)

    def priced(number: int) -> str:
        return FRETE.replace("99", str(number))

    try:
        await ingest(priced(1), TROCA)
        whole = await store.count("1", Kind.DOCUMENTS)
        assert [await ingest(priced(number), TROCA) for number in (2, 3)] == [1, 1]
        assert await store.count("1", Kind.DOCUMENTS) == whole + 2
        assert await ingest(priced(1), TROCA) == 0  # the first is the fourth now, and was still kept
        assert await ingest(priced(4), TROCA) == 1
        assert await store.count("1", Kind.DOCUMENTS) == whole + 2  # 3, 1 and 4: the second is kept no more
        assert await ingest(priced(2), TROCA) == 1
    finally:
        await encoders.aclose()
