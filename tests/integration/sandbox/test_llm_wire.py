"""The sandbox LLM as a real process, met by the openai package and by raw sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
import openai
import pytest

from sandbox.installation.processes import Process, free_port
from sandbox.llm.driver import Driver

SYSTEM = {"role": "system", "content": "- Entregamos em 3 a 7 dias úteis.\n- Trocas em até 30 dias."}
QUESTION = [SYSTEM, {"role": "user", "content": "Qual o prazo de entrega do PED-7781?"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "order_status",
        "parameters": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    arguments = ("--port", str(port), "--api-key", "sk-right", "--requests-per-minute", "100000")
    process = Process("llm", "sandbox.llm", *arguments, environ={}, folder=tmp_path_factory.mktemp("llm"))
    process.start()
    asyncio.run(process.answers(f"http://127.0.0.1:{port}/sandbox/stats", 20))
    yield f"http://127.0.0.1:{port}"
    process.stop()


@pytest.fixture
async def driver(server: str) -> AsyncIterator[Driver]:
    async with aiohttp.ClientSession() as session:
        driver = Driver(session, server)
        await driver.latency("instant")
        await driver.reset()
        yield driver


@pytest.fixture
async def client(server: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="sk-right", base_url=f"{server}/v1", max_retries=0) as client:
        yield client


async def _ask(client: openai.AsyncOpenAI, **given: Any) -> Any:
    return await client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": QUESTION, **given})


async def test_a_completion_answers_from_the_prompt_and_echoes_the_order(
    client: openai.AsyncOpenAI, driver: Driver
) -> None:
    completion = await _ask(client)
    assert completion.choices[0].message.content == "Sobre PED-7781: Entregamos em 3 a 7 dias úteis."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


async def test_a_stream_says_the_same_and_ends_with_the_usage_asked_for(
    client: openai.AsyncOpenAI, driver: Driver
) -> None:
    whole = await _ask(client)
    chunks = [chunk async for chunk in await _ask(client, stream=True, stream_options={"include_usage": True})]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert [chunk async for chunk in await _ask(client, stream=True)][-1].usage is None


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_limit_cuts_the_answer(client: openai.AsyncOpenAI, driver: Driver, name: str) -> None:
    completion = await _ask(client, **{name: 4})
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 4
    assert "Sobre PED".startswith(completion.choices[0].message.content[:9])


async def test_a_tool_is_called_and_its_result_answered(client: openai.AsyncOpenAI, driver: Driver) -> None:
    messages: list[Any] = [{"role": "user", "content": "Where is my order PED-12?"}]
    first = (await _ask(client, messages=messages, tools=[TOOL])).choices[0]
    assert first.finish_reason == "tool_calls"
    assert first.message.tool_calls[0].function.arguments == '{"order":"PED-12"}'
    messages += [
        first.message.model_dump(),
        {"role": "tool", "tool_call_id": first.message.tool_calls[0].id, "content": '{"status": "shipped"}'},
    ]
    second = (await _ask(client, messages=messages, tools=[TOOL])).choices[0]
    assert second.finish_reason == "stop"
    assert "status: shipped" in second.message.content


async def test_a_streamed_tool_call_has_its_parts_in_order(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.rule("weather", tools=[{"name": "order_status", "arguments": {"order": "A1"}}] * 2)
    messages = [{"role": "user", "content": "How is the weather?"}]
    calls: dict[int, str] = {}
    async for chunk in await _ask(client, messages=messages, tools=[TOOL], stream=True):
        for call in chunk.choices[0].delta.tool_calls or []:
            calls[call.index] = calls.get(call.index, "") + (call.function.name or "") + (call.function.arguments or "")
    assert calls == {0: 'order_status{"order":"A1"}', 1: 'order_status{"order":"A1"}'}


async def test_json_is_answered_where_a_schema_asks_for_it(client: openai.AsyncOpenAI, driver: Driver) -> None:
    schema = {"type": "object", "properties": {"reply": {"type": "string"}, "sure": {"type": "boolean"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    completion = await _ask(client, response_format=wanted)
    assert (
        completion.choices[0].message.content
        == '{"reply":"Sobre PED-7781: Entregamos em 3 a 7 dias úteis.","sure":false}'
    )


@pytest.mark.parametrize("dimensions", [1536, 64])
async def test_embeddings_come_as_floats_and_as_base64_alike(
    client: openai.AsyncOpenAI, driver: Driver, dimensions: int
) -> None:
    given: Any = {"model": "text-embedding-3-small", "input": ["prazo", "frete"], "dimensions": dimensions}
    plain = await client.embeddings.create(**given, encoding_format="float")
    packed = await client.embeddings.create(**given)
    assert len(plain.data[1].embedding) == dimensions
    assert plain.data[1].embedding == pytest.approx(packed.data[1].embedding, abs=1e-6)
    assert plain.data[0].embedding != plain.data[1].embedding


async def test_a_recording_is_transcribed(client: openai.AsyncOpenAI, driver: Driver) -> None:
    audio = b"RIFF\x00\x00\x01WAVEfmt \x00qual o prazo de entrega?\x00\xff\xfe"
    said = await client.audio.transcriptions.create(model="whisper-1", file=("voice.wav", audio))
    assert said.text == "qual o prazo de entrega?"


async def test_models_are_listed(client: openai.AsyncOpenAI, driver: Driver) -> None:
    assert "gpt-4o-mini" in [model.id async for model in client.models.list()]


@pytest.mark.parametrize("key", ["sk-wrong", None])
async def test_a_wrong_or_missing_key_is_refused(server: str, driver: Driver, key: str | None) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{server}/v1/models") as response:
        assert response.status == 401
        assert set((await response.json())["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"{}", b'{"model": "m"}', b'{"model": "m", "messages": []}', b'{"messages": [{}]}']
)
async def test_a_senseless_request_is_a_400_with_openais_error(server: str, driver: Driver, body: bytes) -> None:
    headers = {"Authorization": "Bearer sk-right"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{server}/v1/chat/completions", data=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["error"]["type"] == "invalid_request_error"


async def test_answers_carry_rate_limit_headers(client: openai.AsyncOpenAI, driver: Driver) -> None:
    raw = await client.chat.completions.with_raw_response.create(model="m", messages=QUESTION)  # type: ignore[arg-type]
    assert int(raw.headers["x-ratelimit-remaining-requests"]) < int(raw.headers["x-ratelimit-limit-requests"])


async def test_a_burst_of_429_says_when_to_come_again_and_ends(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.fault("rate_limited", next=2, seconds=3)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as error:
            await _ask(client)
        assert error.value.response.headers["retry-after"] == "3"
    assert await _ask(client)
    assert (await driver.stats())["statuses"] == {"429": 2, "200": 1}


async def test_a_server_error_has_the_status_asked_for(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.fault("server_error", next=1, status=503)
    with pytest.raises(openai.InternalServerError) as error:
        await _ask(client)
    assert error.value.status_code == 503


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_is_noticed(client: openai.AsyncOpenAI, driver: Driver, stream: bool) -> None:
    await driver.latency("fixed:60s")
    call = asyncio.create_task(_ask(client, stream=stream))
    await driver.wait("in_flight", at_least=1)
    call.cancel()
    counts = await driver.wait("cancelled", at_least=1)
    assert counts["in_flight"] == 0
    assert (await driver.requests("PED-7781"))[-1]["outcome"] == "cancelled"


async def test_a_stalled_answer_sends_no_byte_until_the_client_leaves(
    client: openai.AsyncOpenAI, driver: Driver
) -> None:
    await driver.fault("stall", next=1)
    with pytest.raises(openai.APITimeoutError):
        await _ask(client, timeout=0.3)
    assert (await driver.wait("cancelled", at_least=1))["faults"] == {"stall": 1}


async def test_a_cut_stream_ends_midway(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.fault("cut", next=1)
    said: list[str] = []

    async def listen() -> None:
        async for chunk in await _ask(client, stream=True):
            said.append(chunk.choices[0].delta.content or "")  # noqa: PERF401 - what came before the cut counts

    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError, httpx.ReadError)):
        await listen()
    assert "".join(said)
    assert "dias úteis" not in "".join(said)


async def test_a_cut_answer_is_a_broken_connection(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.fault("cut", next=1)
    with pytest.raises(openai.APIConnectionError):
        await _ask(client)


async def test_a_malformed_answer_is_200_and_no_json(server: str, driver: Driver) -> None:
    await driver.fault("malformed", next=1)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk-right"}) as session:
        asked = session.post(f"{server}/v1/chat/completions", json={"model": "m", "messages": QUESTION})
        async with asked as response:
            assert response.status == 200
            with pytest.raises(ValueError, match="Expecting"):
                await response.json()


async def test_a_slow_answer_takes_that_much_longer(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.fault("slow", next=1, seconds=0.4)
    started = time.monotonic()
    await _ask(client)
    assert time.monotonic() - started >= 0.4


async def test_first_token_and_length_take_the_time_drawn(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await driver.latency("gpt-4o-mini")
    started = time.monotonic()
    moments = [time.monotonic() - started async for _ in await _ask(client, stream=True, max_tokens=20)]
    assert moments[0] >= 0.2
    assert moments[-1] - moments[0] >= 0.1
    assert len(set(moments)) > 5  # spoken, not sent at once


async def test_a_driver_sees_what_was_asked(client: openai.AsyncOpenAI, driver: Driver) -> None:
    await _ask(client)
    await _ask(client, messages=[{"role": "user", "content": "other"}])
    (seen,) = await driver.requests("PED-7781")
    assert seen["body"]["messages"] == QUESTION
    assert seen["answer"].startswith("Sobre PED-7781")
    assert (await driver.stats())["requests"] == 2


async def test_a_driver_that_asks_for_nonsense_is_told(driver: Driver) -> None:
    with pytest.raises(ValueError, match="kind"):
        await driver.fault("explode", next=1)
    with pytest.raises(ValueError, match="no latency called"):
        await driver.latency("gpt-9")
    with pytest.raises(TimeoutError):
        await driver.wait("requests", at_least=5, seconds=0.1)


async def test_five_hundred_at_once_are_in_flight_at_once(server: str, driver: Driver) -> None:
    await driver.latency("fixed:1s")
    body = {"model": "m", "messages": QUESTION, "stream": True}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk-right"}, connector=connector) as session:

        async def ask(number: int) -> bytes:
            asked = [SYSTEM, {"role": "user", "content": f"prazo do PED-{number}?"}]
            async with session.post(f"{server}/v1/chat/completions", json=body | {"messages": asked}) as response:
                return await response.read()

        answers = await asyncio.gather(*map(ask, range(500)))
    assert all(answer.endswith(b"data: [DONE]\n\n") for answer in answers)
    assert (await driver.stats())["in_flight_max"] == 500
