"""Forgets the embeddings of an account's documents that none of the versions kept uses any more."""

import asyncio
from collections.abc import Iterator

from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.models.vectors import Kind, VectorStore
from chatwootai.stores.server.connection import Connection
from config.settings.knowledge import Knowledge as KnowledgeSettings
from crews.encoding.cached import digest, secret
from crews.knowledge.index.index import Index
from crews.knowledge.index.serialization import InvalidIndex
from crews.knowledge.search import calibration
from crews.knowledge.storage import AUDIENCES, IndexStorage


async def forget_unused(
    connection: Connection, storage: IndexStorage, account: str, settings: KnowledgeSettings
) -> int:
    """Forget what no version uses, of whichever encoder; return how many embeddings that were.

    Versions are read one after the other, and only for an account that has embeddings in Redis: those of the embedded
    encoder lie in the versions alone. A version that cannot be read keeps everything.

    Raises:
        StoreUnavailable: Redis is away.
        IndexUnavailable: PostgreSQL, where a version lies, does not answer.
    """
    vectors, store = VectorStore(connection), KnowledgeStore(connection)
    if not await vectors.count(account, Kind.DOCUMENTS):
        return 0
    key = await secret(vectors, {})
    used: set[str] = set()
    for version in await store.versions(account):
        for audience in AUDIENCES:
            try:
                index = await storage.documents(account, version, audience, settings)
            except InvalidIndex:
                return 0
            if index is not None:
                used |= await asyncio.to_thread(_digests, index, account, key)
    return await vectors.forget_others(account, used)


def _digests(index: Index, account: str, key: bytes) -> set[str]:
    return {digest(key, account, index.encoder, Kind.DOCUMENTS, text) for text in _texts(index)}


def _texts(index: Index) -> Iterator[str]:
    """Yield what was encoded for a version: of its documents, and to measure its weights."""
    found = list(index.passages())
    for passage in found:
        yield from passage.questions
        yield from calibration.embedded_texts(passage.text)
    yield from (question for _, question in calibration.own_questions(found))
    yield from calibration.foreign_questions()
