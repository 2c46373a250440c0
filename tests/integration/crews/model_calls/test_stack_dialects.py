"""Servers that call themselves OpenAI-compatible and are not quite: what they refuse is left out, and remembered."""

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from config.settings.model import ModelEndpoint
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Call, Endpoint, Policy, Target
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.endpoint.clients import address_of
from tests.crews_endpoint import Body, Recorder, completion, endpoint

SCHEMA = {"type": "json_schema", "json_schema": {"name": "A", "schema": {"type": "object"}, "strict": True}}
TOOL = {"type": "function", "function": {"name": "find", "strict": True, "parameters": {"type": "object"}}}


@pytest.fixture
async def wire() -> AsyncIterator[OpenAIClient]:
    made = OpenAIClient()
    yield made
    await made.aclose()


def call(recorder: Recorder, model: str = "local", **more: Any) -> Call:
    given: dict[str, Any] = {"max_tokens": 60, "temperature": 0.3, **more}
    target = Target(endpoint=Endpoint(recorder.url, "k"), model=model)
    return Call(target=target, messages=[{"role": "user", "content": "Hi"}], deadline=time.time() + 60, **given)


def refused(status: int, body: Body | str) -> web.Response:
    return web.Response(
        status=status, text=body if isinstance(body, str) else json.dumps(body), content_type="application/json"
    )


def openai_way(name: str) -> web.Response:
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    return refused(400, {"error": {"message": message, "param": name, "code": "unsupported_parameter"}})


def old_openai_way(name: str) -> web.Response:
    message = f"Unrecognized request argument supplied: {name}"
    return refused(400, {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}})


def fastapi_way(name: str) -> web.Response:
    detail = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": 1}
    return refused(422, {"detail": [detail]})


def words_way(name: str) -> web.Response:
    return refused(400, {"error": f"unknown field {name}"})


@pytest.mark.parametrize("way", [openai_way, old_openai_way, fastapi_way, words_way])
async def test_a_minimal_server_is_learned_step_by_step_and_then_asked_at_once(
    wire: OpenAIClient, way: Callable[[str], web.Response]
) -> None:
    known = {"model", "messages", "stream", "tools"}

    async def answer(body: Body) -> web.StreamResponse:
        for name in body:
            if name not in known:
                return way(name)
        return completion("Oi.")

    async with endpoint(answer) as recorder:
        asked = call(recorder, tools=[TOOL], response_format=SCHEMA)
        assert (await wire.complete(asked)).text == "Oi."
        steps = len(recorder.bodies)
        assert steps > 1
        assert set(recorder.bodies[-1]) == known
        assert (await wire.complete(asked)).text == "Oi."
        assert len(recorder.bodies) == steps + 1


