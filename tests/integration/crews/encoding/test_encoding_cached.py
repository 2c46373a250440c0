"""Embeddings are made once: of an unchanged source none, of a changed page its own, and never beyond their budget."""

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from chatwootai.stores.models.vectors import Kind, VectorStore
from chatwootai.stores.server.connection import Connection, connect
from crews.encoding.cached import CachedEncoder, digest, first_answer, pack, secret, unpack
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Encoder, EncoderUnavailable, Vectors

KEY = b"k" * 32
PAGES = [f"Página {at}: a peça {at * 7} custa pouco e chega logo." for at in range(300)]


@pytest.fixture(scope="module")
def embedded():
    made = EmbeddedEncoder()
    yield made
    made.close()


async def test_an_unchanged_source_encodes_nothing_and_a_changed_page_its_own_text(
    redis: Connection, embedded: Encoder
) -> None:
    store = VectorStore(redis)
    first = CachedEncoder(embedded, store, "1", KEY)
    made = await first.passages(PAGES)
    assert first.embedded == len(PAGES)

    again = CachedEncoder(embedded, store, "1", KEY)
    np.testing.assert_array_equal(await again.passages(PAGES), made)
    assert again.embedded == 0

    changed = [*PAGES[:100], "Página nova, que ninguém viu.", *PAGES[101:]]
    await again.passages(changed)
    assert again.embedded == 1


async def test_what_is_kept_is_nearly_what_was_made(embedded: Encoder) -> None:
    made = await embedded.passages(PAGES[:50])
    kept = np.stack([unpack(pack(row)) for row in made])
    assert float((made * kept).sum(axis=1).min()) > 0.9999
    assert len(pack(made[0])) == 4 + embedded.dimensions


async def test_the_same_text_twice_is_encoded_once_and_of_none_there_is_none(
    redis: Connection, embedded: Encoder
) -> None:
    cached = CachedEncoder(embedded, VectorStore(redis), "1", KEY)
    one, two = await cached.passages(["duas vezes", "duas vezes"])
    np.testing.assert_array_equal(one, two)
    assert cached.embedded == 1
    assert (await cached.passages([])).shape == (0, embedded.dimensions)


async def test_accounts_encoders_and_kinds_share_nothing(redis: Connection, embedded: Encoder) -> None:
    store = VectorStore(redis)
    await CachedEncoder(embedded, store, "1", KEY).passages(PAGES[:3])
    other = CachedEncoder(embedded, store, "2", KEY)
    await other.passages(PAGES[:3])
    assert other.embedded == 3
    names = {digest(KEY, account, name, kind, "x") for account in "12" for name in "ab" for kind in Kind}
    assert len(names) == 8


async def test_no_text_and_no_plain_digest_of_one_stands_in_redis(redis: Connection, embedded: Encoder) -> None:
    import hashlib

    cpf = "529.982.247-25"
    await CachedEncoder(embedded, VectorStore(redis), "1", KEY).passages([cpf])
    kept = [key async for key in redis.scan_iter("*")]
    fields = b" ".join([*kept, *(await redis.hkeys("cw:vector:1"))])
    assert cpf.encode() not in fields
    assert hashlib.sha256(cpf.encode()).hexdigest()[:32].encode() not in fields


async def test_who_ingests_forgets_what_no_version_uses(redis: Connection, embedded: Encoder) -> None:
    store = VectorStore(redis)
    cached = CachedEncoder(embedded, store, "1", KEY, keep_questions=True)
    await cached.passages(PAGES[:5])
    await cached.questions(["fica?"])
    assert await store.forget_others("1", set(cached.digests(PAGES[:2]))) == 3
    again = CachedEncoder(embedded, store, "1", KEY, keep_questions=True)
    await again.questions(["fica?"])
    await again.passages(PAGES[:3])
    assert again.embedded == 1


async def test_the_longest_unused_leave_when_there_is_no_room(redis: Connection, embedded: Encoder) -> None:
    room = 10 * (516 + 220)
    store = VectorStore(redis, most_bytes={"documents": room, "questions": room})
    cached = CachedEncoder(embedded, store, "1", KEY)
    for page in PAGES[:30]:
        await cached.passages([page])
    assert (await store.sizes())["documents"] <= room
    newest = CachedEncoder(embedded, store, "1", KEY)
    await newest.passages([PAGES[29]])
    assert newest.embedded == 0
    await newest.passages([PAGES[0]])
    assert newest.embedded == 1
    assert await store.purge() == 10
    assert await store.sizes() == {"documents": 0, "questions": 0}


async def test_the_secret_is_of_the_installations_key_or_made_once(redis: Connection) -> None:
    store = VectorStore(redis)
    made = await secret(store, {})
    assert await secret(store, {}) == made
    assert len(made) == 32
    named = await secret(store, {"CHATWOOTAI_SECRET_KEY": "first,second"})
    assert named != made
    assert named == await secret(store, {"CHATWOOTAI_SECRET_KEY": "first"})


@pytest.fixture
async def nowhere() -> AsyncIterator[Connection]:
    connection = connect("redis://127.0.0.1:1/0")
    yield connection
    await connection.aclose()


async def test_without_redis_everything_is_encoded(nowhere: Connection, embedded: Encoder) -> None:
    cached = CachedEncoder(embedded, VectorStore(nowhere), "1", KEY)
    made = await cached.passages(PAGES[:2])
    assert made.shape == (2, 512)
    assert cached.embedded == 2


class Away:
    name, dimensions = "away", 3

    async def questions(self, texts: Sequence[str]) -> Vectors:
        raise EncoderUnavailable("it is away")

    passages = questions


async def test_the_second_encoder_answers_where_the_first_is_away(embedded: Encoder) -> None:
    found = await first_answer([Away(), embedded], "oi")
    assert found is not None
    assert found[0] is embedded
    assert found[1].shape == (1, 512)
    assert await first_answer([Away()], "oi") is None
