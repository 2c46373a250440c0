"""JSON as endpoints write it: halves of characters, bytes that are no UTF-8, control characters, several in a row."""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

_LENIENT = json.JSONDecoder(strict=False)
_MOST_DOCUMENTS = 100_000
_BETWEEN = re.compile(r"(?:[ \n\r\t,]|data:)*+")
_FENCE = re.compile(r"\A\s*```+\w*\n(.*)\n```+\s*\Z", re.DOTALL)
_COMMA = re.compile(r",(\s*+[}\]])")
_SINGLE = re.compile(r"'([^'\\]*+)'")
_PYTHON = {"True": "true", "False": "false", "None": "null"}
_PYTHONS = re.compile(r"\b(?:True|False|None)\b")


class NotJson(Exception):
    """The bytes are no JSON, or not yet."""


def parse(data: bytes) -> Any:
    """Return the JSON value, of strict JSON or of the looser kinds above.

    Halves of characters stay in its texts; `halves.joined` makes them whole once all of a text is there.

    Raises:
        NotJson: it is none.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if data[-1:] not in (b"}", b"]"):
            raise NotJson from None
    try:
        return _LENIENT.decode(_text(data))
    except (ValueError, RecursionError):
        raise NotJson from None


def documents(data: bytes) -> Iterator[Any]:
    """Give each of the JSON values that stand one after the other, with or without a line's end between them.

    Raises:
        NotJson: what stands there is none.
    """
    try:
        yield orjson.loads(data)
        return
    except orjson.JSONDecodeError:
        text = _text(data)
    at = 0
    for _ in range(_MOST_DOCUMENTS):
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it may be empty, so it always matches
        if at >= len(text) or text.startswith("[DONE]", at):
            return
        try:
            found, at = _LENIENT.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise NotJson from None
        yield found


def object_text(text: str) -> str:
    """Return a tool's arguments as the JSON object that was meant; unchanged where none can be made out.

    Models write it as a text of JSON, in a fence, with a comma before its end, or as Python would.
    """
    for each in _as_meant(text):
        try:
            found = orjson.loads(each)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, str):  # packed twice
            return object_text(found) if found.lstrip()[:1] == "{" else text
        return each if isinstance(found, dict) else text
    return text


def _as_meant(text: str) -> Iterator[str]:
    yield text
    fenced = _FENCE.match(text)
    bare = fenced[1] if fenced else text
    yield bare
    yield _COMMA.sub(r"\1", bare)
    if '"' not in bare:
        quoted = _SINGLE.sub(lambda found: json.dumps(found[1], ensure_ascii=False), bare)
        yield _COMMA.sub(r"\1", _PYTHONS.sub(lambda found: _PYTHON[found[0]], quoted))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
