"""Opens what a try needs: crews on a stack that counts nothing, the reader of meaning, documents."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from chatwootai.stores.server.connection import DEFAULT_URL, Connection, StoreUnavailable, connect
from chatwootai.stores.server.examination import CannotUse, probe
from config.settings.settings import Settings
from crews.answer.draft import Crews
from crews.catalog import Catalog
from crews.encoding.embedded import shared
from crews.encoding.encoder import EncoderUnavailable
from crews.knowledge.encoders import AccountEncoders
from crews.knowledge.knowledge import Knowledge
from crews.knowledge.passage import CUSTOMERS
from crews.knowledge.pending_records import RehearsalIndexes
from crews.knowledge.search.engine import IndexUnavailable
from crews.matching.matcher import Matcher
from crews.model_calls.assembly import Stack
from crews.model_calls.endpoint.client import OpenAIClient
from crews.runtime import environment
from crews.understanding.message_reader import MessageReader


@dataclass(frozen=True)
class TrialParts:
    """Crews and reader of tries. `notes`: what was left out, as sentences; `indexes`: what documents are found in."""

    crews: Crews
    reader: MessageReader
    notes: tuple[str, ...] = ()
    indexes: RehearsalIndexes | None = None
    knowledge: Knowledge | None = None

    @classmethod
    async def of_worker(cls, stack: AsyncExitStack, connection: Connection) -> "TrialParts":
        """Open those of a worker, closed with the stack; nothing of them is shared with its turns."""
        encoder, models = shared(), Stack(OpenAIClient())
        encoders = AccountEncoders(connection, models.embeddings)
        stack.push_async_callback(encoders.aclose)
        indexes = RehearsalIndexes(connection, encoders.encoder_for)
        knowledge = Knowledge(connection, encoders.encoder_for, indexes)
        crews = Crews(Catalog.from_environment(), models, models, knowledge, matcher=Matcher(encoder))
        stack.push_async_callback(crews.close)
        return cls(crews, MessageReader(encoder, seconds=10), indexes=indexes, knowledge=knowledge)

    @classmethod
    async def open(cls, stack: AsyncExitStack, settings: Settings, environ: Mapping[str, str]) -> "TrialParts":
        """Open them; closed with the stack. Without a connection models are neither limited, budgeted nor cached."""
        environment.load()
        encoder = shared()
        models = Stack(OpenAIClient())
        notes: list[str] = []
        indexes, knowledge = await _knowledge(stack, settings, models, environ, notes)
        crews = Crews(Catalog.from_environment(), models, models, knowledge, matcher=Matcher(encoder))
        stack.push_async_callback(crews.close)
        await encoder.warm()
        return cls(crews, MessageReader(encoder, seconds=10), tuple(notes), indexes, knowledge)

    async def prepare(self, account: str, settings: Settings) -> tuple[str, ...]:
        """Make the index that a try is answered from, with records that are not ingested yet; what it leaves out."""
        if self.indexes is None or not settings.knowledge.sources:
            return ()
        try:
            await self.indexes.of(account, CUSTOMERS, settings)
            why = await self.indexes.why_without(account, settings)
        except (StoreUnavailable, IndexUnavailable, EncoderUnavailable) as error:
            why = f"documents may be missing: {error}"
        return (why,) if why else ()


async def _knowledge(
    stack: AsyncExitStack, settings: Settings, models: Stack, environ: Mapping[str, str], notes: list[str]
) -> tuple[RehearsalIndexes, Knowledge] | tuple[None, None]:
    """Return the documents, where there are any and their Redis answers."""
    if not settings.knowledge.sources:
        return None, None
    connection: Connection = connect(environ.get("REDIS_URL") or DEFAULT_URL, timeout=5.0)
    stack.push_async_callback(connection.aclose)
    try:
        await probe(connection)
    except (StoreUnavailable, CannotUse) as error:
        notes.append(f"no documents were looked for: {error}")
        return None, None
    encoders = AccountEncoders(connection, models.embeddings)
    stack.push_async_callback(encoders.aclose)
    indexes = RehearsalIndexes(connection, encoders.encoder_for)
    return indexes, Knowledge(connection, encoders.encoder_for, indexes)
