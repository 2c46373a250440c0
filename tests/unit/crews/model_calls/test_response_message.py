"""A streamed answer, however its bytes were cut."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.turn import Usage
from crews.model_calls.response.events import MalformedStream
from crews.model_calls.response.message import EndpointError, Message

NOTHING = Usage()


def event(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"model": "m-served", "choices": choices, **more}).encode() + b"\n\n"


USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
WORDS = [
    event({"role": "assistant", "content": ""}),
    event({"content": "Olá, "}),
    event({"content": "ção 👩‍👩‍👧"}),
    event({}, "stop"),
    event(None, usage=USAGE),
    b"data: [DONE]\n\n",
]


def heard(*pieces: bytes) -> Message:
    message = Message()
    for piece in pieces:
        list(message.feed(piece))
    return message


@given(cuts=st.lists(st.integers(0, sum(map(len, WORDS))), max_size=12))
def test_any_cut_gives_the_same_completion(cuts: list[int]) -> None:
    whole = b": comment\r\n\r\n" + b"".join(WORDS).replace(b"\n", b"\r\n")
    edges = [0, *sorted(cuts), len(whole)]
    message = heard(*(whole[start:end] for start, end in itertools.pairwise(edges)))
    completion = message.completion("asked", "t", NOTHING)
    assert (completion.text, completion.finish, completion.model) == ("Olá, ção 👩‍👩‍👧", "stop", "m-served")
    assert completion.usage == Usage(prompt_tokens=9, completion_tokens=3, cached_tokens=4, calls=1)
    assert (message.done, message.ended, message.spoken) == (True, True, True)


ODD = [
    b": comment\n\n",
    b'data:{"choices": []}\n\n',
    b"data: {}\r\n\r\n",
    b'data: {"choices":\ndata: []}\n\n',
    b"event: message\n",
    b'data: {"choices": [}\n\n',
    b'event: error\ndata: {"message": "x"}\n\n',
    b"data: null\n\n",
    b"\n",
    event({"content": "a", "reasoning_content": "b"}),
    event({"content": [{"type": "text", "text": "c"}]}),
    event({"content": None, "refusal": "no"}),
]


def outcome_of(pieces: list[bytes], *, plain: bool) -> object:
    """Return all that shows of a message, with plain events taken the short way or not."""
    message = Message()
    try:
        for piece in pieces:
            if not (plain and message.feed_plain(piece)):
                list(message.feed(piece))
        list(message.close())
    except (MalformedStream, EndpointError) as error:
        return type(error), str(error)
    shown = (message.done, message.ended, message.spoken, message.alive, message.thought, message.pieces, message.size)
    return shown, message.completion("asked", "t", NOTHING)


@given(chosen=st.lists(st.sampled_from(WORDS + ODD), max_size=8), cuts=st.lists(st.integers(0, 900), max_size=6))
def test_the_short_way_for_plain_events_tells_the_same(chosen: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(chosen)
    edges = [0, *sorted(each for each in cuts if each < len(whole)), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]
    assert outcome_of(pieces, plain=True) == outcome_of(pieces, plain=False)


def test_the_role_alone_is_no_word() -> None:
    assert not heard(WORDS[0]).spoken


def test_tool_calls_come_in_pieces_and_side_by_side() -> None:
    head = {"index": 0, "id": "a", "function": {"name": "look", "arguments": ""}}
    other = {"index": 1, "id": "b", "function": {"name": "wait", "arguments": "{}"}}
    pieces = [
        event({"tool_calls": [head]}),
        event({"tool_calls": [other]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
        event({}, "tool_calls"),
    ]
    message = heard(*pieces)
    calls = message.completion("m", "t", NOTHING).tool_calls
    assert [(each.id, each.name, each.arguments) for each in calls] == [("a", "look", '{"x":1}'), ("b", "wait", "{}")]
    assert message.spoken


def test_a_refusal_says_so() -> None:
    assert heard(event({"refusal": "no"}), event({}, "stop")).completion("m", "t", NOTHING).finish == "refusal"


def test_an_error_in_the_midst_is_told() -> None:
    with pytest.raises(EndpointError) as told:
        heard(WORDS[1], b'data: {"error": {"message": "secret words", "code": "rate_limit_exceeded"}}\n\n')
    assert told.value.error["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize("data", [b"data: nonsense\n\n", b"data: []\n", b'data: {"choices": [7]}\n', b"data: NaN\n\n"])
def test_nonsense_is_garbled(data: bytes) -> None:
    with pytest.raises(MalformedStream):
        heard(data)


def test_a_line_without_end_is_not_kept() -> None:
    with pytest.raises(MalformedStream):
        heard(b"data: " + b"x" * (5 * 1024 * 1024))
