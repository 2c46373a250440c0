"""Files beside the configuration, each a document; what is not plain text is read in a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from config.settings.knowledge import Source
from crews.knowledge.passage import Document, Problem
from crews.knowledge.reading import places
from crews.knowledge.reading.document_formats import Unreadable
from crews.knowledge.reading.document_process import read_file
from crews.knowledge.reading.reader import FoundDocument, Known, SourceFailed, digest

_MOST_BYTES: Final = 100 << 20


class FilesReader:
    """Reads a source of files; a document's id is its path below the folder."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder

    async def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield a document or a problem for each file that fits a pattern.

        Raises:
            SourceFailed: no file fits.
        """
        found = await asyncio.to_thread(places.files_in, self._folder, self._source.files)
        if not found:
            patterns = ", ".join(self._source.files)
            raise SourceFailed(f"no file in {self._folder} fits {patterns}: put one there, or mend the pattern")
        for path in found:
            yield await self._file(path, known)

    async def _file(self, path: str, known: Known) -> FoundDocument | Problem:
        if (shown := path.encode("utf-8", "replace").decode()) != path:
            return Problem(shown, "its name is not in UTF-8: rename it")
        try:
            data = await asyncio.to_thread(_content, self._folder / path)
            mark = digest(data, path, self._source.url or "")
            if path in known and known[path].digest == mark:
                return FoundDocument(path, mark, None)
            title, text = await read_file(data, Path(path).suffix.removeprefix(".").lower())
        except Unreadable as error:
            return Problem(path, str(error))
        except OSError as error:
            return Problem(path, f"it cannot be read: {error.strerror}")
        title = title or first_heading(text) or Path(path).stem.replace("_", " ").replace("-", " ")
        return FoundDocument(path, mark, Document(id=path, text=text, title=title, url=self._source.url or ""))


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise Unreadable("it is larger than 100 MiB: cut it into several files")
    return data


def first_heading(text: str) -> str:
    """Return the heading that a Markdown text begins with, if it does."""
    line = text.lstrip().partition("\n")[0].strip()
    return line.lstrip("#").strip()[:300] if line.startswith("# ") else ""
