"""An index: what BM25 and vectors find, that bytes bring back the same, and how both are mixed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crews.encoding.encoder import Vectors
from crews.knowledge.index import lexicon, vectors
from crews.knowledge.index.index import Entry, Index
from crews.knowledge.index.serialization import InvalidIndex, pack, unpack
from crews.knowledge.index.terms import count_terms
from crews.knowledge.ingest.assemble import assemble_index, cut_document, reusable_pieces
from crews.knowledge.passage import Document, Hit
from crews.knowledge.search.find import find, rank, with_neighbours

PLACE = ("faq", "here")
WORDS = "frete entrega troca batom perfume prazo boleto pix cartão loja horário garantia sofá mesa cadeira cor".split()


class Spelling:
    """An encoder by letters: texts that share pairs of letters are near. Counts what it was asked."""

    name, dimensions = "spelling", 64

    def __init__(self) -> None:
        self.made = 0

    async def questions(self, texts: list[str]) -> Vectors:
        self.made += len(texts)
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(found, texts, strict=True):
            row[0] = 0.1
            for pair in zip(text.lower(), text.lower()[1:], strict=False):
                row[sum(map(ord, pair)) % 63 + 1] += 1
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    passages = questions


def piece(name: str, text: str, *questions: str, source: str = "faq"):
    entry = Entry(source=source, place="here", id=name, digest=text, questions=questions)
    return cut_document(entry, Document(id=name, text=text, questions=questions))


async def small() -> Index:
    pieces = [
        piece("frete", "Grátis acima de R$ 99 em Belo Horizonte.", "Quanto custa o frete?", "Tem entrega grátis?"),
        piece("troca", "Em até 30 dias, com a nota.", "Como faço uma troca?"),
        piece("manual", "# Cuidados\n\nLimpe o sofá com pano seco. " + "O tecido não deve ser molhado. " * 90),
    ]
    return (await assemble_index(pieces, Spelling(), ("pt",)))[0]


def test_bm25_prefers_rare_words_and_short_texts() -> None:
    index = lexicon.build(["o frete é grátis", "o frete do sofá demora mais do que o frete da mesa", "boleto"], ["pt"])
    scores, whole = index.scores("frete grátis")
    assert list(np.argsort(-scores)) == [0, 1, 2]
    assert scores[2] == 0
    assert whole > 0
    assert index.scores("xyz")[0].sum() == 0


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=30), st.data())
@settings(max_examples=60, deadline=None)
def test_bm25_is_the_formula(texts: list[str], data: st.DataObject) -> None:
    """Against the sum written out, for words that no rule of ours touches."""
    index = lexicon.build(texts, ["pt"])
    question = data.draw(st.sampled_from(WORDS))
    counts = [count_terms(text, ["pt"]) for text in texts]
    lengths = [sum(number for term, number in each.items() if term[0] != "=") for each in counts]
    average = np.mean([each for each in lengths if each] or [1])
    expected = np.zeros(len(texts))
    for term in count_terms(question, ["pt"]):
        having = sum(term in each for each in counts)
        rarity = lexicon._weight(term) * np.log(1 + (len(texts) + lexicon.ELSEWHERE - having + 0.5) / (having + 0.5))
        for at, each in enumerate(counts):
            often = each.get(term, 0)
            norm = lexicon.K1 * (1 - lexicon.B + lexicon.B * lengths[at] / average)
            expected[at] += rarity * often * (lexicon.K1 + 1) / (often + norm) if often else 0
    np.testing.assert_allclose(index.scores(question)[0], expected, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("number", [50, vectors.FEW + 500])
def test_the_nearest_of_an_owners_embeddings_counts(number: int) -> None:
    random = np.random.default_rng(7)
    some = random.normal(size=(12, 64)).astype(np.float32)
    made = some[random.integers(0, 12, number)] + random.normal(0, 0.25, (number, 64)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    owners = np.sort(random.integers(0, number // 2, number)).astype(np.int32)
    kept = vectors.build(made, owners, number // 2 + 3)
    for question in made[:: number // 20]:
        exact = np.zeros(number // 2 + 3, np.float32)
        np.maximum.at(exact, owners, made @ question)
        found = kept.scores(question)
        best = np.argsort(-exact)[:5]
        assert found.argmax() == best[0]
        np.testing.assert_allclose(found[best], exact[best], atol=0.02)
        assert (found[number // 2 :] == 0).all()


async def test_bytes_bring_back_the_same_index() -> None:
    index = await small()
    again = unpack(pack(index))
    assert list(again.passages()) == list(index.passages())
    assert again.tuning == index.tuning
    assert pack(again) == pack(index)


async def test_damaged_and_foreign_bytes_are_refused() -> None:
    packed = pack(await small())
    for broken in (b"", b"\x80", packed[:-40], packed.replace(b"<i4", b"|O8"), b"\x81\xa6format\x63"):
        with pytest.raises(InvalidIndex):
            unpack(broken)


@given(st.integers(0, 10**9), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_is_refused_or_harmless(place: int, value: int) -> None:
    packed = bytearray(_PACKED)
    packed[place % len(packed)] = value
    try:
        found = unpack(bytes(packed))
    except InvalidIndex:
        return
    assert found.size == _SIZE or found.size >= 0


async def test_questions_find_answers_and_nothing_finds_what_is_not_there() -> None:
    index = await small()
    encoder = Spelling()
    vector = (await encoder.questions(["quanto é o frete"]))[0]
    hits = find(index, [("quanto é o frete", vector)], {PLACE}, 0.0)
    assert hits[0].passage.document == "frete"
    assert find(index, [("capital da Mongólia", None)], {PLACE}, 0.0) == ()
    assert find(index, [("quanto é o frete", vector)], set(), 0.0) == ()
    assert rank(index, [("frete", None)], {("faq", "elsewhere")}, 0.0)[0] == []


async def test_what_has_expired_is_not_offered() -> None:
    index = await small()
    entries = tuple(replace(each, expires=100.0 if each.id == "frete" else 0.0) for each in index.entries)
    old = replace(index, entries=entries)
    asked = [("quanto custa o frete?", None)]
    assert find(old, asked, {PLACE}, 99.0)[0].passage.document == "frete"
    assert "frete" not in {each.passage.document for each in find(old, asked, {PLACE}, 101.0)}


async def test_neighbours_come_within_a_budget_and_in_order() -> None:
    index = await small()
    manual = [number for number in range(index.size) if index.entries[index.owners[number]].id == "manual"]
    assert len(manual) > 1
    hit = Hit(passage=index.passage(manual[0]), score=1.0, number=manual[0])
    assert len(with_neighbours(index, [hit], 0)) == 1
    around = with_neighbours(index, [hit], 10_000)
    assert list(around) == [index.passage(number) for number in manual[:2]]
    assert with_neighbours(index, [hit, hit], 0) == (hit.passage,)


async def test_what_was_encoded_is_taken_over_and_only_by_the_same_encoder() -> None:
    index = await small()
    encoder = Spelling()
    again, made = await assemble_index([*reusable_pieces(index, "spelling").values()], encoder, ("pt",))
    assert made == 0
    assert list(again.passages()) == list(index.passages())
    np.testing.assert_array_equal(again.windows.values, index.windows.values)
    _, anew = await assemble_index([*reusable_pieces(index, "another").values()], encoder, ("pt",))
    assert anew == len(index.windows.values) + len(index.asked.values)


async def test_without_an_encoder_words_find_alone() -> None:
    index, made = await assemble_index([piece("troca", "Em 30 dias.", "Como faço uma troca?")], None, ("pt",))
    assert made == 0
    hits = find(index, [("como faço a troca", None)], {PLACE}, 0.0)
    assert [each.passage.document for each in hits] == ["troca"]


async def test_nothing_known_finds_nothing() -> None:
    index, _ = await assemble_index([], Spelling(), ("pt",))
    assert find(unpack(pack(index)), [("frete", None)], {PLACE}, 0.0) == ()


def _packed_once() -> tuple[bytes, int]:
    import asyncio

    index = asyncio.run(small())
    return pack(index), index.size


_PACKED, _SIZE = _packed_once()


def test_a_word_is_missing_only_where_no_language_knows_its_stem() -> None:
    texts = ["La entrega tarda."]
    one, both = lexicon.build(texts, ("es",)), lexicon.build(texts, ("en", "es"))
    assert both.scores("tardan")[1] == pytest.approx(one.scores("tardan")[1])  # "tard" is there, English "tardan" not
    assert both.scores("llegan")[1] > one.scores("llegan")[1]
