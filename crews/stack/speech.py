"""A streamed chat completion, put together as it comes: server-sent events in, one Completion out. No I/O."""

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from chatwootai.model.turn import Usage
from crews.call import Completion, ToolCall

_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?(?:</think(?:ing)?>\s*|\Z)", re.DOTALL | re.IGNORECASE)
_MOST = 4 * 1024 * 1024  # bytes without a line's end: no model's answer, so it is not kept


class Garbled(Exception):
    """What came is no chat completion."""


class Told(Exception):
    """The endpoint reported an error in the midst of a stream; `code` is its word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class _Asked:
    """A tool call under way: its arguments come in pieces."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Speech:
    """What has been heard so far.

    `spoken`: a sign of life has come, be it a word, a thought or a tool call; `thought`: some of it were thoughts;
    `done`: the stream said that it ended.
    """

    def __init__(self) -> None:
        self.spoken = self.thought = False
        self.done = False
        self.finish: str | None = None
        self.pieces = 0
        self._model = ""
        self._usage: Usage | None = None
        self._texts: list[str] = []
        self._tools: dict[int, _Asked] = {}
        self._refused = False
        self._rest = b""

    @property
    def text(self) -> str:
        """The words so far, without the thoughts before them."""
        return without_thoughts("".join(self._texts))

    @property
    def tools(self) -> bool:
        """Whether a tool was asked for."""
        return bool(self._tools)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.finish is not None

    def hear(self, data: bytes) -> None:
        """Take in some bytes of the stream, however they were cut.

        Raises:
            Garbled: they are no events of a chat completion.
            Told: the endpoint reports an error.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MOST:
            raise Garbled
        try:
            for line in lines:
                if line.startswith(b"data:"):
                    self._event(line[5:].strip())
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise Garbled from None

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.done = True
            return
        body = orjson.loads(data)
        if body.get("error"):
            raise Told(str(body["error"].get("code") or body["error"].get("type") or "error"))
        if body.get("usage"):
            self._usage = read_usage(body["usage"])
        if body.get("model"):
            self._model = str(body["model"])
        if body.get("choices"):
            self._choice(body["choices"][0])

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or {}
        if content := delta.get("content"):
            self.thought = self.thought or (not self._texts and _begins_to_think(str(content)))
            self._texts.append(str(content))
            self.pieces += 1
            self.spoken = True
        if delta.get("reasoning_content") or delta.get("reasoning"):
            self.thought = self.spoken = True
            self.pieces += 1
        if delta.get("refusal"):
            self._refused = self.spoken = True
        for call in delta.get("tool_calls") or ():
            self._tool(call)
        if choice.get("finish_reason"):
            self.finish = str(choice["finish_reason"])

    def _tool(self, call: dict[str, Any]) -> None:
        asked = self._tools.setdefault(int(call.get("index") or 0), _Asked())
        function = call.get("function") or {}
        asked.id = asked.id or str(call.get("id") or "")
        asked.name = asked.name or str(function.get("name") or "")
        asked.arguments.append(str(function.get("arguments") or ""))
        self.pieces += 1
        self.spoken = True

    def completion(self, asked_model: str, usage: Usage, finish: str | None = None) -> Completion:
        """All of it. `usage` where the stream brought none; `finish` where we ended it ourselves."""
        tools = tuple(ToolCall(each.id, each.name, "".join(each.arguments) or "{}") for each in self._tools.values())
        return Completion(
            text=self.text,
            finish=finish or ("refusal" if self._refused else self.finish or "stop"),
            model=self._model or asked_model,
            tool_calls=tools,
            usage=self._usage or usage,
        )

    @property
    def usage(self) -> Usage | None:
        """What it cost, where the stream has said so."""
        return self._usage


def without_thoughts(text: str) -> str:
    """What local models say after `<think>...</think>`; nothing where the thought does not end."""
    return _THOUGHTS.sub("", text, count=1) if _begins_to_think(text) else text


def _begins_to_think(text: str) -> bool:
    return text.lstrip()[:6].lower() == "<think"


def read_whole(content: bytes, asked_model: str) -> Completion:
    """A chat completion that came in one piece, from a server that does not stream.

    Raises:
        Garbled: it is none.
    """
    try:
        body = orjson.loads(content)
        choice = body["choices"][0]
        message = choice["message"]
        text = message.get("content")
        return Completion(
            text=without_thoughts(text) if isinstance(text, str) else "",
            finish="refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop"),
            model=str(body.get("model") or asked_model),
            tool_calls=tuple(_tool_call(each) for each in message.get("tool_calls") or ()),
            usage=read_usage(body.get("usage")),
        )
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise Garbled from None


def _tool_call(raw: dict[str, Any]) -> ToolCall:
    function = raw["function"]
    return ToolCall(str(raw["id"]), str(function["name"]), str(function.get("arguments") or "{}"))


def read_usage(raw: Any) -> Usage:
    """Tokens as chat completions count them; one call, whatever else is missing."""
    if not isinstance(raw, dict):
        return Usage(calls=1)
    details = raw.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=int(raw.get("prompt_tokens") or 0),
        completion_tokens=int(raw.get("completion_tokens") or 0),
        cached_tokens=int((details.get("cached_tokens") or 0) if isinstance(details, dict) else 0),
        calls=1,
    )
