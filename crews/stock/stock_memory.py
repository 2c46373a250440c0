"""CrewAI's memory for one run of a stock crew: recalled from a contact's shelf, saved once the contact has the answer.

CrewAI asks a model several times in a row to read and write its memory, and keeps it in a vector database on disk.
Here recalling takes one embedding, and what is to be kept is only collected while somebody waits.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from crewai.llms.base_llm import BaseLLM
from crewai.memory.analyze import extract_memories_from_content
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory
from pydantic import PrivateAttr

from crews.stock.contact_memory import ContactRecords

_MOST = 5
_QUERY = 2_000  # characters: the end of a task's text, where the conversation is
_FACTS = 8  # that one answer may leave

Embed = Callable[[Sequence[str]], list[list[float]] | None]


class ContactMemory(Memory):
    """A run's memory of its contact. `embed` answers None where no vectors are to be had."""

    _shelf: ContactRecords = PrivateAttr()
    _embed: Embed = PrivateAttr()
    _told: list[str] = PrivateAttr(default_factory=list)

    def __init__(self, shelf: ContactRecords, embed: Embed, llm: BaseLLM) -> None:
        super().__init__(storage=shelf, embedder=embed, llm=llm)  # both are asked by us alone
        self._shelf, self._embed = shelf, embed

    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = _MOST,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """Return what the contact's shelf holds that is nearest to `query`."""
        if not len(self._shelf):
            return []
        vectors = self._embed([query[-_QUERY:]])
        found = self._shelf.recall(vectors[0] if vectors else None, min(limit, _MOST))
        return [MemoryMatch(record=_as_crewai(each.text, each.at), score=near) for each, near in found]

    def extract_memories(self, content: str) -> list[str]:
        """Return none now: see `save`."""
        return []

    def remember(self, content: str, *_: Any, **__: Any) -> MemoryRecord:
        """Return what an agent wants kept, kept after the run."""
        self._told.append(content)
        return _as_crewai(content, None)

    def remember_many(self, contents: list[str], *_: Any, **__: Any) -> list[MemoryRecord]:
        """Remember several, as `remember` does one."""
        self._told.extend(contents)
        return []

    def save(self, asked: str, answer: str, embed: Embed, llm: BaseLLM) -> None:
        """Put on the shelf what agents told it, and what a model finds worth keeping of a question and its answer."""
        happened = f"The customer wrote: {asked[:_QUERY]}\nThe company answered: {answer[:_QUERY]}"
        facts = extract_memories_from_content(happened, llm)
        if facts == [happened]:  # CrewAI's word for: the model gave none
            facts = [f"The customer wrote: {asked}"]
        texts = list(dict.fromkeys(each.strip() for each in (*self._told, *facts[:_FACTS]) if each.strip()))
        if texts:
            self._shelf.keep(texts, embed(texts))


def _as_crewai(text: str, at: float | None) -> MemoryRecord:
    when = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return MemoryRecord(content=text, created_at=when, last_accessed=when)
