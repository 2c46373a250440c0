"""An encoder behind any OpenAI-compatible /embeddings endpoint, asked through the stack of a model call."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from crews.encoding.encoder import EncoderUnavailable, Vectors, unit
from crews.errors import CrewError
from crews.model_calls.call import BillingScope, Policy, Target
from crews.model_calls.embeddings import Embeddings

_QUESTION_SECONDS: Final = 0.15
"""A question has the embedded encoder to fall back on, and a contact who waits."""
_PASSAGE_SECONDS: Final = 60.0
"""For one batch of them, with its retries: nobody waits."""
_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingTerms:
    """Model, endpoint, caller and payer of embeddings. `dimensions` None: as many as the model has."""

    target: Target
    payer: BillingScope
    policy: Policy
    dimensions: int | None = None


class RemoteEncoder:
    """An `Encoder`. Its `dimensions` are 0 until its first answer where the configuration does not say them."""

    def __init__(
        self, embeddings: Embeddings, terms: EmbeddingTerms, *, question_seconds: float = _QUESTION_SECONDS
    ) -> None:
        self._embeddings = embeddings
        self._terms = terms
        self._question_seconds = question_seconds
        self._seen = terms.dimensions or 0

    @property
    def name(self) -> str:
        """Return model, address and dimensions; not the key, which may be changed without changing the model."""
        target = self._terms.target
        address = hashlib.sha256((target.endpoint.base_url or "").encode()).hexdigest()[:8]
        return f"{target.model}/{self._terms.dimensions or 'full'}@{address}"

    @property
    def dimensions(self) -> int:
        """Return numbers in one embedding; 0: not known yet."""
        return self._seen

    async def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`; 150 ms are waited for it."""
        return await self._request(texts, self._question_seconds)

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.passages`; in batches, each with its retries."""
        pieces = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
        made = [await self._request(piece, _PASSAGE_SECONDS) for piece in pieces]
        return np.concatenate(made) if made else np.empty((0, self._seen), np.float32)

    async def _request(self, texts: Sequence[str], seconds: float) -> Vectors:
        terms = self._terms
        try:
            made = await self._embeddings.embed(
                terms.target,
                texts,
                time.time() + seconds,
                payer=terms.payer,
                policy=terms.policy,
                dimensions=terms.dimensions,
            )
        except CrewError as error:
            raise EncoderUnavailable(f"{terms.target.model}: {error}") from None
        return self._check(made)

    def _check(self, made: list[list[float]]) -> Vectors:
        """Return the rows.

        Raises EncoderUnavailable where they differ in length, from before too, or hold no numbers.
        """
        try:
            vectors = np.array(made, np.float32)
        except ValueError:
            raise EncoderUnavailable("the endpoint's embeddings differ in length") from None
        if vectors.ndim != 2 or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise EncoderUnavailable("the endpoint's embeddings are not vectors")
        if vectors.shape[1] != (self._seen or vectors.shape[1]):
            raise EncoderUnavailable(
                f"the endpoint gave {vectors.shape[1]} dimensions where {self._seen} were expected"
            )
        self._seen = int(vectors.shape[1])
        return unit(vectors)
