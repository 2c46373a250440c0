"""Records of the settings as documents of their source: in the place of the file's own, and due once they change."""

import time
from pathlib import Path

from config.settings.settings import Settings
from crews.knowledge.index.index import Entry
from crews.knowledge.ingest.ingest import _should_read
from crews.knowledge.passage import Problem
from crews.knowledge.reading.reader import Known
from crews.knowledge.reading.readers import reader_of
from crews.knowledge.reading.written_records import written_digest
from crews.knowledge.report import SourceReport
from crews.knowledge.sources import DeclaredSource, IngestContext, source_key
from tests.builders import account

FILE = '{"id": "12", "content": "Trocas em 30 dias."}\n{"id": "frete", "content": "Grátis acima de R$ 99."}\n'


def settings_of(records: dict[str, object], every_hours: int = 1) -> Settings:
    source = {"records": "faq.jsonl", "folder": "one", "every_hours": every_hours}
    return Settings.model_validate({"knowledge": {"sources": {"faq": source}}, "records": {"faq": records}})


def declared(settings: Settings) -> DeclaredSource:
    return DeclaredSource("faq", settings.knowledge.sources["faq"], settings)


async def documents(folder: Path, settings: Settings, known: Known) -> dict[str, str | None]:
    (folder / "one").mkdir(exist_ok=True)
    (folder / "one" / "faq.jsonl").write_text(FILE, "utf-8")
    reader = reader_of(declared(settings), IngestContext(folder, account(settings=settings, folder="one")))
    found = [each async for each in reader.documents(known)]
    return {each.id: each.document and each.document.text for each in found if not isinstance(each, Problem)}


async def test_a_record_takes_the_place_of_the_file_s_own_and_others_are_added(tmp_path: Path) -> None:
    settings = settings_of({"12": {"content": "Trocas em 7 dias."}, "pix": {"content": "Sim."}})
    found = await documents(tmp_path, settings, {})
    assert found == {"frete": "Grátis acima de R$ 99.", "12": "Trocas em 7 dias.", "pix": "Sim."}
    reader = reader_of(declared(settings), IngestContext(tmp_path, account(settings=settings, folder="one")))
    read = [each async for each in reader.documents({}) if not isinstance(each, Problem)]
    known = {each.id: Entry(source="faq", place="p", id=each.id, digest=each.digest) for each in read}
    assert await documents(tmp_path, settings, known) == dict.fromkeys(("frete", "12", "pix"))


def test_a_source_is_due_once_its_records_are_others() -> None:
    one, other = settings_of({"12": {"content": "A"}}), settings_of({"12": {"content": "B"}})
    now = time.time()
    last = SourceReport(source="faq", place="p", audience="customers", tried_at=now - 60)
    last.written = written_digest(declared(one).records)
    assert not _should_read(declared(one), last, None, now)
    assert _should_read(declared(other), last, None, now)
    assert not _should_read(declared(settings_of({"12": {"content": "B"}}, every_hours=0)), last, None, now)
    assert written_digest({}) == ""


def test_where_a_source_reads_does_not_change_with_its_records() -> None:
    places = {source_key("faq", settings_of({name: {"content": "A"}}).knowledge.sources["faq"]) for name in ("a", "b")}
    assert len(places) == 1