async def test_the_limits_other_spelling_is_tried_before_it_is_left_out(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        return openai_way("max_tokens") if "max_tokens" in body else completion("Oi.")

    async with endpoint(answer) as recorder:
        await wire.complete(call(recorder))
        assert recorder.bodies[-1]["max_completion_tokens"] == 60
        assert recorder.bodies[-1]["temperature"] == 0.3


async def test_what_was_refused_is_tried_again_after_an_hour(
    wire: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router whose only provider with tools is away for a minute must not lose a tenant its tools for ever."""
    away = True

    async def answer(body: Body) -> web.StreamResponse:
        if away and "tools" in body:
            return refused(404, {"error": {"message": "No endpoints found that support tool use"}})
        return completion("Oi.")

    async with endpoint(answer) as recorder:
        await wire.complete(call(recorder, tools=[TOOL]))
        away = False
        await wire.complete(call(recorder, tools=[TOOL]))
        assert "tools" not in recorder.bodies[-1]
        monkeypatch.setattr("crews.model_calls.request.parameters._LIFETIME", 0.0)
        await wire.complete(call(recorder, tools=[TOOL]))
        assert "tools" in recorder.bodies[-1]


async def test_a_limit_that_is_too_large_takes_none_from_those_whose_is_not(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        for name in ("max_tokens", "max_completion_tokens"):
            if body.get(name, 0) > 4096:
                message = f"{name} is too large: {body[name]}. This model supports at most 4096 completion tokens."
                return refused(400, {"error": {"message": message, "param": name, "code": "invalid_value"}})
        return completion("Oi.")

    async with endpoint(answer) as recorder:
        assert (await wire.complete(call(recorder, max_tokens=9000))).text == "Oi."
        await wire.complete(call(recorder, max_tokens=60))
        assert recorder.bodies[-1]["max_tokens"] == 60


async def test_a_typed_answer_is_asked_for_more_plainly(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        if body.get("response_format", {}).get("type") == "json_schema":
            return refused(400, {"error": {"message": "response_format: json_schema is not supported here"}})
        return completion("{}")

    async with endpoint(answer) as recorder:
        await wire.complete(call(recorder, response_format=SCHEMA))
        assert recorder.bodies[-1]["response_format"] == {"type": "json_object"}


async def test_a_model_without_tools_answers_without_them(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        if "tools" in body:
            return refused(400, {"error": {"message": "registry/gemma:2b does not support tools"}})
        return completion("Oi.")

    async with endpoint(answer) as recorder:
        await wire.complete(call(recorder, tools=[TOOL]))
        assert not {"tools", "tool_choice"} & set(recorder.bodies[-1])


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Invalid schema for function 'find': 'x' is not of type 'object'", "param": "tools[0].function"},
        {"message": "maximum context length is 4096 tokens; lower max_tokens", "code": "context_length_exceeded"},
        {"message": "The response was filtered by content management policy", "param": "prompt"},
        {"message": "You are not allowed to use this model"},
    ],
)
async def test_other_refusals_are_not_asked_again_and_teach_nothing(wire: OpenAIClient, error: Body) -> None:
    async def answer(_: Body) -> web.StreamResponse:
        return refused(400, {"error": error})

    async with endpoint(answer) as recorder:
        with pytest.raises(ModelRefused):
            await wire.complete(call(recorder, tools=[TOOL]))
        assert len(recorder.bodies) == 1


async def test_a_server_that_refuses_everything_is_given_up_and_teaches_nothing(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        return words_way(next((name for name in reversed(body) if name not in {"model", "messages"}), "model"))

    async with endpoint(answer) as recorder:
        with pytest.raises(ModelRefused):
            await wire.complete(call(recorder))
        first = dict(recorder.bodies[0])
        recorder.bodies.clear()
        with pytest.raises(ModelRefused):
            await wire.complete(call(recorder))
        assert recorder.bodies[0] == first


async def test_a_model_that_thinks_gets_room_for_it_once_that_shows(wire: OpenAIClient) -> None:
    async def answer(body: Body) -> web.StreamResponse:
        enough = body["max_tokens"] > 1000
        chunk: Body = {"reasoning_content": "Hm."} if not enough else {"content": "<think>Hm.</think>\n\nOi."}
        events = [
            {"choices": [{"delta": chunk}]},
            {"choices": [{"delta": {}, "finish_reason": "stop" if enough else "length"}]},
        ]
        text = "".join(f"data: {json.dumps(each)}\n\n" for each in events) + "data: [DONE]\n\n"
        return web.Response(text=text, content_type="text/event-stream")

    async with endpoint(answer) as recorder:
        with pytest.raises(ModelUnavailable):
            await wire.complete(call(recorder))
        assert (await wire.complete(call(recorder))).text == "Oi."


async def test_thoughts_and_usage_of_a_server_that_does_not_stream(wire: OpenAIClient) -> None:
    async def answer(_: Body) -> web.StreamResponse:
        message = {"role": "assistant", "content": "<think>They greet.</think>Oi."}
        return web.json_response({"choices": [{"message": message, "finish_reason": "stop"}]})

    async with endpoint(answer) as recorder:
        said = await wire.complete(call(recorder))
        assert (said.text, said.usage.calls) == ("Oi.", 1)


async def test_an_address_with_a_query_keeps_it_and_goes_to_the_right_path(wire: OpenAIClient) -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.path_qs)
        return completion("Oi.")

    app = web.Application()
    app.router.add_post("/openai/deployments/gpt/chat/completions", handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/openai/deployments/gpt?api-version=2024-10-21"
        target = Target(endpoint=Endpoint(url, "k"), model="gpt", requests_per_minute=None)
        asked = Call(target=target, messages=[], deadline=time.time() + 60, policy=Policy())
        assert (await wire.complete(asked)).text == "Oi."
        assert seen == ["/openai/deployments/gpt/chat/completions?api-version=2024-10-21"]
    finally:
        await runner.cleanup()


def test_azure_gets_its_key_and_version_as_it_wants_them() -> None:
    url = "https://shop.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21"
    served = ModelEndpoint.model_validate({"name": "gpt", "base_url": url, "api_key": "k"})
    address, query, headers = address_of(Endpoint(served.base_url, "k"))
    assert address == "https://shop.openai.azure.com/openai/deployments/gpt"
    assert (query, headers) == ({"api-version": "2024-10-21"}, {"api-key": "k"})
    assert address_of(Endpoint("https://other.example/v1", "k"))[2] == {}
