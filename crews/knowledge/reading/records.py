"""Records: a file with one JSON object a line, each a document; those that the settings hold stand in their place."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from config.settings.knowledge import Record, Source
from crews.knowledge.passage import Document, Problem
from crews.knowledge.reading import places
from crews.knowledge.reading.reader import FoundDocument, Known, SourceFailed
from crews.knowledge.reading.written_records import found_record, written_documents

_MOST_BYTES: Final = 256 << 20
_LONGEST: Final = 200_000
"""Characters of one record's content."""
_MOST_QUESTIONS: Final = 50


class RecordsReader:
    """Reads a source of records. A line without an id or a content is a problem of its own."""

    def __init__(self, source: Source, folder: Path, written: Mapping[str, Record]) -> None:
        """`written`: records of the settings, by their ids."""
        self._source = source
        self._folder = folder
        self._written = written

    async def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield a document or a problem for each line, and a document for each record of the settings.

        Raises:
            SourceFailed: the file is not there, is too large, or cannot be read.
        """
        for found in await asyncio.to_thread(lambda: list(self._lines(known))):
            yield found

    def _lines(self, known: Known) -> Iterator[FoundDocument | Problem]:
        path = places.file_in(self._folder, self._source.records or "")
        if path.stat().st_size > _MOST_BYTES:
            raise SourceFailed(f"{path} is larger than 256 MiB: cut it into several sources")
        seen: dict[str, int] = {}
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        found = self._record(line.strip().removeprefix(b"\xef\xbb\xbf"), number, seen, known)
                        if isinstance(found, Problem) or found.id not in self._written:
                            yield found
        except OSError as error:
            raise SourceFailed(f"{path}: {error.strerror}") from None
        yield from written_documents(self._written, self._source, known)

    def _record(self, line: bytes, number: int, seen: dict[str, int], known: Known) -> FoundDocument | Problem:
        try:
            document = self._document(orjson.loads(line))
        except ValueError as error:
            reason = str(error) if isinstance(error, _InvalidRecord) else "it is no JSON object in UTF-8"
            return Problem(f"line {number}", reason)
        if document.id in seen:
            return Problem(document.id, f"line {number}: line {seen[document.id]} has this id already")
        seen[document.id] = number
        return found_record(document, known)

    def _document(self, said: Any) -> Document:
        if not isinstance(said, Mapping):
            raise _InvalidRecord("it is no JSON object")
        name = said.get("id")
        if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
            raise _InvalidRecord('it has no "id"')
        content = said.get("content") or said.get("answer")
        if not isinstance(content, str) or not content.strip():
            raise _InvalidRecord('it has no "content" and no "answer"')
        if len(content) > _LONGEST:
            raise _InvalidRecord(f"its content is longer than {_LONGEST:,} characters")
        asked = said.get("question") or said.get("questions") or []
        questions = [asked] if isinstance(asked, str) else asked
        if not isinstance(questions, list) or not all(isinstance(each, str) for each in questions):
            raise _InvalidRecord('its "question" is neither a text nor a list of texts')
        return Document(
            id=str(name).strip()[:300],
            text=content.strip(),
            title=_text(said.get("title")),
            questions=tuple(each.strip()[:1000] for each in questions[:_MOST_QUESTIONS] if each.strip()),
            url=_address(said.get("url")) or self._source.url or "",
        )


class _InvalidRecord(ValueError):
    """A record is wrong; the message says in what."""


def _text(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""


def _address(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) < 2000 else ""
