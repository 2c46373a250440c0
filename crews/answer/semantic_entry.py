"""An answer as the semantic cache keeps it, and how two answers are compared. Pure."""

import hashlib
import re
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgpack

from chatwootai.model.message.turn import Draft, Offered
from chatwootai.model.text.normalize import normalize
from crews.encoding import cached
from crews.encoding.encoder import Vectors
from crews.matching.digested_reading import pack_reading, unpack_reading
from crews.matching.question_guard import Reading

_FORMAT: Final = 1
_NUMBER: Final = re.compile(r"\d+(?:[.,:/]\d+)*")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")
_ALIKE: Final = 0.8
"""A cosine from which two answers with the very same numbers and links say the same."""


class Verdict(StrEnum):
    """Judgement of a crew's answer on the one that another question had."""

    SAME = "same"
    DIFFERENT = "different"
    UNDECIDED = "undecided"  # for people to look at; counts as wrong


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer with its question, of whose words nothing can be read.

    `cited`: digests of passages that it used; `links`: titles and addresses below it; `ends`: unix seconds, until when
    it may serve.
    """

    read: Reading
    vector: Vectors
    text: str
    cited: tuple[str, ...]
    links: str
    model: str | None
    ends: float

    def pack(self) -> bytes:
        """Return it as bytes."""
        said = (
            _FORMAT,
            pack_reading(self.read),
            cached.pack(self.vector),
            zlib.compress(self.text.encode(), 6),
            self.cited,
            self.links,
            self.model,
            self.ends,
        )
        raw: bytes = msgpack.packb(said)
        return raw

    def contradicts(self, other: "Entry") -> bool:
        """Tell whether the two answers cannot both be right for one question."""
        return _facts(self.text) != _facts(other.text)


def entry_of(read: Reading, vector: Vectors, draft: Draft) -> Entry:
    """Return a draft as an entry; `vector`: its question's, one row."""
    seconds = draft.sharing.seconds if draft.sharing else 0.0
    return Entry(
        read, vector[0], draft.text, _cited_documents(draft.passages), draft.links, draft.model, time.time() + seconds
    )


def unpack_entry(raw: bytes) -> Entry | None:
    """Return what was packed; None for what is damaged or of another version."""
    try:
        version, read, vector, text, cited, links, model, ends = msgpack.unpackb(raw)
        if version != _FORMAT:
            return None
        words = zlib.decompress(text).decode()
        return Entry(unpack_reading(read), cached.unpack(vector), words, tuple(cited), links, model, float(ends))
    except (msgpack.UnpackException, zlib.error, ValueError, TypeError, KeyError):
        return None


def compare_answers(kept: Entry, draft: Draft, likeness: float) -> Verdict:
    """Return whether a crew's answer says what the one kept says. `likeness`: the cosine of the two texts."""
    if normalize(kept.text) == normalize(draft.text):
        return Verdict.SAME
    if _facts(kept.text) != _facts(draft.text):
        return Verdict.DIFFERENT
    cited = _cited_documents(draft.passages)
    if cited and kept.cited and not set(cited) & set(kept.cited):
        return Verdict.UNDECIDED
    says_something = any(_facts(draft.text)) or (cited and cited == kept.cited)
    return Verdict.SAME if says_something and likeness >= _ALIKE else Verdict.UNDECIDED


def _facts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    links = frozenset(_LINK.findall(text))
    return frozenset(_NUMBER.findall(_LINK.sub(" ", text))), links


def _cited_documents(passages: Sequence[Offered]) -> tuple[str, ...]:
    names = {f"{each.source}\0{each.document}" for each in passages if each.cited}
    return tuple(sorted(hashlib.sha256(name.encode()).hexdigest()[:16] for name in names))
