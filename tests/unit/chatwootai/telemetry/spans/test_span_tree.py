"""The spans of a turn are its record's steps, calls and tools, with their moments, under names of both vocabularies."""

import hashlib
import math
import subprocess
import sys
from typing import Any

import pytest

from chatwootai.telemetry.spans.environment import BadTraces, TraceSettings
from chatwootai.telemetry.spans.names import Vocabulary, names
from chatwootai.telemetry.spans.span import EndedTurnTimes, SpanKind, Timed, span_id, trace_id
from chatwootai.telemetry.spans.tree import spans_of

RECORD: dict[str, Any] = {
    "account": "1", "conversation": 25, "inbox": 17, "channel": "whatsapp", "function": "sales", "outcome": "reply",
    "cause": None, "why": None, "error": None, "served_by": "crew", "superseded": 1, "tries": 0, "messages": 2,
    "parts": 1, "cost": 0.001, "config_version": 3, "config_digest": "abc", "plan": "as written", "seconds": 1.5,
    "passages": [["faq", "12", 0.9, True]],
}  # fmt: skip
STEPS = [
    Timed("queue", 100.0, 0.1), Timed("draft", 100.1, 0.2), Timed("window", 100.3, 0.3), Timed("draft", 100.6, 0.5),
    Timed("commit", 101.1, 0.01), Timed("post", 101.11, 0.2),
]  # fmt: skip
CALL = {
    "finish": "stop", "requests": 2, "hedged": True, "served_by": "crew", "first_seconds": 0.1, "prompt_tokens": 200,
    "cached_tokens": 100, "completion_tokens": 20, "cost": 0.001,
}  # fmt: skip


def ended(**changes: Any) -> EndedTurnTimes:
    usual: dict[str, Any] = {
        "turn": "t1", "began": 100.0, "record": RECORD, "steps": STEPS,
        "parts": (("answer", 0.4), ("tool order_status", 0.1)), "calls": [Timed("m", 100.7, 0.3, CALL)],
        "tools": [Timed("order_status", 101.0, 0.1, {"outcome": "failed"})],
    }  # fmt: skip
    return EndedTurnTimes(**(usual | changes))


def test_the_tree_is_the_records_steps_with_their_moments() -> None:
    spans = spans_of(ended(), names(Vocabulary.BOTH))
    root, *others = spans
    assert (root.name, root.parent, root.kind) == ("turn", None, SpanKind.SERVER)
    assert (root.began, root.seconds) == (100.0, 1.5)
    below = [(one.name, one.began, one.seconds) for one in others if one.parent == 0]
    assert below == [
        ("wait", 100.0, 0.1), ("invoke_agent sales", 100.1, 0.2), ("window", 100.3, 0.3),
        ("invoke_agent sales", 100.6, 0.5), ("commit", 101.1, 0.01), ("post", 101.11, 0.2),
    ]  # fmt: skip
    first, served = (one for one in others if one.name.startswith("invoke_agent"))
    assert first.attributes["chatwootai.superseded"] is True
    assert "chatwootai.superseded" not in served.attributes
    inside = [(one.name, one.kind) for one in others if one.parent == served.number]
    assert inside == [
        ("chat m", SpanKind.CLIENT), ("execute_tool order_status", SpanKind.INTERNAL), ("answer", SpanKind.INTERNAL),
        ("retrieval", SpanKind.INTERNAL),
    ]  # fmt: skip
    assert [one.number for one in spans] == list(range(len(spans)))
    assert math.isclose(sum(one.seconds for one in others if one.parent == 0), sum(step.seconds for step in STEPS))


def test_a_call_has_tokens_and_ways_under_the_names_of_the_vocabulary() -> None:
    said = {
        vocabulary: next(s for s in spans_of(ended(), names(vocabulary)) if s.name == "chat m").attributes
        for vocabulary in Vocabulary
    }
    new, old, both = (said[each] for each in (Vocabulary.V0_1, Vocabulary.V1_36, Vocabulary.BOTH))
    assert (new["gen_ai.provider.name"], old["gen_ai.system"]) == ("openai", "openai")
    assert "gen_ai.system" not in new
    assert "gen_ai.provider.name" not in old
    assert both.keys() == new.keys() | old.keys()
    assert new["gen_ai.usage.cache_read.input_tokens"] == 100
    for each in said.values():
        assert (each["gen_ai.usage.input_tokens"], each["gen_ai.usage.output_tokens"]) == (200, 20)
        assert (each["gen_ai.operation.name"], each["openinference.span.kind"]) == ("chat", "LLM")
        assert (each["chatwootai.hedged"], each["chatwootai.requests"]) == (True, 2)


def test_words_are_in_it_only_where_they_are_given() -> None:
    plain = spans_of(ended(), names(Vocabulary.BOTH))
    told = spans_of(ended(words=("Vocês entregam?", "Sim.")), names(Vocabulary.BOTH))

    def texts(spans: Any) -> set[str]:
        return {str(value) for span in spans for value in span.attributes.values()}

    assert not {"Vocês entregam?", "Sim."} & texts(plain)
    assert {"Vocês entregam?", "Sim."} <= texts(told)


def test_what_was_not_the_customers_wish_is_an_error() -> None:
    def root(**record: Any) -> str:
        return spans_of(ended(record=RECORD | record), names(Vocabulary.BOTH))[0].error

    assert root() == ""
    assert root(outcome="handoff", cause="asked") == ""
    assert root(outcome="handoff", cause="model", error="HTTP 500") == "HTTP 500"
    assert root(outcome="handoff", cause="unfit") == "people answer: unfit"
    (tool,) = [one for one in spans_of(ended(), names(Vocabulary.BOTH)) if one.name.startswith("execute_tool")]
    assert tool.error == "failed"


def test_ids_follow_from_the_turns_id_alone() -> None:
    assert trace_id("t1") == hashlib.sha256(b"t1").digest()[:16]
    assert trace_id("t1") == trace_id("t1") != trace_id("t2")
    assert len({span_id("t1", number) for number in range(100)}) == 100
    assert len(span_id("t1", 0)) == 8


def test_the_environment_is_opentelemetrys_own() -> None:
    assert TraceSettings.read({}) is None
    assert TraceSettings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "TRUE"}) is None
    base = TraceSettings.read({
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318/",
        "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20a:b,x-v=4",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=prod", "OTEL_SERVICE_NAME": "w",
    })  # fmt: skip
    assert base is not None
    assert (base.url, base.service, base.share, base.names) == ("http://x:4318/v1/traces", "w", 1.0, Vocabulary.BOTH)
    assert base.headers == {"Authorization": "Basic a:b", "x-v": "4"}
    assert base.resource == {"deployment.environment": "prod"}
    assert "Basic" not in repr(base), "headers are secrets"
    whole = TraceSettings.read({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://x/api", "OTEL_GENAI_NAMES": "1.36"})
    assert whole is not None
    assert (whole.url, whole.names) == ("https://x/api", Vocabulary.V1_36)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_TRACES_SAMPLER_ARG", "half"),
        ("OTEL_GENAI_NAMES", "2.0"),
    ],
)
def test_a_value_that_is_none_is_named(name: str, value: str) -> None:
    with pytest.raises(BadTraces, match=name):
        TraceSettings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", name: value})


def test_nothing_of_opentelemetry_is_imported_where_it_is_off() -> None:
    code = (
        "import sys; import ingress.server, chatwootai.telemetry.spans.exporter, chatwootai.telemetry.spans.tree; "
        "print([name for name in sys.modules if name.partition('.')[0] in ('opentelemetry', 'google')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
