"""The settings as documents: curated answers, and the company's facts."""

from collections.abc import AsyncIterator, Iterator, Mapping

from config.settings.knowledge import Record, Source
from config.settings.settings import Settings
from crews.knowledge.passage import Document, Problem
from crews.knowledge.reading.reader import FoundDocument, Known, digest
from crews.knowledge.reading.written_records import written_documents


class SettingsReader:
    """Reads `settings: answers`, `facts` or `records`; a document's id is its key."""

    def __init__(self, source: Source, settings: Settings, records: Mapping[str, Record]) -> None:
        self._source = source
        self._settings = settings
        self._records = records

    async def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield a document for each answer or fact. Answers with dates are left out: they hold on some days only."""
        if self._source.settings == "records":
            for written in written_documents(self._records, self._source, known):
                yield written
            return
        for document in self._documents():
            mark = digest(document.text, *document.questions, document.title, document.url)
            same = document.id in known and known[document.id].digest == mark
            yield FoundDocument(document.id, mark, None if same else document)

    def _documents(self) -> Iterator[Document]:
        url, settings = self._source.url or "", self._settings
        if self._source.settings == "facts":
            for topic, text in settings.company.facts.items():
                yield Document(id=topic, text=text.strip(), title=_words(topic), url=url)
            return
        for name, answer in settings.answers.items():
            if answer.start is None and answer.end is None:
                text = settings.fill(answer.answer, answer.language)
                yield Document(id=name, text=text, title=_words(name), questions=answer.questions, url=url)


def _words(key: str) -> str:
    return " ".join(key.replace("_", " ").replace("-", " ").split())
