"""What an endpoint's refusal means, and what of its words others may read."""

import time

import pytest

from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Call, Endpoint, Target
from crews.model_calls.endpoint import metrics
from crews.model_calls.request.address import is_private
from crews.model_calls.request.message_roles import messages_for
from crews.model_calls.request.packing import to_json
from crews.model_calls.request.shorter_history import with_less_history
from crews.model_calls.response.errors import ReportedError, of_body
from crews.model_calls.response.leaked import tool_calls
from crews.model_calls.response.masking import mask_reason
from crews.model_calls.response.tool_calls import ToolCalls


def call(*messages: dict[str, object], key: str = "k") -> Call:
    given = messages or ({"role": "user", "content": "Meu nome é Maria Clara Souza, pedido 889"},)
    return Call(target=Target(endpoint=Endpoint("http://x/v1", key), model="m"), messages=given, deadline=0.0)


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("Bad key sk-proj-AbCd1234EfGh5678 given", "AbCd1234"),
        ("Incorrect API key provided: abcd*****************wxyz.", "wxyz"),
        ("Authorization: Bearer abc.def.ghi was wrong", "abc.def"),
        ("user ana.souza@example.com is over", "ana.souza"),
        ("call +55 31 99999-0000 now", "99999"),
        ("see https://user:pass@host/x", "user:pass"),
        ("input 'Maria Clara' is invalid", "Maria"),
        ("body: meu nome é maria clara souza", "maria"),
        ("request 8f14e45fceea167a5a36dedd4bea2543 failed", "8f14e45f"),
        ("own-key-xyz is unknown", "own-key-xyz"),
        ("a\u202eb\x00c\nd", "\u202e"),
    ],
)
def test_what_nobody_else_may_read_is_taken_out(words: str, gone: str) -> None:
    said = mask_reason(words, call(key="own-key-xyz"))
    assert said is not None
    assert gone not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "words", ["model `llama9` not found, try pulling it first", "maximum context length is 4096 tokens"]
)
def test_the_endpoints_own_words_stay(words: str) -> None:
    assert mask_reason(words, call()) == words


def test_a_reason_is_short_and_nothing_is_none() -> None:
    assert len(mask_reason("word " * 500, call()) or "") <= 240
    assert mask_reason(" \n ", call()) is None


def test_what_may_pass_is_tried_again_and_what_may_not_is_refused() -> None:
    assert isinstance(ReportedError(503, "", "Loading model").error(), ModelUnavailable)
    assert isinstance(ReportedError(429, "rate_limit_exceeded", "Rate limit reached").error(), ModelUnavailable)
    assert isinstance(ReportedError(400, "", "nonsense").error(), ModelRefused)
    assert isinstance(of_body({"message": "Overloaded", "type": "overloaded_error"}).error(), ModelUnavailable)
    assert isinstance(of_body({"code": 429, "message": "rate-limited upstream"}).error(), ModelUnavailable)


def test_a_cause_is_logged_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, object]] = []
    now = [0.0]
    monkeypatch.setattr(metrics, "_log", type("Log", (), {"warning": lambda _, event, **more: said.append(more)})())
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    reports = metrics.RefusalLog()
    for at, cause in ((0, "rate"), (60, "rate"), (61, "wrong_key"), (3600, "rate"), (3700, "rate")):
        now[0] = at
        reports.say(call(), cause, 429, "why")
    assert [each["cause"] for each in said] == ["rate", "wrong_key", "rate"]


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1:11434/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://192.168.1.4/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://host.docker.internal/v1", True),
        ("http://gpu.lan/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
        (None, False),
        ("http://[broken", False),
    ],
)
def test_which_addresses_are_private(url: str | None, private: bool) -> None:
    assert is_private(url) is private


def test_less_history_keeps_the_instructions_and_what_was_asked_last() -> None:
    long = {"role": "assistant", "content": "x" * 100}
    asked = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    whole = call({"role": "system", "content": "s"}, {"role": "user", "content": "1"}, long, long, *asked)
    shorter = with_less_history(whole)
    assert shorter is not None
    assert list(shorter.messages) == [{"role": "system", "content": "s"}, long, *asked]
    assert with_less_history(call({"role": "system", "content": "s"}, *asked)) is None


def test_messages_take_turns_around_tools() -> None:
    tools = {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "function": {"name": "f"}}]}
    result = {"role": "tool", "tool_call_id": "a", "content": "r"}
    asked = call(
        {"role": "system", "content": "s"},
        {"role": "assistant", "content": "we"},
        {"role": "user", "content": "1"},
        {"role": "user", "content": [{"type": "text", "text": "2"}]},
        tools,
        result,
        {"role": "user", "content": "3"},
    )
    made = messages_for(asked, frozenset({"alternate", "no_system"}))
    assert [each["role"] for each in made] == ["user", "assistant", "user", "assistant", "tool", "assistant", "user"]
    assert made[2]["content"] == [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]


def test_half_a_character_is_packed_all_the_same() -> None:
    assert to_json({"a\ud83d": ["\ud83d\ude0a", "\ude0a"]}) == '{"a\ufffd":["😊","\ufffd"]}'.encode()


def test_a_call_with_many_pieces_is_put_together() -> None:
    calls = ToolCalls()
    calls.feed([{"index": 0, "id": "a", "function": {"name": "find", "arguments": ""}}])
    for piece in ['{"x"', ':"\ud83d', '\ude0a"', "}"]:
        calls.feed([{"index": 0, "function": {"arguments": piece}}])
    assert calls.calls()[0].arguments == '{"x":"😊"}'


@pytest.mark.parametrize(
    ("status", "error", "cause"),
    [
        (400, {"message": "Range of input length should be [1, 30720]"}, "prompt_too_long"),
        (400, {"message": "输入内容过长，请缩短"}, "prompt_too_long"),
        (400, {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}, "content_policy"),
        (429, {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}, "no_credit"),
        (429, {"message": "Credit limit exceeded, please add credits"}, "no_credit"),
        (400, {"message": "API access has been blocked: spend limit reached"}, "no_credit"),
        (403, {"message": "NOT_ENOUGH_BALANCE"}, "no_credit"),
        (400, {"message": "Unable to access non-serverless model x."}, "unknown_model"),
        (400, {"message": "The model x has been retired. Use y"}, "unknown_model"),
        (429, {"code": "1302", "message": "您的账户已达到速率限制"}, "rate"),
    ],
)
def test_causes_in_the_words_of_further_providers(status: int, error: dict[str, str], cause: str) -> None:
    assert ReportedError(status, error.get("code", ""), error["message"]).cause == cause


@pytest.mark.parametrize("given", ["null", "None", "[]", "", " "])
def test_a_call_without_arguments_has_an_empty_object(given: str) -> None:
    calls = ToolCalls()
    calls.feed([{"index": 0, "id": "a", "function": {"name": "find", "arguments": given}}])
    assert calls.calls()[0].arguments == "{}"


@pytest.mark.parametrize(
    "said",
    ['[order(n=1), find(q="x")]', 'functools[{"name":"order","arguments":{}},{"name":"find","arguments":{"q":"x"}}]',
     '[{"functionCall":{"name":"order","args":{"n":1}}},{"functionCall":{"name":"find","args":{"q":"x"}}}]'],
)  # fmt: skip
def test_two_calls_that_are_all_of_an_answer(said: str) -> None:
    text, calls = tool_calls(said, said, frozenset({"order", "find"}))
    assert (text, [each.name for each in calls]) == ("", ["order", "find"])
