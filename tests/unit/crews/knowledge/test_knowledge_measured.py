"""What an ingest measures on the documents themselves: weights of words and vectors, and the floor."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest

from crews.encoding.encoder import Vectors
from crews.knowledge.index.index import Index
from crews.knowledge.ingest.assemble import assemble_index
from crews.knowledge.search.calibration import foreign_questions
from crews.knowledge.search.find import find
from tests.unit.crews.knowledge.test_knowledge_index import PLACE, Spelling, piece

WORDS = "frete entrega troca batom perfume prazo boleto pix cartão loja horário garantia sofá mesa cadeira cor".split()
COUNT = 60


class Noise:
    """An encoder that knows nothing of what it reads: a language it never learned."""

    name, dimensions = "noise", 64

    async def questions(self, texts: Sequence[str]) -> Vectors:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        rows = [np.random.default_rng(seed).normal(size=64) for seed in seeds]
        made = np.array(rows, np.float32).reshape(len(texts), 64)
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    passages = questions


def said(number: int) -> tuple[str, str]:
    """A question, and an answer that has most of its words."""
    some = [WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7)]
    return f"Qual {some[0]} número{number} {some[1]}?", f"O {some[0]} número{number} tem {some[1]} e {some[2]}."


async def made(encoder: Noise | Spelling) -> Index:
    pieces = [piece(str(number), said(number)[1], said(number)[0]) for number in range(COUNT)]
    return (await assemble_index(pieces, encoder, ("pt",)))[0]


async def test_a_leg_that_is_blind_gets_no_weight() -> None:
    tuning = (await made(Noise())).tuning
    assert tuning.measured_on == COUNT
    assert tuning.lexical_found is not None
    assert tuning.dense_found is not None
    assert tuning.dense_found < 0.25 * tuning.lexical_found
    assert tuning.dense == 0
    seeing = (await made(Spelling())).tuning
    assert seeing.dense > 0


@pytest.mark.parametrize("encoder", [Noise(), Spelling()])
async def test_own_questions_are_answered_and_foreign_ones_are_not(encoder: Noise | Spelling) -> None:
    index = await made(encoder)

    async def answered(question: str) -> list[str]:
        (vector,) = await encoder.questions([question])
        return [hit.passage.document for hit in find(index, [(question, vector)], {PLACE}, 0.0)]

    own = [await answered(said(number)[0]) for number in range(COUNT)]
    assert all(found[:1] == [str(number)] for number, found in enumerate(own))
    refused = [not await answered(question) for question in foreign_questions()]
    assert np.mean(refused) >= 0.9


def test_the_foreign_questions_are_a_hundred_in_three_languages() -> None:
    assert len(foreign_questions()) >= 90
    assert len(set(foreign_questions())) == len(foreign_questions())
    assert sum(question.startswith("¿") for question in foreign_questions()) >= 20
