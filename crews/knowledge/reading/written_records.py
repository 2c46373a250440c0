"""Records that the settings hold, as documents of the source that they belong to."""

from collections.abc import Iterator, Mapping

from config.settings.knowledge import Record, Source
from crews.knowledge.passage import Document
from crews.knowledge.reading.reader import FoundDocument, Known, digest


def written_documents(records: Mapping[str, Record], source: Source, known: Known) -> Iterator[FoundDocument]:
    """Yield each record as a document of a source, as one of its own file would be."""
    for name, record in records.items():
        text, title, url = record.content.strip(), " ".join(record.title.split()), record.url or source.url or ""
        questions = tuple(each.strip() for each in record.questions if each.strip())
        yield found_record(Document(id=name, text=text, title=title, questions=questions, url=url), known)


def found_record(document: Document, known: Known) -> FoundDocument:
    """Return a record with the digest of all that is read of it; without the document where it is as it was."""
    mark = digest(*(str(part) for part in (document.text, document.title, document.questions, document.url)))
    same = document.id in known and known[document.id].digest == mark
    return FoundDocument(document.id, mark, None if same else document)


def written_digest(records: Mapping[str, Record]) -> str:
    """Return what tells records from others; empty where there are none."""
    return digest(*(f"{name} {record!r}" for name, record in sorted(records.items()))) if records else ""
