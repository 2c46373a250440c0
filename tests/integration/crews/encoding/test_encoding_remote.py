"""A remote encoder: any /embeddings endpoint, with a deadline, a breaker, limits and a budget."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from chatwootai.stores.models.vectors import VectorStore
from chatwootai.stores.server.connection import Connection
from config.settings.model import Price
from config.settings.spending import Budget
from crews.encoding.cached import CachedEncoder, first_answer
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import EncoderUnavailable
from crews.encoding.remote import EmbeddingTerms, RemoteEncoder
from crews.model_calls.assembly import Stack
from crews.model_calls.call import BillingScope, Endpoint, Policy, Target
from crews.model_calls.endpoint.client import OpenAIClient
from sandbox.llm.app import runner as llm_runner
from sandbox.llm.settings import Settings

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


def made(body: dict[str, Any], size: int = 4) -> web.Response:
    data = [{"index": at, "embedding": [len(text), 1.0, *[0.0] * (size - 2)]} for at, text in enumerate(body["input"])]
    return web.json_response({"data": data[::-1], "usage": {"prompt_tokens": 7 * len(data)}})


class Service:
    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.url = ""
        self.answer: Answer = self.usual

    async def usual(self, body: dict[str, Any]) -> web.StreamResponse:
        return made(body)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        return await self.answer(self.bodies[-1])


@asynccontextmanager
async def served() -> AsyncIterator[Service]:
    service, app = Service(), web.Application()
    app.router.add_post("/v1/embeddings", service.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield service
    finally:
        await runner.cleanup()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with served() as one:
        yield one


@pytest.fixture
async def stack(redis: Connection) -> AsyncIterator[Stack]:
    one = Stack(OpenAIClient(), redis)
    yield one
    await one.aclose()


def encoder(stack: Stack, service: Service, **changes: Any) -> RemoteEncoder:
    seconds = changes.pop("question_seconds", 5.0)
    budget, dimensions = changes.pop("budget", Budget()), changes.pop("dimensions", None)
    target = Target(endpoint=Endpoint(service.url, "key-of-a-test"), model="some-embedding", **changes)
    policy, payer = Policy(budget=budget), BillingScope(account="1")
    return RemoteEncoder(
        stack.embeddings,
        EmbeddingTerms(target=target, payer=payer, policy=policy, dimensions=dimensions),
        question_seconds=seconds,
    )


async def test_vectors_come_in_order_and_of_unit_length(stack: Stack, service: Service) -> None:
    remote = encoder(stack, service)
    assert remote.dimensions == 0
    vectors = await remote.passages([f"{'x' * at}" for at in range(1, 101)])
    assert vectors.shape == (100, 4)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], range(1, 101), rtol=1e-4)
    assert remote.dimensions == 4
    assert [len(body["input"]) for body in service.bodies] == [64, 36]
    assert "dimensions" not in service.bodies[0]


async def test_fewer_dimensions_are_asked_for_where_they_are_wanted(stack: Stack, service: Service) -> None:
    remote = encoder(stack, service, dimensions=4)
    await remote.questions(["oi"])
    assert service.bodies[0]["dimensions"] == 4
    assert "key-of-a-test" not in remote.name
    assert remote.name != encoder(stack, service).name


@pytest.mark.parametrize(
    "nonsense",
    [
        {"data": []},
        {"data": [{"embedding": [1.0, 2.0]}, {"embedding": [1.0]}]},
        {"data": [{"embedding": [0.0, 0.0]}, {"embedding": [0.0, 0.0]}]},
        {"data": [{"embedding": []}, {"embedding": []}]},
        {"error": "no"},
    ],
)
async def test_what_is_no_vector_is_none(stack: Stack, service: Service, nonsense: Any) -> None:
    async def answer(_: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(nonsense)

    service.answer = answer
    with pytest.raises(EncoderUnavailable) as caught:
        await encoder(stack, service, question_seconds=0.4).questions(["um", "dois"])
    assert "key-of-a-test" not in str(caught.value)


async def test_a_model_that_was_changed_behind_its_name_is_noticed(stack: Stack, service: Service) -> None:
    remote = encoder(stack, service)
    await remote.questions(["oi"])

    async def longer(body: dict[str, Any]) -> web.StreamResponse:
        return made(body, size=6)

    service.answer = longer
    with pytest.raises(EncoderUnavailable, match="6 dimensions"):
        await remote.questions(["oi"])


async def test_a_slow_endpoint_is_not_waited_for_and_the_embedded_encoder_answers(
    stack: Stack, service: Service
) -> None:
    async def never(_: dict[str, Any]) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    service.answer = never
    embedded = EmbeddedEncoder()
    try:
        found = await first_answer([encoder(stack, service, question_seconds=0.15), embedded], "quanto custa?")
    finally:
        embedded.close()
    assert found is not None
    assert found[0] is embedded


async def test_an_endpoint_that_fails_again_and_again_is_left_alone(stack: Stack, service: Service) -> None:
    async def broken(_: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no"}}, status=500)

    service.answer = broken
    remote = encoder(stack, service, question_seconds=0.4)
    for _ in range(8):
        with pytest.raises(EncoderUnavailable):
            await remote.questions(["oi"])
    assert len(service.bodies) < 8


async def test_a_budget_that_is_spent_is_not_overdrawn(stack: Stack, service: Service) -> None:
    price = Price(input=10_000, output=0)
    poor = encoder(stack, service, budget=Budget(per_day=0.01), price=price)
    with pytest.raises(EncoderUnavailable, match="budget"):
        await poor.questions(["oi"])
    assert not service.bodies


async def test_remote_questions_are_asked_once_a_day(redis: Connection, stack: Stack, service: Service) -> None:
    cached = CachedEncoder(encoder(stack, service), VectorStore(redis), "1", b"k", keep_questions=True)
    first = await cached.questions(["quanto custa?"])
    np.testing.assert_array_equal(await cached.questions(["quanto custa?"]), first)
    assert len(service.bodies) == 1


async def test_the_sandbox_speaks_the_same_protocol(stack: Stack) -> None:
    app = llm_runner(Settings())
    await app.setup()
    await web.TCPSite(app, "127.0.0.1", 0).start()
    service = Service()
    service.url = f"http://127.0.0.1:{app.addresses[0][1]}/v1"
    try:
        vectors = await encoder(stack, service, dimensions=256).questions(["quanto custa a entrega?"])
    finally:
        await app.cleanup()
    assert vectors.shape == (1, 256)
