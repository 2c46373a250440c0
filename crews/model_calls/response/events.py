"""The bytes of an answer as JSON events, whatever the endpoint calls their format. Pure.

Judged by its first bytes, since servers and proxies name the wrong content type: a body that begins with `{` or `[` is
JSON (one document, or one a line), everything else server-sent events. Of those, lines end in CR, LF or both, `data:`
may stand without its space, an event's JSON may span several `data:` lines, and its blank line may be missing.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from crews.model_calls.response.json_text import NotJson, documents, parse

MOST_BYTES = 512 * 1024
"""Bytes that are no event yet, at most: no model's answer is that long, so they are not kept, nor parsed at once."""
_MOST_SPREAD = 64 * 1024  # bytes of one event over several lines: each further line is parsed with all before it
_AWAKE = re.compile(rb"\W*(?:ping|pong|keep[-_ ]?alive|heart[-_ ]?beat|processing|waiting)\W*", re.IGNORECASE)
_MOST_DONE = 16  # bytes at the end of an event in which its end is looked for
_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"\r\n|\n|\r")
_FIELD = re.compile(rb"(data|event|error|id|retry)[ \t]*:[ \t]*(.*)", re.DOTALL)
_OBJECT = b"data: {"
_LAST = b"data: [DONE]"
_DONE = frozenset({b"[DONE]", b'"[DONE]"', b"[done]", b"DONE"})

Event = dict[str, Any]


class MalformedStream(Exception):
    """The stream is no chat completion."""


class EventReader:
    """Takes an answer's bytes in, however they were cut, and gives its events out.

    `done`: the endpoint said `[DONE]`; what comes after it is not read.
    """

    def __init__(self) -> None:
        self.done = False
        self._rest = b""
        self._is_json: bool | None = None  # None: not a single telling byte has come yet
        self._spread = b""  # an event's data lines so far, which are no JSON yet
        self._is_error = False  # `event: error` names what the next data is

    def feed(self, data: bytes) -> Iterator[Event]:
        """Give the events that these bytes complete.

        Raises:
            MalformedStream: they are none.
        """
        half = self._rest.endswith(b"\r")
        self._rest += data
        if self._is_json is None and not self._judge():
            return
        if self._is_json or half or _LINE.search(data):  # a long line is not looked through with each piece of it
            yield from self._lines(last=False)
        if len(self._rest) > MOST_BYTES:
            raise MalformedStream

    def plain_events(self, data: bytes) -> list[Event] | None:
        """Return the events that these bytes complete, where each is one line of JSON as most endpoints write it.

        None: they are something else, and nothing was taken in; `feed` has to look at them.
        """
        if self._is_json or self._spread or self._is_error or self.done or b"\n\n" not in data or b"\r" in data:
            return None
        head, _, rest = (self._rest + data).rpartition(b"\n\n")
        lines = head.split(b"\n\n")
        ends = lines[-1] == _LAST
        if ends:
            lines.pop()
        if b"\n" in rest or head.count(b"\n") != 2 * (len(lines) - 1 + ends):
            return None
        if not all(line.startswith(_OBJECT) for line in lines):
            return None
        try:
            events: list[Event] = [orjson.loads(line[len(_OBJECT) - 1 :]) for line in lines]
        except orjson.JSONDecodeError:
            return None
        self._is_json, self.done, self._rest = False, ends, b"" if ends else rest
        return events

    def close(self) -> Iterator[Event]:
        """Give what the end of the answer completes: a last line without its end, a JSON document.

        Raises:
            MalformedStream: it is no event.
        """
        if self._is_json is not None and not self.done:
            yield from self._lines(last=True)

    def _judge(self) -> bool:
        """Look at the first byte that is no space: whether JSON or events come."""
        seen = self._rest.removeprefix(_BOM).lstrip()
        if not seen or (len(self._rest) < len(_BOM) and _BOM.startswith(self._rest)):
            return False
        self._rest, self._is_json = seen, seen[:1] in (b"{", b"[") and not seen.startswith(b"[DONE]")
        return True

    def _lines(self, *, last: bool) -> Iterator[Event]:
        if self._is_json:
            yield from self._documents(last=last)
            return
        half = b"\r" if not last and self._rest.endswith(b"\r") else b""  # of a CRLF, perhaps: the rest will tell
        *lines, self._rest = _LINE.split(self._rest[: len(self._rest) - len(half)])
        self._rest += half
        for line in [*lines, self._rest, b""] if last else lines:
            yield from self._line(line)
            if self.done:
                self._rest = b""
                return

    def _line(self, line: bytes) -> Iterator[Event]:
        if not line:
            yield from self._no_single_document()
            self._is_error = False
            return
        if line[:1] in (b"{", b"["):  # an error as bare JSON in the midst of events
            yield from self._data(line)
        elif found := _FIELD.match(line):
            name, value = found[1], found[2].strip()
            if name == b"event":
                self._is_error = value == b"error"
            elif name in (b"data", b"error"):
                self._is_error = self._is_error or name == b"error"
                yield from self._data(value)

    def _data(self, value: bytes) -> Iterator[Event]:
        while value.startswith(b"data:"):  # a proxy's, around an event that was one already
            value = value[5:].strip()
        if value in _DONE and not self._spread:
            self.done = True
            return
        if not value or value == b"null":
            return
        self._spread += b"\n" + value if self._spread else value
        try:
            found = parse(self._spread)
        except NotJson:
            if self._is_error:
                found = {"error": self._spread.decode("utf-8", "replace")}
            elif len(self._spread) > _MOST_SPREAD:
                raise MalformedStream from None
            else:
                return  # perhaps more of it comes: the blank line will tell
        self._spread = b""
        yield from self._objects(found)

    def _no_single_document(self) -> Iterator[Event]:
        """Yield what an event's data are that were no JSON.

        Several documents in a row, or a word to keep a proxy awake.
        """
        spread, self._spread = self._spread, b""
        if not spread or _AWAKE.fullmatch(spread):
            return
        try:
            found = list(documents(spread))
        except NotJson:
            raise MalformedStream from None
        for each in found:
            yield from self._objects(each)
        self.done = b"[DONE]" in spread[-_MOST_DONE:]

    def _objects(self, found: Any) -> Iterator[Event]:
        if self._is_error and not (isinstance(found, dict) and "error" in found):
            found = {"error": found}
        several = found if isinstance(found, list) else [found]
        if not several or not all(isinstance(each, dict) for each in several):
            raise MalformedStream
        yield from several

    def _documents(self, *, last: bool) -> Iterator[Event]:
        """Yield events of JSON as it comes: each line that is a document by itself is one.

        The rest waits for the end.
        """
        while not last and (end := self._rest.find(b"\n")) >= 0:
            try:
                found = orjson.loads(self._rest[:end])
            except orjson.JSONDecodeError:
                return  # a document over several lines: looked at once it is whole
            self._rest = self._rest[end + 1 :].lstrip()
            yield from self._objects(found)
        if last and self._rest.strip():
            try:
                for found in documents(self._rest):
                    yield from self._objects(found)
            except NotJson:
                raise MalformedStream from None
            self._rest = b""
