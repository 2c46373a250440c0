"""pgvector: knowledge of many passages in PostgreSQL beside the same index in memory: what is found, time, ingest.

KNOWLEDGE_POSTGRES names the server (`make pgvector` brings one); what is written there is removed again. Embeddings
are drawn near to real ones, and a question is one of them moved a little. The index in memory is the measure of what
should be found: the share of its five best that PostgreSQL has among its five.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.entries.texts._asking import PLACE
from bench.entries.texts.knowledge import DrawnEncoder, drawn_index
from bench.figure import Figure, quantile, rounded
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from config.settings.knowledge import Knowledge as KnowledgeSettings
from crews.encoding.embedded import EmbeddedEncoder
from crews.knowledge.passage import CUSTOMERS
from crews.knowledge.search.engine import EmbeddedIndex, SearchableIndex
from crews.knowledge.search.find import Asked
from crews.knowledge.storage import IndexStorage

_SIZES: Final = tuple(map(int, os.environ.get("BENCH_PASSAGES", "50000,200000").split(",")))
_QUESTIONS: Final = 200
_ACCOUNT: Final = "bench"
_TOP: Final = 5


async def run(say: Callable[[str], None]) -> list[Figure]:
    """Measure at 50,000 and at 200,000 passages, or at what BENCH_PASSAGES lists; nothing where no server is named."""
    url = os.environ.get("KNOWLEDGE_POSTGRES")
    if not url:
        say("KNOWLEDGE_POSTGRES names no server: nothing is measured")
        return []
    encoder = EmbeddedEncoder()
    settings = KnowledgeSettings.model_validate({"postgres": {"url": url, "above_passages": 0}})
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        redis = Embedded(Path(folder))
        redis.resume()
        connection = connect(redis.url)
        try:
            for size in _SIZES:
                say(f"building an index of {size:,} passages")
                figures += await _measure(connection, settings, encoder, size, say)
        finally:
            encoder.close()
            await connection.aclose()
            redis.stop()
    return figures


async def _measure(
    connection: Connection, settings: KnowledgeSettings, encoder: EmbeddedEncoder, size: int, say: Callable[[str], None]
) -> list[Figure]:
    index, texts, drawn = await drawn_index(encoder, size)
    store, storage = KnowledgeStore(connection), IndexStorage(connection)
    try:
        say("writing it to PostgreSQL")
        began = time.perf_counter()
        version = await storage.write(_ACCOUNT, {CUSTOMERS: index}, settings)
        written = time.perf_counter() - began
        token = await store.begin(_ACCOUNT)  # it lasts a minute
        await store.publish(_ACCOUNT, version, b"{}", token or "")
        there = await storage.open(_ACCOUNT, version, CUSTOMERS, settings)
        if there is None:
            raise RuntimeError("what was written is not there")
        say("asking both")
        asked = await _asked(texts, drawn)
        ours, fast = await _ranked(EmbeddedIndex(index), asked)
        theirs, slow = await _ranked(there, asked)
        await connection.flushdb()
        await storage.forget_unkept(_ACCOUNT, settings)
    finally:
        await storage.aclose()
    same = sum(len(set(our) & set(other)) for our, other in zip(ours, theirs, strict=True)) / (_TOP * len(asked))
    first = sum(our[:1] == other[:1] for our, other in zip(ours, theirs, strict=True)) / len(asked)
    memory = f"in memory: {rounded(quantile(fast, 0.95))} ms"
    return [
        Figure(f"pgvector.{size}.same_5", round(same, 4), "share", "of the five best in memory"),
        Figure(f"pgvector.{size}.same_1", round(first, 4), "share", "the same first"),
        Figure(f"pgvector.{size}.p50", rounded(quantile(slow, 0.5)), "ms"),
        Figure(f"pgvector.{size}.p95", rounded(quantile(slow, 0.95)), "ms", memory),
        Figure(f"pgvector.{size}.write", rounded(written), "s"),
        Figure(f"pgvector.{size}.held", rounded(there.bytes / 2**20), "MiB", f"in memory: {index.bytes >> 20} MiB"),
    ]


async def _asked(texts: Sequence[str], drawn: DrawnEncoder) -> list[Asked]:
    chosen = texts[:: max(1, len(texts) // _QUESTIONS)][:_QUESTIONS]
    return [(text[:80], vector) for text, vector in zip(chosen, await drawn.questions(chosen), strict=True)]


async def _ranked(engine: SearchableIndex, asked: Sequence[Asked]) -> tuple[list[list[int]], list[float]]:
    """Return the five best of each question, and the milliseconds it took."""
    best, took = [], []
    for each in asked:
        began = time.perf_counter()
        best.append((await engine.rank([each], {PLACE}, 0.0, _TOP))[:_TOP])
        took.append(1000 * (time.perf_counter() - began))
    return best, took
