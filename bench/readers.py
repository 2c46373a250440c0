"""Each place where a process reads what a stranger, a model or a tool has written, as the process does it.

A reader takes a text and reads it at the largest size that gets there, or at the largest that is read on the event loop
itself: `longest` says how long a text it is given.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import httpx
import orjson
from mcp.types import CallToolResult, TextContent

from chatwootai.model.message.delivery import Attachment, Contact, Delivery, Message, Role
from chatwootai.model.message.routing import Route
from chatwootai.model.message.turn import Draft, Exchange, ServedBy
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from config.loading.loader import shipped
from crews.model_calls.call import Call, Endpoint, Target, ToolCall
from crews.model_calls.endpoint.exchange import read_stream
from crews.model_calls.response.events import MalformedStream
from crews.model_calls.response.message import EndpointError
from crews.model_calls.response.message import Message as ModelMessage
from crews.run_state.tool_result import ToolAnswer, to_tool_text
from crews.runtime.tools import Toolbox
from crews.tools.mcp.results import to_answer
from crews.tools.outside_tool import OutsideTool
from ingress.payload import InvalidPayload, RequestInfo
from ingress.webhook import read_event
from workers.media.attached_file import Unreadable
from workers.media.attached_file_process import DocumentReader
from workers.turn.outcome import decide_outcome
from workers.turn.question import ask_question
from workers.turn.state import Turn

_LIST: Final = {"type": "object", "properties": {"said": {"type": "array", "items": {"type": "string"}}}}
Work = Coroutine[Any, Any, object]
_CHUNK: Final = 64 * 1024  # bytes that a connection hands over at once
_LATER: Final = 3600.0
_SETTINGS: Final = shipped()
_FLOOR: Final[Any] = SimpleNamespace(at_words=lambda _: nullcontext())


@dataclass(frozen=True, slots=True)
class Place:
    """A reader and the characters of the longest text that it is to be given.

    `read` makes what comes of a text, and returns the reading of it, which has not begun.
    """

    longest: int
    read: Callable[[str], Work]


def _webhook(**over: Any) -> bytes:
    conversation = {"id": 1, "inbox_id": 1, "status": "pending", "channel": "Channel::Email", "labels": []}
    body = {
        "event": "message_created", "id": 1, "message_type": "incoming", "content": "oi", "sender": {"id": 1},
        "conversation": conversation, **over,
    }  # fmt: skip
    return orjson.dumps(body)


async def _door(body: bytes) -> None:
    with suppress(InvalidPayload):
        await read_event(body, RequestInfo("1", 1, time.time()))


def _message(text: str) -> Work:
    return _door(_webhook(content=text))


def _mail(text: str) -> Work:
    mail = {"subject": text[:2000], "from": [text[:1000]], "text_content": {"quoted": text}}
    return _door(_webhook(content=text, content_attributes={"email": mail}))


def _attachments(text: str) -> Work:
    one = {"file_type": "contact", "fallback_title": text[:2000], "transcribed_text": text}
    return _door(_webhook(attachments=[one] * 8))


def _fields(text: str) -> Work:
    values = [{"name": text, "title": text, "value": text}]
    about = {"submitted_values": values, "items": values, "external_error": text}
    form = {"event": "message_updated", "message_type": "outgoing", "content_type": "input_select"}
    return _door(_webhook(**form, content_attributes=about))


def _values(text: str) -> Work:
    """Return work on values, as many as there are characters, and not on a text of them."""
    return _door(_webhook()[:-1] + b',"a":[' + b"[]," * len(text) + b"1]}")


def _turn(text: str, channel: str = "email") -> Turn:
    now = time.time()
    file = Attachment(kind="file", title=text[:500], content=text[:6000])
    message = Message(id=1, text=text, at=now, attachments=(file,) if len(text) > _CHUNK else ())
    delivery = Delivery(
        account="1", conversation=1, inbox=1, channel=channel, message=message, contact=Contact(id=1), received_at=now
    )
    history = [Exchange(role, text[:32_000], now) for role in (Role.CONTACT, Role.CREW) if len(text) > _CHUNK]
    way = Route(folder="f", domain="retail", function="customer_service", channel=channel, priority=5, why=())
    tenant: Any = SimpleNamespace(settings=lambda _: _SETTINGS, route=lambda _: way)
    start = TurnStart(FencedLease("1:1", "j", 1), 1, 0, (delivery,), (), (), tuple(history))
    nobody: Any = SimpleNamespace(done=(), doubtful=())
    return Turn(start, tenant, nobody, (delivery,), 1, nobody)


def _question(text: str) -> Work:
    return ask_question(_FLOOR, _turn(text))


def _reply(channel: str) -> Callable[[str], Work]:
    async def write(text: str) -> None:
        turn = _turn("Oi", channel)
        await ask_question(_FLOOR, turn)
        turn.result = Draft(text=text, served_by=ServedBy.CREW)
        await decide_outcome(_FLOOR, turn)

    return write


async def _read_answer(pieces: AsyncIterator[bytes]) -> None:
    target = Target(endpoint=Endpoint("http://127.0.0.1:1/v1", None), model="m")
    call = Call(target=target, messages=(), deadline=time.time() + _LATER)
    response = httpx.Response(200, content=pieces)
    with suppress(MalformedStream, EndpointError):
        await read_stream(call, response, ModelMessage(tools=frozenset({"a"})))


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _CHUNK):
        yield body[at : at + _CHUNK]


def _event(**delta: Any) -> bytes:
    return b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": delta}]}) + b"\n\n"


def _stream_work(text: str) -> Work:
    pieces = b"".join(_event(content=text[at : at + 16]) for at in range(0, len(text), 16))
    return _read_answer(_chunks(pieces + b"data: [DONE]\n\n"))


def _at_once(text: str) -> Work:
    return _read_answer(_chunks(orjson.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})))


def _raw(text: str) -> Work:
    return _read_answer(_chunks(b"data: " + text.encode("utf-8", "replace") + b"\n\n"))


def _calls(text: str) -> Work:
    pieces = (
        _event(tool_calls=[{"index": 0, "function": {"name": "a", "arguments": text[at : at + 64]}}])
        for at in range(0, len(text), 64)
    )
    return _read_answer(_chunks(b"".join(pieces) + b"data: [DONE]\n\n"))


class _Asked(OutsideTool):
    kind = "http"

    def __init__(self) -> None:
        super().__init__("a", "asks", _LIST, repeatable=True)

    async def _ask(self, *_: Any) -> ToolAnswer:
        return ToolAnswer("ok")


_TOOLS: Final = Toolbox.of([_Asked()])


def _arguments(text: str) -> Work:
    """Return work on arguments as they come, hardly ever JSON, and as a list of as many texts as a tool is given."""
    return _TOOLS.run_all([ToolCall("1", "a", text), ToolCall("2", "a", json.dumps({"said": list(text[:2000])}))])


def _result(text: str) -> Work:
    return _show(CallToolResult(content=[TextContent(type="text", text=text)]))


async def _show(found: CallToolResult) -> None:
    to_tool_text("a", to_answer(found), repeatable=True)


def _file(text: str) -> Work:
    return _open(text.encode("utf-8", "replace"))


async def _open(data: bytes) -> None:
    with suppress(Unreadable):
        await DocumentReader().read(data, "a.txt", "text/plain", time.time() + _LATER)


PLACES: Final = {
    "door.message": Place(150_000, _message),
    "door.message.short": Place(10_000, _message),
    "door.mail": Place(150_000, _mail),
    "door.mail.short": Place(5_000, _mail),
    "door.attachments": Place(150_000, _attachments),
    "door.fields": Place(150_000, _fields),
    "door.values": Place(1_300_000, _values),
    "worker.question": Place(150_000, _question),
    "worker.question.short": Place(2_990, _question),
    **{f"worker.reply.{name}": Place(32_000, _reply(name)) for name in ("email", "whatsapp", "sms")},
    **{f"worker.reply.{name}.short": Place(990, _reply(name)) for name in ("email", "whatsapp", "sms")},
    "worker.stream": Place(130_000, _stream_work),
    "worker.stream.short": Place(2_990, _stream_work),
    "worker.answer": Place(130_000, _at_once),
    "worker.events": Place(1_000_000, _raw),
    "worker.calls": Place(130_000, _calls),
    "worker.arguments": Place(1_000_000, _arguments),
    "worker.result": Place(1_000_000, _result),
    "worker.file": Place(1_000_000, _file),
}
