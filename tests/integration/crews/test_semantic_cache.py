"""The semantic cache: what it keeps, compares and counts, and when it serves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.turn import Draft, Offered, Question, ServedBy, Sharing, Told, Usage
from chatwootai.stores.models.semantic_answers import MOST_ENTRIES, SemanticAnswers
from chatwootai.stores.server.connection import Connection
from config.settings.semantic import SemanticMode, SemanticServing
from config.settings.settings import Settings
from crews.answer.semantic import VERSION, SemanticCache
from crews.encoding.embedded import EmbeddedEncoder
from crews.matching.matcher import Matcher
from tests.builders import question

SHADOW = Settings(language="pt")
SERVING = Settings(language="pt", semantic=SemanticServing(serve_below="5%"))
ASKED, AGAIN, OTHER = "qual o prazo de entrega?", "quanto tempo demora a entrega?", "qual o prazo de troca?"
ANSWER = "Entregamos em 2 dias úteis, em toda a cidade."
GROUP = f"{VERSION}:pt"


@pytest.fixture(scope="module")
def encoder() -> Iterator[EmbeddedEncoder]:
    made = EmbeddedEncoder()
    yield made
    made.close()


@pytest.fixture
async def store(redis: Connection) -> SemanticAnswers:
    return SemanticAnswers(redis)


def cache(store: SemanticAnswers, encoder: EmbeddedEncoder, chance: float = 0.5) -> SemanticCache:
    async def secret() -> bytes:
        return b"secret"

    return SemanticCache(store, Matcher(encoder), secret, lambda: chance, seconds=60)


def asking(text: str, conversation: int, **more: Any) -> Question:
    return question(text, **{"folder": "loja", "conversation": conversation, "language": "pt", **more})


def draft(text: str = ANSWER, scope: str = "a" * 32, **more: Any) -> Draft:
    made = Draft(
        text=text,
        model="m",
        usage=Usage(prompt_tokens=900, completion_tokens=100, calls=1),
        steps=(("model", 1.5),),
        told=Told(known=(ANSWER, text)),
        sharing=Sharing(scope, 60.0),
    )
    return replace(made, **more)


async def noted(own: SemanticCache, asked: Question, made: Draft, settings: Settings = SHADOW) -> None:
    own.note(asked, settings, made)
    await own.settle()


async def test_a_would_be_hit_is_compared_and_counted_and_serves_nobody(
    store: SemanticAnswers, encoder: EmbeddedEncoder
) -> None:
    own = cache(store, encoder)
    await noted(own, asking(ASKED, 1), draft())
    assert await store.verdict_counts("1") == {}
    await noted(own, asking(AGAIN, 2), draft("Em toda a cidade entregamos em 2 dias úteis."))
    assert await store.verdict_counts("1") == {GROUP: {"same": 1, "ms": 1500, "tokens": 1000}}
    assert await store.rows("1") == []
    assert await own.served(asking(AGAIN, 3), SHADOW, "a" * 32) is None


async def test_another_answer_is_told_to_people_and_the_older_one_is_kept_no_more(
    store: SemanticAnswers, encoder: EmbeddedEncoder
) -> None:
    own = cache(store, encoder)
    await noted(own, asking(ASKED, 1), draft())
    await noted(own, asking(AGAIN, 2), draft("Entregamos em 9 dias úteis."))
    assert (await store.verdict_counts("1"))[GROUP]["different"] == 1
    (row,) = await store.rows("1")
    assert (row["asked"], row["answered"], row["verdict"]) == (2, 1, "different")
    assert list(await store.entries("1", "a" * 32)) == [2]
    await noted(own, asking(ASKED, 3), draft("Depende do bairro; escreva a nossa equipe."))
    assert (await store.verdict_counts("1"))[GROUP] == {"different": 2, "ms": 3000, "tokens": 2000}


async def test_what_no_number_bears_out_is_undecided_and_passages_decide(
    store: SemanticAnswers, encoder: EmbeddedEncoder
) -> None:
    own = cache(store, encoder)
    said = "Sim, fazemos a entrega na cidade toda."
    await noted(own, asking(ASKED, 1), draft(said))
    await noted(own, asking(AGAIN, 2), draft("Claro, entregamos na cidade toda!"))
    assert (await store.verdict_counts("1"))[GROUP]["undecided"] == 1
    cited = (Offered("faq", "entrega", 0.9, cited=True),)
    await noted(own, asking(ASKED, 1), draft(said, "b" * 32, passages=cited))
    await noted(own, asking(AGAIN, 2), draft("Sim, na cidade toda fazemos entrega.", "b" * 32, passages=cited))
    assert (await store.verdict_counts("1"))[GROUP]["same"] == 1


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        (asking(OTHER, 2), draft()),
        (asking(AGAIN, 2), draft(scope="b" * 32)),
        (asking(AGAIN, 2, account="2"), draft()),
        (asking(AGAIN, 2), draft(sharing=None)),
        (asking(AGAIN, 2), draft("x" * 2001)),
        (asking(AGAIN, 2, contact=Contact(id=2, name="Maria Souza")), draft(f"Maria, {ANSWER}")),
        (asking(AGAIN, 2), draft("Custa R$ 77,00.", told=Told())),
        (asking("wie lange dauert die Lieferung?", 2, language="de"), draft()),
    ],
)
async def test_what_is_not_alike_is_no_hit(
    store: SemanticAnswers, encoder: EmbeddedEncoder, asked: Question, made: Draft
) -> None:
    own = cache(store, encoder)
    await noted(own, asking(ASKED, 1), draft())
    await noted(own, asked, made)
    assert await store.verdict_counts("1") == {}
    assert await store.verdict_counts("2") == {}


async def certify(store: SemanticAnswers, count: int, verdict: str = "same") -> None:
    for _ in range(count):
        await store.tell("1", GROUP, verdict, saved_ms=1, saved_tokens=1, row=None)


async def test_it_serves_under_a_certificate_alone_and_one_of_ten_is_asked_all_the_same(
    store: SemanticAnswers, encoder: EmbeddedEncoder
) -> None:
    own = cache(store, encoder)
    await noted(own, asking(ASKED, 1), draft(links="[Entrega](https://loja.example/entrega)"))
    scope = "a" * 32
    await certify(store, 115)
    assert await own.served(asking(AGAIN, 2), SERVING, scope) is None
    await certify(store, 1)
    served = await own.served(asking(AGAIN, 2), SERVING, scope)
    assert served is not None
    assert (served.text, served.served_by, served.usage.calls) == (ANSWER, ServedBy.SEMANTIC, 0)
    assert served.links == "[Entrega](https://loja.example/entrega)"
    assert served.sharing is None
    assert ANSWER in served.told.known
    assert await own.served(asking(OTHER, 2), SERVING, scope) is None
    assert await own.served(asking(AGAIN, 2), SERVING, "b" * 32) is None
    assert await own.served(asking(AGAIN, 2, account="2"), SERVING, scope) is None
    assert await own.served(asking(AGAIN, 2), SHADOW, scope) is None
    assert await cache(store, encoder, chance=0.05).served(asking(AGAIN, 2), SERVING, scope) is None
    await certify(store, 1, "undecided")
    assert await own.served(asking(AGAIN, 2), SERVING, scope) is None


async def test_no_word_of_a_question_can_be_read(
    store: SemanticAnswers, encoder: EmbeddedEncoder, redis: Connection
) -> None:
    own = cache(store, encoder)
    await noted(own, asking("vocês entregam em Itaquaquecetuba?", 1), draft())
    await noted(own, asking("entregam em Itaquaquecetuba?", 2), draft("Entregamos em 3 dias."))
    said = b"".join([*(await redis.hvals("cw:alike:1:" + "a" * 32)), *(await redis.lrange("cw:shadow:1:rows", 0, -1))])
    assert said
    assert b"taquaquecetuba" not in said.lower()
    assert b"entrega" not in said.lower()


async def test_entries_are_bounded_by_scope_and_by_bytes(redis: Connection) -> None:
    small = SemanticAnswers(redis, most_bytes=5000)
    for conversation in range(MOST_ENTRIES + 5):
        await SemanticAnswers(redis).keep("1", "full", conversation, b"x", keep_ms=60_000)
    assert len(await small.entries("1", "full")) == MOST_ENTRIES
    for number in range(10):
        await small.keep("1", f"scope{number}", 1, b"x" * 800, keep_ms=60_000)
    assert (await small.sizes())["bytes"] <= 5000
    assert await small.entries("1", "scope9") == {1: b"x" * 800}
    assert await small.entries("1", "full") == {}
    assert await small.purge("2") == 0
    assert await small.purge("1", conversation=1) > 0
    assert (await small.sizes())["bytes"] == 0


async def test_a_contacts_conversation_leaves_no_trace(store: SemanticAnswers, encoder: EmbeddedEncoder) -> None:
    own = cache(store, encoder)
    await noted(own, asking(ASKED, 1), draft())
    await noted(own, asking(AGAIN, 2), draft("Entregamos em 9 dias úteis."))
    assert await store.purge("1", conversation=2) == 1
    assert await store.rows("1") == []
    assert (await store.sizes())["bytes"] == 0


def test_off_is_a_mode() -> None:
    assert Settings(semantic="off").semantic is SemanticMode.OFF  # type: ignore[arg-type]
