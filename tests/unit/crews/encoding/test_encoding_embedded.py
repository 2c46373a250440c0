"""The encoder that comes with the project: the very vectors that were measured, in a thread of its own."""

import asyncio
import threading

import numpy as np
import pytest

from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Encoder, EncoderUnavailable

GOLDEN = {
    "Quanto custa a entrega para Belo Horizonte?": (-0.0301, -0.0671, -0.0138, -0.0415, -0.0411, 0.0591),
    "¿Hasta qué hora abren el sábado?": (-0.0333, -0.0501, 0.0292, 0.0636, 0.0653, 0.0742),
    "I want to talk to a person.": (-0.0197, 0.0220, -0.0400, -0.0079, -0.1128, -0.0033),
    "配送需要多少天？": (0.0105, -0.0138, -0.0271, 0.0123, -0.0241, 0.0410),
    "": (0.1521, 0.0314, 0.0396, 0.0355, 0.0067, -0.0049),
}


@pytest.fixture(scope="module")
def encoder():
    made = EmbeddedEncoder()
    yield made
    made.close()


async def test_the_vectors_are_those_that_were_measured(encoder: Encoder) -> None:
    made = await encoder.questions(list(GOLDEN))
    assert made.shape == (len(GOLDEN), encoder.dimensions)
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made[:, :6], np.array(list(GOLDEN.values())), atol=2e-3)


async def test_one_meaning_in_three_languages_is_nearer_than_two_meanings_in_one(encoder: Encoder) -> None:
    pt, es, en, other = await encoder.questions(
        ["Quero falar com uma pessoa", "Quiero hablar con una persona", "I want to talk to a person", "Quero um batom"]
    )
    assert min(pt @ es, pt @ en) > 0.7 > pt @ other


async def test_a_text_alone_and_among_others_is_the_same(encoder: Encoder) -> None:
    texts = [f"pedido {number}, cadê?" for number in range(30)]
    together = await encoder.passages(texts)
    alone = await encoder.questions([texts[17]])
    np.testing.assert_allclose(together[17], alone[0], atol=1e-5)
    assert (await encoder.questions([])).shape == (0, encoder.dimensions)


async def test_a_question_is_encoded_once_however_often_it_comes(encoder: EmbeddedEncoder) -> None:
    seen: list[str] = []
    work = encoder._encode
    encoder._encode = lambda texts: (seen.extend(texts), work(texts))[1]  # type: ignore[method-assign]
    try:
        first = await encoder.questions(["onde fica?", "quanto custa?", "onde fica?"])
        again = await encoder.questions(["quanto custa?", "onde fica?"])
        await encoder.questions([f"número {number}" for number in range(300)])
        await encoder.questions(["onde fica?"])
    finally:
        encoder._encode = work  # type: ignore[method-assign]
    np.testing.assert_array_equal(first[[1, 2]], again)
    assert [text for text in seen if not text.startswith("número")] == ["onde fica?", "quanto custa?", "onde fica?"]


@pytest.mark.parametrize("text", ["\ud800", "a" * 200_000, "\x00", "😀" * 5_000, "\n" * 9_000])
async def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    (made,) = await encoder.questions([text])
    assert np.isfinite(made).all()


async def test_the_work_is_done_in_one_thread_that_is_not_the_loops(encoder: EmbeddedEncoder) -> None:
    seen: set[str] = set()
    work = encoder._encode
    encoder._encode = lambda texts: (seen.add(threading.current_thread().name), work(texts))[1]  # type: ignore[method-assign]
    try:
        await asyncio.gather(*(encoder.questions([f"texto {number}"]) for number in range(20)))
    finally:
        encoder._encode = work  # type: ignore[method-assign]
    assert len(seen) == 1
    assert threading.current_thread().name not in seen


async def test_a_question_waits_for_a_few_passages_and_not_for_a_book(encoder: Encoder) -> None:
    order: list[str] = []
    book = asyncio.create_task(encoder.passages([f"uma frase longa de um manual, número {at}" for at in range(400)]))
    book.add_done_callback(lambda _: order.append("book"))
    await asyncio.sleep(0)
    await encoder.questions(["quanto custa?"])
    order.append("question")
    await book
    assert order[0] == "question"


async def test_other_weights_than_were_measured_are_refused() -> None:
    encoder = EmbeddedEncoder({"sp.model": "0" * 64})
    for _ in range(2):
        with pytest.raises(EncoderUnavailable, match="not the file"):
            await encoder.questions(["oi"])
    encoder.close()


async def test_nothing_is_read_before_the_first_text() -> None:
    encoder = EmbeddedEncoder()
    assert encoder._model is None
    await encoder.warm()
    assert encoder._model is not None
    encoder.close()
