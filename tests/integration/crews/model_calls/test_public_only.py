"""A model's address that an account's author names: whatever its name leads to, a private address is not reached."""

import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from chatwootai import guarded_session
from config.settings.settings import Settings
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Endpoint, Target
from crews.model_calls.call_terms import call_terms
from crews.model_calls.endpoint.client import OpenAIClient
from crews.transcription import Recording, TranscriptionFailed, transcribe, transcription_endpoint
from tests.stack_endpoint import call

pytestmark = pytest.mark.alone


@pytest.fixture
async def client() -> AsyncIterator[OpenAIClient]:
    made = OpenAIClient()
    yield made
    await made.aclose()


class Names(AbstractResolver):
    """Answers each lookup with the next of `addresses`, and the last one for ever; an empty one: no such name."""

    addresses: Sequence[Sequence[str]] = ()
    lookups = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.addresses[min(Names.lookups, len(self.addresses) - 1)]
        Names.lookups += 1
        if not found:
            raise OSError(f"no such name {host}")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in found
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def inside() -> AsyncIterator[tuple[int, list[str]]]:
    """A server of our own network: its port, and what it was asked."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"text": "a secret of the inside"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: Sequence[str]) -> None:
    monkeypatch.setattr(Names, "addresses", addresses)
    monkeypatch.setattr(Names, "lookups", 0)
    monkeypatch.setattr(guarded_session, "DefaultResolver", Names)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["169.254.169.254"], ["10.0.0.7"]]
)
async def test_a_name_that_leads_inside_is_refused(
    client: OpenAIClient, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    leads_to(monkeypatch, addresses)
    async with inside() as (port, asked):
        at = Endpoint(f"http://models.example:{port}/v1", "k", public=True)
        with pytest.raises(ModelRefused) as refused:
            await client.complete(call(Target(endpoint=at, model="m")))
        with pytest.raises(ModelRefused):
            await client.embed(Target(endpoint=at, model="m"), ["a"], time.time() + 5)
        assert await client.open_connections(at, 1) == 0
    assert refused.value.code == "private_address"
    assert "127.0.0.1" not in str(refused.value)
    assert asked == []
    assert Names.lookups >= 1


async def test_a_name_that_leads_inside_only_later_is_refused_then(
    client: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, [], ["127.0.0.1"])
    async with inside() as (port, asked):
        target = Target(endpoint=Endpoint(f"http://models.example:{port}/v1", "k", public=True), model="m")
        with pytest.raises(ModelUnavailable):
            await client.complete(call(target))
        with pytest.raises(ModelRefused):
            await client.complete(call(target))
    assert asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "localhost"])
async def test_an_address_as_it_is_written_is_judged_too(client: OpenAIClient, host: str) -> None:
    with pytest.raises(ModelRefused):
        await client.complete(call(Target(endpoint=Endpoint(f"http://{host}:9/v1", "k", public=True), model="m")))


async def test_what_the_operator_names_may_be_inside(client: OpenAIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with inside() as (port, asked):
        target = Target(endpoint=Endpoint(f"http://localhost:{port}/v1", "k"), model="m")
        with pytest.raises(ModelUnavailable):  # reached, and no model
            await client.complete(call(target))
    assert asked == ["/v1/chat/completions"]


async def test_recordings_are_not_sent_inside_either(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, ["127.0.0.1"])
    async with inside() as (port, asked), guarded_session.session(decompress=False) as session:
        said = Settings.model_validate({"media": {"hearing": {"base_url": f"http://models.example:{port}/v1"}}})
        at = transcription_endpoint(said.with_public_only(frozenset({"models.example"})))
        assert at.public
        with pytest.raises(TranscriptionFailed):
            await transcribe(session, at, Recording(b"a", "a.ogg", "audio/ogg"), time.time() + 5)
    assert asked == []
    literal = Settings.model_validate({"media": {"hearing": {"base_url": "http://127.0.0.1:9/v1"}}})
    with pytest.raises(TranscriptionFailed):
        transcription_endpoint(literal.with_public_only(frozenset({"127.0.0.1"})))


async def test_each_model_of_the_settings_is_held_to_it() -> None:
    model = {
        "name": "m", "base_url": "https://a.example/v1", "quick": {"name": "q", "base_url": "https://b.example/v1"},
        "fallbacks": [{"name": "f", "base_url": "https://a.example/other"}, {"name": "g"}],
        "hedging": {"to": {"name": "h", "base_url": "https://A.example/v1"}},
    }  # fmt: skip
    found = call_terms(Settings.model_validate({"model": model}).with_public_only(frozenset({"a.example"})))
    assert found.target.endpoint.public
    assert [each.endpoint.public for each in found.policy.fallbacks] == [True, False]
    assert found.policy.quick is not None
    assert not found.policy.quick.endpoint.public
    assert found.policy.hedge_to is not None
    assert found.policy.hedge_to.endpoint.public
    assert found.target.endpoint.id != Endpoint("https://a.example/v1").id


async def test_a_session_that_is_guarded_keeps_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would resolve names for us, unjudged."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with guarded_session.session() as session:
        assert not session.trust_env
    assert isinstance(session, aiohttp.ClientSession)
