"""Embeddings that were made before: a source that did not change costs nothing to take in again.

Digests are keyed with a secret of the installation: a plain one of a telephone number could be found by trying all.
Embeddings are kept as one byte a number, a quarter of their size, at a cosine of 0.9999 with what was made; what is
returned is always what is kept, so that the same text has the same embedding today and tomorrow.
"""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import numpy as np

from chatwootai.stores.models.vectors import Kind, VectorStore
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.errors import StoreUnavailable
from crews.encoding.encoder import Encoder, EncoderUnavailable, Vectors, unit

KEY_VARIABLE: Final = "CHATWOOTAI_SECRET_KEY"
_VERSION: Final = 1
"""Of how a text is prepared and an embedding packed: raise it, and what was kept before is made anew."""
_SCALE: Final = struct.Struct("<f")


async def secret(store: VectorStore, environment: Mapping[str, str]) -> bytes:
    """Return the installation's secret for digests: of its first key for secrets, else one that is made once and kept.

    Raises:
        StoreUnavailable: Redis is away.
    """
    first = environment.get(KEY_VARIABLE, "").split(",")[0].strip()
    if first:
        return hmac.digest(first.encode(), b"embeddings", "sha256")
    return await store.secret(secrets.token_bytes(32))


def secret_of(connection: Connection) -> Callable[[], Awaitable[bytes]]:
    """Return what gives the secret that the installation keeps in Redis, asked for once.

    What it gives raises StoreUnavailable where Redis is away.
    """
    known: list[bytes] = []

    async def given() -> bytes:
        if not known:
            known.append(await secret(VectorStore(connection), {}))
        return known[0]

    return given


class CachedEncoder:
    """An `Encoder` of one account that makes no embedding twice; without Redis it makes them all.

    `keep_questions`: for an encoder whose questions cost money or a network; the embedded one is quicker than Redis.
    `embedded`: how many texts were encoded by the encoder itself since this was made.
    """

    def __init__(
        self, inner: Encoder, store: VectorStore, account: str, key: bytes, *, keep_questions: bool = False
    ) -> None:
        self._inner = inner
        self._store = store
        self._account = account
        self._key = key
        self._keep_questions = keep_questions
        self.embedded = 0

    @property
    def name(self) -> str:
        """Return the encoder's own."""
        return self._inner.name

    @property
    def dimensions(self) -> int:
        """Return the encoder's own."""
        return self._inner.dimensions

    async def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`."""
        if not self._keep_questions:
            self.embedded += len(texts)
            return await self._inner.questions(texts)
        return await self._of(Kind.QUESTIONS, texts)

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.passages`."""
        return await self._of(Kind.DOCUMENTS, texts)

    def digests(self, texts: Sequence[str], kind: Kind = Kind.DOCUMENTS) -> list[str]:
        """Return the names under which the embeddings of texts are kept: what `VectorStore.forget_others` is told."""
        return [digest(self._key, self._account, self.name, kind, text) for text in texts]

    async def _of(self, kind: Kind, texts: Sequence[str]) -> Vectors:
        names = self.digests(texts, kind)
        kept = await self._recall(kind, names)
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in kept}
        if missing:
            made = await self._make(kind, list(missing.values()))
            packed = {name: pack(vector) for name, vector in zip(missing, made, strict=True)}
            await self._keep(kind, packed)
            kept |= packed
        if not names:
            return np.empty((0, self.dimensions), np.float32)
        return np.stack([unpack(kept[name]) for name in names])

    async def _make(self, kind: Kind, texts: list[str]) -> Vectors:
        self.embedded += len(texts)
        return await (self._inner.questions(texts) if kind is Kind.QUESTIONS else self._inner.passages(texts))

    async def _recall(self, kind: Kind, names: Sequence[str]) -> dict[str, bytes]:
        try:
            found = await self._store.recall(self._account, kind, names)
        except StoreUnavailable:
            return {}
        return {name: kept for name, kept in zip(names, found, strict=True) if kept}

    async def _keep(self, kind: Kind, packed: Mapping[str, bytes]) -> None:
        try:
            await self._store.keep(self._account, kind, packed)
        except StoreUnavailable:
            return  # it is made anew the next time


async def first_answer(encoders: Sequence[Encoder], question: str) -> tuple[Encoder, Vectors] | None:
    """Return the first encoder that encodes a question, and its vector, of shape (1, dimensions).

    None: none of them did.

    A remote encoder comes first and the embedded one after it, where there are passages of both to compare with.
    """
    for encoder in encoders:
        try:
            return encoder, await encoder.questions([question])
        except EncoderUnavailable:
            continue
    return None


def digest(key: bytes, account: str, encoder: str, kind: Kind, text: str) -> str:
    """Return the name of a text's embedding: 16 bytes of HMAC-SHA-256, behind its kind's first letter."""
    said = "\0".join((account, encoder, str(_VERSION), kind, text)).encode("utf-8", "surrogatepass")
    return kind[0] + hmac.digest(key, said, hashlib.sha256)[:16].hex()


def pack(vector: Vectors) -> bytes:
    """Return a row as its scale and one signed byte a number."""
    scale = float(np.abs(vector).max()) / 127 or 1.0
    return _SCALE.pack(scale) + np.round(vector / scale).astype(np.int8).tobytes()


def unpack(packed: bytes) -> Vectors:
    """Return the row that was packed, of unit length."""
    (scale,) = _SCALE.unpack_from(packed)
    row = np.frombuffer(packed, np.int8, offset=_SCALE.size).astype(np.float32) * scale
    scaled: Vectors = unit(row[None, :])[0]
    return scaled
