"""The interface of readers of sources."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from crews.knowledge.cutting.passages import PREPARATION
from crews.knowledge.index.index import Entry
from crews.knowledge.passage import Document, Problem


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that is there. `document` is None where it is as it was in the version in force."""

    id: str
    digest: str
    document: Document | None


Known = Mapping[str, Entry]
"""The documents of this source in the version in force, by id."""


class SourceFailed(Exception):
    """The source as a whole cannot be read; the message says why and what to do. What was known of it is kept."""


class SourceReader(Protocol):
    """Reads one source."""

    def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield each document that is there, and each that could not be read.

        Raises:
            SourceFailed: nothing can be said of what is there.
        """
        ...


def digest(*parts: str | bytes) -> str:
    """Return what tells one state of a document from another: of all that is read of it, and how it is cut."""
    total = hashlib.sha256(PREPARATION.encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:32]
