"""One request over a real socket: streamed, ended at a sentence when late, its failures named."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from chatwootai.telemetry.metrics import MODEL_CALLS, MODEL_TOKENS
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Endpoint, Policy, Target
from crews.model_calls.endpoint.client import OpenAIClient
from sandbox.llm.faults import Kind
from tests.stack_endpoint import call, sandbox_llm

pytestmark = pytest.mark.alone


@pytest.fixture
async def wire() -> AsyncIterator[OpenAIClient]:
    made = OpenAIClient()
    yield made
    await made.aclose()


Say = Callable[[web.StreamResponse], Awaitable[None]]


@asynccontextmanager
async def speaker(say: Say) -> AsyncIterator[Target]:
    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await say(response)
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield Target(endpoint=Endpoint(url, "k"), model="m")
    finally:
        await runner.cleanup()


def word(text: str, finish: str | None = None) -> bytes:
    delta = {"content": text} if text else {}
    return b"data: " + orjson.dumps({"choices": [{"delta": delta, "finish_reason": finish}]}) + b"\n\n"


async def test_an_answer_that_is_late_ends_at_its_last_sentence(wire: OpenAIClient) -> None:
    async def say(response: web.StreamResponse) -> None:
        for piece in ("Yes, we do. ", "It costs ", "five. ", "And then"):
            await response.write(word(piece))
        await asyncio.Event().wait()

    async with speaker(say) as target:
        one = call(target, seconds=3)
        answer = await wire.complete(one)
    assert (answer.text, answer.finish) == ("Yes, we do. It costs five. And then", "deadline")
    assert one.receipts[0].estimated
    assert answer.usage.completion_tokens == 4


async def test_late_and_without_a_whole_sentence_it_is_out_of_time(wire: OpenAIClient) -> None:
    async def say(response: web.StreamResponse) -> None:
        await response.write(word("Yes, we"))
        await asyncio.Event().wait()

    async with speaker(say) as target:
        with pytest.raises(TimeoutError):
            await wire.complete(call(target, seconds=0.6))


async def test_silence_in_the_midst_is_a_fault_while_there_is_time(
    wire: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crews.model_calls.endpoint.exchange._PAUSE_AT_HOME", 0.5)

    async def say(response: web.StreamResponse) -> None:
        await response.write(word("Yes, we do. "))
        await asyncio.Event().wait()

    async with speaker(say) as target:
        with pytest.raises(ModelUnavailable, match="silent"):
            await wire.complete(call(target, seconds=600))


async def test_an_end_without_an_ending_is_a_fault(wire: OpenAIClient) -> None:
    async def say(response: web.StreamResponse) -> None:
        await response.write(word("Yes, we do."))

    async with speaker(say) as target:
        with pytest.raises(ModelUnavailable, match="broke off"):
            await wire.complete(call(target))


async def test_a_server_that_never_says_done_is_understood(wire: OpenAIClient) -> None:
    async def say(response: web.StreamResponse) -> None:
        await response.write(word("Yes.") + word("", "stop"))

    async with speaker(say) as target:
        assert (await wire.complete(call(target))).text == "Yes."


async def test_who_keeps_the_line_open_after_done_is_not_waited_for(wire: OpenAIClient) -> None:
    async def say(response: web.StreamResponse) -> None:
        await response.write(word("Yes.") + word("", "stop") + b"data: [DONE]\n\n")
        await asyncio.Event().wait()

    async with speaker(say) as target:
        assert (await wire.complete(call(target, seconds=600))).text == "Yes."


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.MALFORMED, Kind.SERVER_ERROR, Kind.RATE_LIMITED])
async def test_faults_are_errors_to_try_again(wire: OpenAIClient, kind: Kind) -> None:
    async with sandbox_llm() as llm:
        llm.fault(kind, next=1)
        with pytest.raises(ModelUnavailable) as caught:
            await wire.complete(call(llm.target()))
        assert caught.value.__context__ is None
        assert (await wire.complete(call(llm.target()))).text


async def test_connections_are_kept_and_opened_beforehand(wire: OpenAIClient) -> None:
    async with sandbox_llm(latency="fixed:50ms") as llm:
        assert await wire.open_connections(llm.target().endpoint, 5) == 5
        transport = wire._clients.http._transport
        connector = transport.client.connector  # type: ignore[attr-defined]
        assert sum(len(kept) for kept in connector._conns.values()) == 5
        for _ in range(3):
            await asyncio.gather(*(wire.complete(call(llm.target())) for _ in range(5)))
        assert sum(len(kept) for kept in connector._conns.values()) == 5
        assert llm.requests == 15


async def test_an_endpoint_that_is_not_there_opens_nothing_and_raises_nothing(
    wire: OpenAIClient, unused_tcp_port: int
) -> None:
    assert await wire.open_connections(Endpoint(f"http://127.0.0.1:{unused_tcp_port}/v1", "k"), 3) == 0


async def test_each_key_has_a_client_and_all_share_connections(wire: OpenAIClient) -> None:
    async with sandbox_llm(api_keys=("a", "b")) as llm:
        for key in ("a", "b"):
            assert (await wire.complete(call(llm.target(key=key)))).text
        with pytest.raises(ModelRefused):
            await wire.complete(call(llm.target(key="c")))


async def test_what_an_endpoint_wants_remembered_of_one_tenant_goes_out_with_nobodys_call(wire: OpenAIClient) -> None:
    seen: list[str | None] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Cookie"))
        answer = web.json_response({"choices": [{"message": {"content": "Oi."}, "finish_reason": "stop"}]})
        answer.set_cookie("canary", "tenant-a")
        return answer

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        for key in ("a", "b", "a"):
            await wire.complete(call(Target(endpoint=Endpoint(url, key), model="m")))
    finally:
        await runner.cleanup()
    assert seen == [None, None, None]


async def test_the_effort_of_models_that_reason_is_the_tenants(wire: OpenAIClient) -> None:
    async with sandbox_llm() as llm:
        await wire.complete(call(llm.target("gpt-5-mini"), policy=Policy(reasoning_effort="minimal"), temperature=0.3))
        await wire.complete(call(llm.target("gpt-4o-mini"), policy=Policy(reasoning_effort="minimal"), temperature=0.3))
        bodies = [entry.body for entry in llm.server.stats.log]
    assert [body.get("reasoning_effort") for body in bodies] == ["minimal", None]
    assert [body.get("temperature") for body in bodies] == [None, 0.3]
    assert [(body["stream"], body["stream_options"]) for body in bodies] == [(True, {"include_usage": True})] * 2


async def test_every_request_is_counted_by_its_result_and_its_tokens(wire: OpenAIClient) -> None:
    def count(result: str) -> float:
        return MODEL_CALLS.labels("gpt-4o-mini", result)._value.get()

    def tokens(kind: str) -> float:
        return MODEL_TOKENS.labels("gpt-4o-mini", kind)._value.get()

    before = [count("answered"), count("unavailable"), tokens("prompt"), tokens("completion")]
    async with sandbox_llm() as llm:
        answer = await wire.complete(call(llm.target()))
        llm.fault(Kind.SERVER_ERROR, next=1)
        with pytest.raises(ModelUnavailable):
            await wire.complete(call(llm.target()))
    after = [count("answered"), count("unavailable"), tokens("prompt"), tokens("completion")]
    grown = [now - then for now, then in zip(after, before, strict=True)]
    assert grown == [1, 1, answer.usage.prompt_tokens, answer.usage.completion_tokens]
