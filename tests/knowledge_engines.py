"""What every engine that holds an account's knowledge must do, as tests: each engine's file imports them.

Such a file has a fixture `settings`: those of knowledge, by which the engine under test is taken.
"""

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest

from chatwootai.stores.models.knowledge import KnowledgeStore, Superseded
from chatwootai.stores.server.connection import Connection
from config.settings.knowledge import Knowledge as KnowledgeSettings
from crews.knowledge.index.index import Index
from crews.knowledge.index.serialization import InvalidIndex
from crews.knowledge.ingest.assemble import Piece, assemble_index, reusable_pieces
from crews.knowledge.passage import CUSTOMERS, TEAM
from crews.knowledge.search.engine import SearchableIndex
from crews.knowledge.search.find import find, rank, with_neighbours
from crews.knowledge.storage import IndexStorage
from tests.unit.crews.knowledge.test_knowledge_index import PLACE, WORDS, Spelling, piece

MANY = 700
ELSEWHERE = ("manual", "here")


def pieces() -> list[Piece]:
    """Documents with questions and without, of two sources, one of many passages."""
    told = [
        piece(
            f"d{at}",
            f"O {WORDS[at % 16]} número{at} tem {WORDS[(3 * at) % 16]} e {WORDS[(7 * at + 2) % 16]}.",
            *([f"Qual {WORDS[at % 16]} número{at}?"] if at % 2 else []),
            source="faq" if at % 3 else "manual",
        )
        for at in range(MANY)
    ]
    long = "# Cuidados\n\nLimpe o sofá com pano seco.\n\n# Garantia\n\n" + "A garantia da mesa é de um ano. " * 200
    return [*told, piece("manual", long, source="manual")]


async def built(some: list[Piece] | None = None) -> Index:
    return (await assemble_index(pieces() if some is None else some, Spelling(), ("pt",)))[0]


@pytest.fixture
async def storage(redis: Connection) -> IndexStorage:
    made = IndexStorage(redis)
    yield made
    await made.aclose()


async def published(
    storage: IndexStorage, redis: Connection, settings: KnowledgeSettings, index: Index, account: str = "1"
) -> int:
    """Write an index for customers, an empty one for the team, and put them in force."""
    store = KnowledgeStore(redis)
    token = await store.begin(account)
    version = await storage.write(account, {CUSTOMERS: index, TEAM: await built([])}, settings)
    await store.publish(account, version, b"{}", token or "")
    await store.end(account, token or "")
    return version


async def opened(
    storage: IndexStorage, settings: KnowledgeSettings, version: int, account: str = "1"
) -> SearchableIndex:
    found = await storage.open(account, version, CUSTOMERS, settings)
    assert found is not None
    return found


ASKED = (
    "qual o número30 do batom?",
    "entrega número111",
    "garantia da mesa",
    "como limpo o sofá?",
    "boleto pix cartão",
    "capital da Mongólia",
)


async def test_what_is_found_is_what_an_index_in_memory_finds(storage, redis, settings) -> None:
    index = await built()
    engine = await opened(storage, settings, await published(storage, redis, settings, index))
    assert (engine.size, engine.tokens, engine.encoder, engine.tuning) == (
        index.size, index.tokens, index.encoder, index.tuning,
    )  # fmt: skip
    found = 0
    for question in ASKED:
        (vector,) = await Spelling().questions([question])
        for asked in ([(question, vector)], [(question, None)], [(question, vector), (f"bom dia {question}", vector)]):
            for allowed in ({PLACE, ELSEWHERE}, {PLACE}, {ELSEWHERE}, set()):
                expected = find(index, asked, allowed, 0.0)
                hits = await engine.find(asked, allowed, 0.0)
                assert hits[:1] == expected[:1] or abs(hits[0].score - expected[0].score) < 0.01, (question, allowed)
                assert len(hits) == len(expected)
                assert all(hit.passage == index.passage(hit.number) for hit in hits)
                best = sorted(hit.score for hit in hits), sorted(hit.score for hit in expected)
                np.testing.assert_allclose(*best, atol=0.01)  # of several as good, each engine may take others
                assert (await engine.rank(asked, allowed, 0.0))[:1] == rank(index, asked, allowed, 0.0)[0][:1]
                found += len(hits)
    assert found > 50


async def test_neighbours_and_documents_are_those_of_an_index_in_memory(storage, redis, settings) -> None:
    index = await built()
    engine = await opened(storage, settings, await published(storage, redis, settings, index))
    hits = find(index, [("garantia da mesa", None)], {ELSEWHERE}, 0.0)
    assert hits
    assert await engine.find([("garantia da mesa", None)], {ELSEWHERE}, 0.0) == hits
    for budget in (0, 400, 5_000):
        assert await engine.with_neighbours(hits, budget) == with_neighbours(index, hits, budget)
    assert await engine.with_neighbours((), 100) == ()
    assert await engine.documents([hits[0].number, 5]) == ["manual", "d5"]


