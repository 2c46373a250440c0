"""Knowledge from its sources to a passage, over a real Redis: what is taken over, who may see it, what is kept."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load
from config.settings.settings import Settings
from config.snapshot import Account
from crews.knowledge.index_cache import IndexCache
from crews.knowledge.ingest.ingest import Ingest, IngestRunning, Superseded
from crews.knowledge.knowledge import Knowledge
from crews.knowledge.pending_records import RehearsalIndexes
from crews.knowledge.report import Report
from crews.knowledge.search.engine import EmbeddedIndex
from crews.knowledge.sources import IngestContext
from tests.commands import program
from tests.unit.crews.knowledge.test_knowledge_index import Spelling

MAPPING = """version: 1
accounts:
  "1": {domain: retail, tenant: one, webhook_secrets: ["${S1}"], bot_token: "${T}"}
  "2": {domain: retail, tenant: two, webhook_secrets: ["${S2}"], bot_token: "${T}"}
"""
FAQ = [
    {"id": "frete", "question": "Quanto custa o frete?", "answer": "Grátis acima de R$ 99."},
    {"id": "troca", "question": ["Como faço uma troca?", "Posso trocar?"], "answer": "Em até 30 dias."},
]


class House:
    """A configuration folder with two tenants, and what is done with it."""

    def __init__(self, folder: Path, redis: Connection) -> None:
        self.folder = folder
        self.redis = redis
        self.encoder = Spelling()
        self.knowledge = Knowledge(redis, self.encoder_of, IndexCache(redis))
        (folder / "chatwoot_mapping.yaml").write_text(MAPPING)

    async def encoder_of(self, account: str, settings: Settings) -> Spelling:
        return self.encoder

    def write(self, path: str, text: str, tenant: str = "one") -> None:
        file = self.folder / "domains/retail" / tenant / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def faq(self, records: list[dict[str, Any]], tenant: str = "one") -> None:
        self.write("faq.jsonl", "\n".join(json.dumps(each) for each in records), tenant)

    def account(self, key: str = "1") -> Account:
        return load(self.folder, {"S1": "secret-one", "S2": "secret-two", "T": "token"}).accounts[key]

    async def ingest(self, key: str = "1", **how: Any) -> Report:
        around = IngestContext(self.folder, self.account(key))
        return await Ingest(self.redis, around, self.encoder).run(**how)

    async def found(self, question: str, key: str = "1", **how: Any) -> list[str]:
        hits = await self.knowledge.search(key, self.account(key).settings, question, **how)
        return [f"{each.passage.source}/{each.passage.document}" for each in hits]


@pytest.fixture
def house(tmp_path: Path, redis: Connection) -> House:
    made = House(tmp_path, redis)
    made.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}}")
    made.faq(FAQ)
    return made


def counted(report: Report, source: str = "faq") -> tuple[Any, ...]:
    one = next(each for each in report.sources if each.source == source)
    return one.state, one.documents, one.added, one.changed, one.removed


async def test_what_has_not_changed_costs_nothing_and_what_has_costs_itself_alone(house: House) -> None:
    first = await house.ingest()
    assert counted(first) == ("ok", 2, 2, 0, 0)
    assert first.version == 1
    assert (await house.found("quanto custa o frete"))[0] == "faq/frete"
    house.encoder.made = 0
    again = await house.ingest()
    assert counted(again) == ("unchanged", 2, 0, 0, 0)
    assert (again.version, house.encoder.made) == (1, 0)
    changed = [FAQ[0], {**FAQ[1], "answer": "Em até 7 dias."}, {"id": "pix", "content": "Aceitamos pix e boleto."}]
    house.faq(changed)
    third = await house.ingest()
    assert counted(third) == ("ok", 3, 1, 1, 0)
    assert next(iter(third.sources)).embedded == 4  # two questions and an answer, and the new content
    hits = await house.knowledge.search("1", house.account().settings, "posso trocar")
    assert hits[0].passage.text == "Em até 7 dias."
    house.faq(changed[:1])
    assert counted(await house.ingest()) == ("ok", 1, 0, 0, 2)
    assert await house.found("posso trocar?") in ([], ["faq/frete"])


async def test_records_of_the_settings_are_found_in_rehearsals_first_and_then_by_all(house: House) -> None:
    await house.ingest()
    house.write("records.yaml", 'faq:\n  pix: {questions: ["Aceita pix?"], content: "Sim, na hora."}\n')
    settings = house.account().settings
    assert await house.found("aceita pix?") == []

    async def encoder(account: str, settings: Settings) -> Any:
        return house.encoder

    rehearsed = Knowledge(house.redis, encoder, RehearsalIndexes(house.redis, encoder))
    (hit, *_) = await rehearsed.search("1", settings, "aceita pix?")
    assert (hit.passage.document, hit.passage.text) == ("pix", "Sim, na hora.")
    (known, *_) = await rehearsed.search("1", settings, "quanto custa o frete")
    assert known.passage.document == "frete"
    assert counted(await house.ingest(due_at=time.time())) == ("ok", 3, 1, 0, 0)
    assert (await house.found("aceita pix?"))[0] == "faq/pix"


async def test_a_version_is_switched_whole_and_the_newest_three_can_be_put_back(house: House) -> None:
    store = KnowledgeStore(house.redis)
    for number in range(1, 6):
        house.faq([{"id": "prazo", "question": "Qual o prazo?", "answer": f"{number} dias."}])
        await house.ingest()
    assert [*await store.versions("1")] == [5, 4, 3]
    assert await house.redis.keys("cw:knowledge:1:2:*") == []
    assert not await store.roll_back("1", 2)
    assert await store.roll_back("1", 4)
    hits = await house.knowledge.search("1", house.account().settings, "qual o prazo?")
    assert hits[0].passage.text == "4 dias."
    house.faq([{"id": "prazo", "question": "Qual o prazo?", "answer": "6 dias."}])
    assert (await house.ingest()).version == 6
    assert await store.version("1") == 6


async def test_twins_of_two_accounts_never_meet(house: House) -> None:
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}}", "two")
    house.faq([{"id": "frete", "question": "Quanto custa o frete?", "answer": "Só da conta dois."}], "two")
    await house.ingest("1")
    assert await house.found("quanto custa o frete?", "2") == []
    await house.ingest("2")
    for key, text in (("1", "Grátis acima de R$ 99."), ("2", "Só da conta dois.")):
        settings = house.account(key).settings
        found = await house.knowledge.retrieve(key, settings, "quanto custa o frete?", "", time.time() + 5)
        assert text in {each.text for each in found.passages}
        assert all("dois" in each.text or key == "1" for each in found.passages)
    await house.redis.delete(*await house.redis.keys("cw:knowledge:2*"))
    assert await house.found("quanto custa o frete?", "2") == []
    assert await house.found("quanto custa o frete?", "1")


async def test_what_is_the_teams_reaches_no_customer_and_a_change_of_mind_counts_at_once(house: House) -> None:
    both = "sources:\n  faq: {records: faq.jsonl}\n  inside: {files: [inside.md], audience: %s}\n"
    house.write("inside.md", "# Descontos\n\nO atendente pode dar 20% de desconto secreto.")
    house.write("knowledge.yaml", both % "team")
    await house.ingest()
    asked = "qual desconto secreto o atendente pode dar?"
    settings = house.account().settings
    assert "inside/inside.md" not in await house.found(asked)
    assert "inside/inside.md" in await house.found(asked, audience="team")
    offered = await house.knowledge.retrieve("1", settings, asked, "", time.time() + 5)
    assert all("secreto" not in each.text for each in offered.passages)
    raw = await KnowledgeStore(house.redis).read("1", 1, "customers")
    assert raw is not None
    assert b"inside.md" not in raw
    house.write("knowledge.yaml", both % "customers")
    await house.ingest()
    assert "inside/inside.md" in await house.found(asked)
    house.write("knowledge.yaml", both % "team")  # before any ingest
    assert "inside/inside.md" not in await house.found(asked)
    offered = await house.knowledge.retrieve("1", house.account().settings, asked, "", time.time() + 5)
    assert all("secreto" not in each.text for each in offered.passages)


async def test_an_inbox_has_sources_of_its_own(house: House) -> None:
    house.write("inbox_7/knowledge.yaml", "sources: {faq: null, vip: {records: vip.jsonl}}")
    house.write("inbox_7/vip.jsonl", '{"id": "vip", "question": "Tem frete grátis?", "answer": "Sempre, para VIP."}')
    report = await house.ingest()
    assert {each.source for each in report.sources} == {"faq", "vip"}
    inbox = house.account().inboxes[7].settings
    found = await house.knowledge.retrieve("1", inbox, "tem frete grátis?", "", time.time() + 5)
    assert {each.source for each in found.passages} == {"vip"}
    found = await house.knowledge.retrieve("1", house.account().settings, "tem frete grátis?", "", time.time() + 5)
    assert {each.source for each in found.passages} == {"faq"}


async def test_every_document_ends_in_a_state_with_a_reason(house: House) -> None:
    house.write(
        "faq.jsonl", '{"id": "a", "answer": "Sim."}\nnot json\n{"answer": "x"}\n{"id": "a", "answer": "De novo."}\n'
    )
    house.write("docs/bom.md", "Tudo certo aqui.")
    house.write("docs/mau.pdf", "%PDF-1.4 broken")
    house.write(
        "knowledge.yaml",
        "sources:\n  faq: {records: faq.jsonl}\n  docs: {files: ['docs/*']}\n  gone: {records: gone.jsonl}\n"
        "  empty: {files: ['none/*.md']}\n",
    )
    report = await house.ingest()
    states = {
        each.source: (each.state, [(one.document, one.reason) for one in each.problems]) for each in report.sources
    }
    assert states["faq"] == (
        "partly",
        [
            ("line 2", "it is no JSON object in UTF-8"),
            ("line 3", 'it has no "id"'),
            ("a", "line 4: line 1 has this id already"),
        ],
    )
    assert states["docs"][0] == "partly"
    assert states["docs"][1][0][0] == "docs/mau.pdf"
    assert states["gone"][0] == states["empty"][0] == "failed"
    assert "is not there" in states["gone"][1][0][1]
    assert report.failed
    kept = Report.unpacked((await KnowledgeStore(house.redis).in_force("1")).about)
    assert [each.state for each in kept.sources] == [each.state for each in report.sources]


async def test_what_nothing_can_store_or_offer_is_a_problem_and_no_end_of_the_ingest(house: House) -> None:
    brackets, half = "[" * 100_000, '{"id": "b", "answer": "\\ud800"}'
    house.write(
        "faq.jsonl", f'{{"id": "a", "answer": "Sim."}}\n{brackets}\n{half}\n{{"id": "c", "answer": "# Troca"}}\n'
    )
    house.write("docs/bom.md", "Tudo certo aqui.")
    strange = os.fsencode(house.folder / "domains/retail/one/docs") + b"/s\xe3o.md"
    await asyncio.to_thread(Path(os.fsdecode(strange)).write_text, "Tudo certo.")
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}, docs: {files: ['docs/*']}}")
    report = await house.ingest()
    assert {one.document: one.reason for each in report.sources for one in each.problems} == {
        "line 2": "it is no JSON object in UTF-8",
        "line 3": "it is no JSON object in UTF-8",
        "c": "it has no words but headings",
        "docs/s?o.md": "its name is not in UTF-8: rename it",
    }
    assert [each.documents for each in report.sources] == [1, 1]


async def test_what_a_failed_source_had_is_kept_as_long_as_it_says(house: House) -> None:
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl, max_age_days: 2}}")
    await house.ingest()
    (house.folder / "domains/retail/one/faq.jsonl").unlink()
    report = await house.ingest()
    assert counted(report) == ("failed", 2, 0, 0, 0)
    assert (await house.found("quanto custa o frete?"))[0] == "faq/frete"
    index = await _index(house)
    ends = index.entries[0].expires
    assert 1.9 < (ends - time.time()) / 86_400 < 2.1
    house.faq(FAQ)
    await house.ingest()
    index = await _index(house)
    assert index.entries[0].expires == 0


async def test_a_path_leads_to_no_other_folder(house: House, tmp_path: Path) -> None:
    house.write("knowledge.yaml", "sources: {a: {records: faq.jsonl}, b: {files: ['x/*.md']}}")
    house.faq([{"id": "s", "answer": "Da conta dois."}], "two")
    place = house.folder / "domains/retail/one"
    (place / "faq.jsonl").unlink()
    (place / "faq.jsonl").symlink_to(house.folder / "domains/retail/two/faq.jsonl")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "a.md").write_text("Da rua.")
    (place / "x").symlink_to(outside)
    report = await house.ingest()
    assert {each.source: each.state for each in report.sources} == {"a": "failed", "b": "failed"}
    assert "leads out" in report.sources[0].problems[0].reason


async def test_one_ingest_at_a_time_and_a_lost_one_puts_nothing_in_force(house: House) -> None:
    store = KnowledgeStore(house.redis)
    token = await store.begin("1")
    assert token is not None
    with pytest.raises(IngestRunning):
        await house.ingest()
    await store.end("1", token)
    await house.ingest()
    house.faq(FAQ[:1])
    work = Ingest(house.redis, IngestContext(house.folder, house.account()), house.encoder)
    before = house.encoder.passages

    async def slow(texts: list[str]) -> Any:
        await house.redis.set("cw:knowledge:1:ingest", "somebody else's")
        return await before(texts)

    house.encoder.passages = slow  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        await work.run()
    assert await store.version("1") == 1


async def test_a_dry_run_says_and_writes_nothing(house: House) -> None:
    report = await house.ingest(dry_run=True)
    assert counted(report) == ("ok", 2, 2, 0, 0)
    assert await house.redis.keys("cw:knowledge*") == []


async def test_one_source_alone_leaves_the_others_as_they_are(house: House) -> None:
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}, docs: {files: [a.md]}}")
    house.write("a.md", "Loja aberta aos sábados.")
    await house.ingest()
    house.faq(FAQ[:1])
    house.write("a.md", "Loja fechada aos sábados.")
    await house.ingest(only=["docs"])
    texts = {each.text for each in (await _index(house)).passages()}
    assert texts == {"Loja fechada aos sábados.", *(each["answer"] for each in FAQ)}


async def test_a_schedule_reads_what_is_due_and_nothing_else(house: House) -> None:
    house.write(
        "knowledge.yaml", "sources: {faq: {records: faq.jsonl, every_hours: 2}, b: {records: b.jsonl, every_hours: 0}}"
    )
    house.write("b.jsonl", '{"id": "b", "answer": "B"}')
    await house.ingest()
    house.faq(FAQ[:1])
    house.write("b.jsonl", '{"id": "c", "answer": "C"}')
    assert counted(await house.ingest(due_at=time.time() + 3600))[0] == "unchanged"
    report = await house.ingest(due_at=time.time() + 2.1 * 3600)
    assert counted(report)[4] == 1
    assert counted(report, "b")[:2] == ("unchanged", 1)


async def test_settings_are_a_source_too(house: House) -> None:
    house.write("config.yaml", "company: {facts: {prazo_de_entrega: Dois dias úteis.}}")
    house.write(
        "answers.yaml",
        "pix: {questions: ['Aceita pix?'], answer: Sim.}\n"
        "natal: {questions: [Tem promo?], answer: S, start: 2026-01-01}",
    )
    house.write("knowledge.yaml", "sources: {said: {settings: answers}, facts: {settings: facts}}")
    await house.ingest()
    found = {(each.source, each.document): each for each in (await _index(house)).passages()}
    assert found["facts", "prazo_de_entrega"].title == "prazo de entrega"
    assert found["said", "pix"].questions == ("Aceita pix?",)
    assert ("said", "natal") not in found


async def test_an_address_of_the_source_is_cited_where_a_document_has_none(house: House) -> None:
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl, url: 'https://loja.example/ajuda'}}")
    house.faq([{**FAQ[0], "url": "https://loja.example/frete"}, FAQ[1]])
    await house.ingest()
    found = {each.document: each.url for each in (await _index(house)).passages()}
    assert found == {"frete": "https://loja.example/frete", "troca": "https://loja.example/ajuda"}
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl, url: 'https://loja.example/novo'}}")
    await house.ingest()
    assert {each.url for each in (await _index(house)).passages()} >= {"https://loja.example/novo"}


async def test_words_are_stemmed_in_the_language_of_the_documents(house: House) -> None:
    house.write("knowledge.yaml", "{language: en, sources: {faq: {records: faq.jsonl}}}")
    await house.ingest()
    assert "en" in (await _index(house)).words.languages


async def test_little_is_given_whole_and_much_by_what_fits(house: House) -> None:
    await house.ingest()
    settings = house.account().settings
    found = await house.knowledge.retrieve("1", settings, "bom dia", "", time.time() + 5)
    assert found.whole
    assert [each.document for each in found.passages] == ["frete", "troca"]
    house.faq(
        [{"id": f"n{n}", "question": f"Pergunta {n}?", "answer": f"Resposta {n}. " * 40} for n in range(60)] + FAQ
    )
    await house.ingest()
    later = await house.knowledge.retrieve("1", settings, "quanto custa o frete?", "oi", time.time() + 5)
    assert not later.whole
    assert later.passages[0].document == "frete"
    assert later.version != found.version
    assert (await house.knowledge.retrieve("1", settings, "frete", "", time.time() - 1)).passages == ()


async def test_many_who_ask_at_once_load_an_index_once(house: House) -> None:
    await house.ingest()
    settings = house.account().settings
    made: list[int] = []
    store = house.knowledge._indexes._storage._store
    read: Callable[..., Any] = store.read

    async def counting(*which: Any) -> Any:
        made.append(1)
        return await read(*which)

    store.read = counting  # type: ignore[method-assign]
    await asyncio.gather(*(house.knowledge.retrieve("1", settings, "frete", "", time.time() + 5) for _ in range(20)))
    assert len(made) == 1


async def test_memory_is_bounded_over_all_accounts(house: House) -> None:
    house.write("knowledge.yaml", "sources: {faq: {records: faq.jsonl}}", "two")
    house.faq(FAQ, "two")
    await house.ingest("1")
    await house.ingest("2")
    shelf = IndexCache(house.redis, most_bytes=1)
    assert await shelf.of("1", "customers", house.account().settings)
    held = shelf.bytes
    assert await shelf.of("2", "customers", house.account("2").settings)
    assert shelf.bytes <= held + 64
    assert len(shelf._kept) == 1


async def test_damaged_bytes_are_no_knowledge_and_are_made_anew(house: House) -> None:
    await house.ingest()
    await house.redis.lset("cw:knowledge:1:1:customers", 0, b"damaged")
    assert await house.found("quanto custa o frete?") == []
    assert (await house.ingest()).version == 2
    assert await house.found("quanto custa o frete?")


async def _index(house: House) -> Any:
    engine = await house.knowledge.index("1", house.account().settings)
    assert isinstance(engine, EmbeddedIndex)
    return engine.index


async def test_the_verbs_print_what_the_interface_says(house: House, redis_server: Any) -> None:
    environment = {
        "PATH": os.environ["PATH"], "REDIS_URL": redis_server.url, "CHATWOOTAI_CONFIG": str(house.folder),
        "S1": "secret-one", "S2": "secret-two", "T": "token",
    }  # fmt: skip
    questions = house.folder / "questions.jsonl"
    questions.write_text(
        '{"question": "quanto custa o frete?", "expect": ["frete"]}\n'
        '{"question": "capital da Mongólia?", "expect": []}\n'
    )

    async def run(*words: str) -> tuple[int, Any, str]:
        child = await asyncio.create_subprocess_exec(
            *program(), "knowledge", *words, "--account", "1", "--json",
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        return child.returncode or 0, json.loads(out) if out.strip() else None, err.decode()

    assert (await run("search", "frete"))[0] == 1
    code, said, _ = await run("ingest")
    assert code == 0
    assert {"account", "version", "seconds", "sources"} <= said.keys()
    keys = {"source", "state", "documents", "passages", "added", "changed", "removed", "embedded", "problems"}
    assert keys <= said["sources"][0].keys()
    code, hits, _ = await run("search", "quanto custa o frete?")
    assert [*hits[0]] == ["rank", "score", "source", "document", "title", "text", "url"]
    assert hits[0]["document"] == "frete"
    assert (await run("search", "quem pintou a Mona Lisa?"))[1] == []
    code, status, _ = await run("status")
    assert (status["version"], status["model"]) == (1, "use-multilingual-3/0.2.1")
    assert status["ingested_at"] > 0
    code, tried, _ = await run("test", str(questions))
    assert (tried["questions"], tried["recall_at_1"], tried["refused"], tried["wrongly_refused"]) == (2, 1.0, 1.0, 0.0)
    assert tried["p95_ms"] > 0
    code, _, err = await run("rollback")
    assert code == 1
    assert "no version before 1" in err
    code, _, err = await run("ingest", "--source", "nope")
    assert code == 3
    assert "Known here: faq" in err
