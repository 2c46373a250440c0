"""The loop goes on while a long text is read: counted in its ticks, of which a function on it lets none by."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import httpx
import orjson
import pytest

from chatwootai.long_texts import LONG, worked_on
from chatwootai.model.text.normalize import LONGEST
from crews.model_calls.call import Call, Completion, Endpoint, Target
from crews.model_calls.endpoint.exchange import read_stream
from crews.model_calls.response.events import MalformedStream
from crews.model_calls.response.message import Message
from ingress.payload import InvalidPayload, RequestInfo, parse
from ingress.webhook import read_event

ARRIVAL = RequestInfo("1", 1, 1_795_200_000.0)


async def ticks(work: Coroutine[Any, Any, object]) -> int:
    """How often the loop comes round while something is worked on."""
    count, ended = 0, False

    async def tick() -> None:
        nonlocal count
        while not ended:
            await asyncio.sleep(0)
            count += not ended

    ticking = asyncio.create_task(tick())
    await work
    ended = True
    await ticking
    return count


def mail(text: str) -> bytes:
    conversation = {"id": 1, "inbox_id": 1, "status": "pending", "channel": "Channel::Email"}
    body = {
        "event": "message_created", "id": 1, "message_type": "incoming", "sender": {"id": 1}, "content": text,
        "content_attributes": {"email": {"subject": "a"}}, "conversation": conversation,
    }  # fmt: skip
    return orjson.dumps(body)


async def test_a_door_reads_a_short_body_at_once_and_a_long_mail_beside_its_loop() -> None:
    assert await ticks(read_event(mail("oi"), ARRIVAL)) == 0
    assert await ticks(read_event(mail("a: b\n" * 30_000), ARRIVAL)) > 0


async def test_what_is_wrong_with_a_long_body_is_told_as_of_a_short_one() -> None:
    with pytest.raises(InvalidPayload, match="not JSON"):
        await read_event(b"{" + b" " * 100_000, ARRIVAL)


@pytest.mark.parametrize("values", [b"[],", b"{},", b'"",', b'{"a":"b"},', b"1,"])
def test_a_body_of_values_without_end_is_refused_before_they_are_made(values: bytes) -> None:
    with pytest.raises(InvalidPayload, match="more than 100000 values") as refused:
        parse(b'{"event":"message_created","a":[' + values * 210_000 + b"1]}", ARRIVAL)
    assert refused.value.cause == "too_many_values"


@pytest.mark.parametrize("said", [",[{", '",', '\\"', "\\\\", '[]",'])
def test_signs_within_a_text_are_no_values(said: str) -> None:
    read = parse(mail(said * (140_000 // len(said))), ARRIVAL)
    assert type(read).__name__ == "Delivery"


async def test_only_long_texts_go_beside_the_loop() -> None:
    async def work(characters: int) -> None:
        await worked_on(characters, lambda: None)

    assert await ticks(work(LONG - 1)) == 0
    assert await ticks(work(LONG)) > 0


async def answered(body: bytes) -> Completion | Exception:
    async def at_once() -> AsyncIterator[bytes]:
        yield body

    target = Target(endpoint=Endpoint("http://127.0.0.1:1/v1"), model="m")
    call = Call(target=target, messages=(), deadline=time.time() + 3600)
    return await read_stream(call, httpx.Response(200, content=at_once()), Message())


def streamed(pieces: list[str]) -> bytes:
    events = [orjson.dumps({"choices": [{"delta": {"content": piece}}]}) for piece in pieces]
    return b"".join(b"data: %b\n\n" % each for each in events) + b"data: [DONE]\n\n"


async def test_thousands_of_events_that_come_at_once_are_taken_in_turn_by_turn() -> None:
    assert await ticks(answered(streamed(["a"] * 5_000))) > 5


async def test_an_answer_longer_than_any_channel_carries_ends_with_a_sentence() -> None:
    answer = await answered(streamed(["Uma frase inteira. "] * 4_000))
    assert isinstance(answer, Completion)
    assert LONGEST // 2 < len(answer.text) <= LONGEST
    assert answer.text.endswith("inteira.")


async def test_an_answer_without_end_is_none() -> None:
    with pytest.raises(MalformedStream):
        await answered(streamed(["a" * 1_000] * 200))
