"""JSON as endpoints write it: halves of characters, bytes that are no UTF-8, control characters, several in a row."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

_LENIENT = json.JSONDecoder(strict=False)
_MOST_DOCUMENTS = 100_000


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
        while text[at : at + 1] in (" ", "\n", "\r", "\t", ","):
            at += 1
        if at >= len(text) or text.startswith("[DONE]", at):
            return
        try:
            found, at = _LENIENT.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise NotJson from None
        yield found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
