"""A turn's spans in OTLP's protobuf. The only module of ours that imports something of OpenTelemetry, when it is on."""

from collections.abc import Mapping, Sequence

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

from chatwootai.telemetry.spans.span import Span, Value, span_id, trace_id

_NANO = 1_000_000_000


def encode(turn: str, spans: Sequence[Span], resource: Mapping[str, Value]) -> bytes:
    """Return a request for one turn. Several, joined, are one for all of them: so protobuf reads repeated fields."""
    request = ExportTraceServiceRequest()
    of_resource: ResourceSpans = request.resource_spans.add()
    of_resource.resource.attributes.extend(_pairs(resource))
    scope: ScopeSpans = of_resource.scope_spans.add()
    scope.scope.name = "chatwootai"
    named = trace_id(turn)
    for span in spans:
        _fill(scope.spans.add(), span, turn, named)
    body: bytes = request.SerializeToString()
    return body


def _fill(message: Message, span: Span, turn: str, named: bytes) -> None:
    message.trace_id = named
    message.span_id = span_id(turn, span.number)
    if span.parent is not None:
        message.parent_span_id = span_id(turn, span.parent)
    message.name = span.name
    message.kind = Message.SpanKind.Name(span.kind.value)
    message.start_time_unix_nano = int(span.began * _NANO)
    message.end_time_unix_nano = int((span.began + max(0.0, span.seconds)) * _NANO)
    message.attributes.extend(_pairs(span.attributes))
    if span.error:
        message.status.code = Status.STATUS_CODE_ERROR
        message.status.message = span.error


def _pairs(attributes: Mapping[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in attributes.items()]


def _value(value: Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case _:
            return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=str(each)) for each in value]))