async def test_small_knowledge_is_given_whole_without_what_may_not_be_offered(storage, redis, settings) -> None:
    some = [piece("a", "Frete grátis."), piece("b", "Só da casa.", source="manual"), piece("c", "Troca em 7 dias.")]
    index = await built(some)
    old = replace(index, entries=(*index.entries[:2], replace(index.entries[2], expires=100.0)))
    engine = await opened(storage, settings, await published(storage, redis, settings, old))

    async def given(allowed, now, most=1_000):
        return [each.document for each in await engine.everything(allowed, now, most)]

    assert await given({PLACE, ELSEWHERE}, 99.0) == ["a", "b", "c"]
    assert await given({PLACE}, 101.0) == ["a"]
    assert await given({PLACE, ELSEWHERE}, 99.0, most=3) == []
    assert [each.passage.document for each in await engine.find([("troca", None)], {PLACE}, 99.0)] == ["c"]
    assert await engine.find([("troca", None)], {PLACE}, 101.0) == ()


async def test_nothing_known_is_found_by_nothing(storage, redis, settings) -> None:
    engine = await opened(storage, settings, await published(storage, redis, settings, await built([])))
    assert await engine.find([("frete", None)], {PLACE}, 0.0) == ()
    assert await engine.rank([], {PLACE}, 0.0) == []
    assert await engine.everything({PLACE}, 0.0, 100) == ()


async def test_what_has_not_changed_is_taken_over_with_its_embeddings(storage, redis, settings) -> None:
    index = await built()
    version = await published(storage, redis, settings, index)
    known = await storage.documents("1", version, CUSTOMERS, settings)
    assert known is not None
    before = reusable_pieces(known, "spelling")
    encoder = Spelling()
    again, embedded = await assemble_index(list(before.values()), encoder, ("pt",))
    assert embedded == 0
    assert list(again.passages()) == list(index.passages())
    np.testing.assert_allclose(again.windows.rows(7), index.windows.rows(7), atol=0.01)
    assert reusable_pieces(known, "another")["faq", "here", "d1"].asked is None


async def test_versions_are_switched_put_back_and_forgotten(storage, redis, settings) -> None:
    store = KnowledgeStore(redis)
    numbers = []
    for day in range(1, 6):
        index = await built([piece("prazo", f"O prazo é de {day} dias.", "Qual o prazo?")])
        numbers.append(await published(storage, redis, settings, index))
        await storage.forget_unkept("1", settings)
    assert [*await store.versions("1")] == numbers[:1:-1]
    assert await storage.open("1", numbers[0], CUSTOMERS, settings) is None
    for number, day in zip(numbers[2:], (3, 4, 5), strict=True):
        assert await store.roll_back("1", number)
        engine = await opened(storage, settings, await store.version("1"))
        assert (await engine.find([("qual o prazo?", None)], {PLACE}, 0.0))[
            0
        ].passage.text == f"O prazo é de {day} dias."


async def test_twins_of_two_accounts_never_meet(storage, redis, settings) -> None:
    for account, text in (("1", "Da conta um."), ("2", "Da conta dois.")):
        index = await built([piece("canario", text, "Qual o canário?")])
        assert await published(storage, redis, settings, index, account) == 1
    for account, text in (("1", "Da conta um."), ("2", "Da conta dois.")):
        engine = await opened(storage, settings, 1, account)
        assert [one.text for one in await engine.everything({PLACE}, 0.0, 100)] == [text]
    await storage.forget_unkept("1", settings)
    assert (await opened(storage, settings, 1, "2")).size == 1
    part = await KnowledgeStore(redis).read("2", 1, CUSTOMERS)
    await redis.delete("cw:knowledge:1:1:customers")
    await redis.rpush("cw:knowledge:1:1:customers", part)  # as if a key had been mixed up
    if part is not None and part.startswith(b"postgres:"):
        with pytest.raises(InvalidIndex):
            await storage.open("1", 1, CUSTOMERS, settings)


async def test_an_ingest_that_was_overtaken_puts_nothing_in_force(storage, redis, settings) -> None:
    store = KnowledgeStore(redis)
    first = await published(storage, redis, settings, await built([piece("a", "Um.")]))
    lost = await store.begin("1")
    await store.end("1", lost or "")
    version = await storage.write("1", {CUSTOMERS: await built([piece("a", "Dois.")])}, settings)
    with pytest.raises(Superseded):
        await store.publish("1", version, b"{}", lost or "")
    await storage.forget_unkept("1", settings)
    engine = await opened(storage, settings, await store.version("1"))
    assert [one.text for one in await engine.everything({PLACE}, 0.0, 100)] == ["Um."]
    assert await store.version("1") == first


async def test_many_ask_at_once(storage, redis, settings) -> None:
    index = await built()
    engine = await opened(storage, settings, await published(storage, redis, settings, index))
    asked = [[(f"número{at}", None)] for at in range(0, 60, 3)]
    found = await asyncio.gather(*(engine.find(each, {PLACE, ELSEWHERE}, time.time()) for each in asked))
    assert [hits[0].passage.document for hits in found] == [f"d{at}" for at in range(0, 60, 3)]
