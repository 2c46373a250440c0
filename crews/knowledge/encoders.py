"""The encoder of each account's knowledge, as its settings name it."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from chatwootai.stores.models.vectors import VectorStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.settings.knowledge import Embeddings as Named
from config.settings.settings import Settings
from crews.encoding.cached import CachedEncoder, secret
from crews.encoding.embedded import shared
from crews.encoding.encoder import Encoder

if TYPE_CHECKING:
    from crews.model_calls.embeddings import Embeddings


class AccountEncoders:
    """Encoders of one process: the embedded one, shared by all, and one for each account that names a model.

    Models are asked through `embeddings` where a worker has them already; else through what is opened when first
    needed, and closed by `aclose`.
    """

    def __init__(self, connection: Connection, embeddings: "Embeddings | None" = None) -> None:
        self._connection = connection
        self._embeddings = embeddings
        self._remote: dict[tuple[str, Named], Encoder] = {}
        self._opened = AsyncExitStack()

    async def encoder_for(self, account: str, settings: Settings) -> Encoder:
        """Return what makes an account's embeddings; those of a model elsewhere are paid for once, and kept."""
        named = settings.knowledge.embeddings
        if isinstance(named, str):
            return shared()
        key = (account, named)
        if key not in self._remote:
            self._remote[key] = await self._with_cache(account, self._remote_encoder(account, named, settings))
        return self._remote[key]

    async def aclose(self) -> None:
        """Close what was opened here."""
        await self._opened.aclose()

    async def _with_cache(self, account: str, inner: Encoder) -> Encoder:
        store = VectorStore(self._connection)
        try:
            key = await secret(store, {})  # one that an ingest, which is given no variables, has too
        except StoreUnavailable:
            return inner
        return CachedEncoder(inner, store, account, key, keep_questions=True)

    def _remote_encoder(self, account: str, named: Named, settings: Settings) -> Encoder:
        from crews.encoding.remote import EmbeddingTerms, RemoteEncoder
        from crews.model_calls.call import BillingScope, Target
        from crews.model_calls.call_terms import call_terms, endpoint

        whose = settings.model if named.base_url is None else named
        key = (named.api_key or whose.api_key) if named.base_url is None else named.api_key
        at = endpoint(whose.base_url, key.reveal() if key else None, settings)
        terms = EmbeddingTerms(
            target=Target(endpoint=at, model=named.model),
            payer=BillingScope(account=account),
            policy=call_terms(settings).policy,
            dimensions=named.dimensions,
        )
        return RemoteEncoder(self._embeddings_client(), terms)

    def _embeddings_client(self) -> "Embeddings":
        if self._embeddings is None:
            from crews.model_calls.assembly import Stack
            from crews.model_calls.endpoint.client import OpenAIClient

            stack = Stack(OpenAIClient(), self._connection)
            self._opened.push_async_callback(stack.aclose)
            self._embeddings = stack.embeddings
        return self._embeddings
