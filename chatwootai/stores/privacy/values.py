"""Values of any key as people can read them: JSON read, what is packed unpacked, streams and sets entry by entry."""

import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from chatwootai.stores.server.connection import Connection, store_errors

_PAGE: Final = 1_000
_LARGEST: Final = 64 * 1024 * 1024


class Values:
    """Reads the values of keys, whatever their type."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def each(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        """Yield the entries of a key, each with its field, score, place or id (empty where it has none).

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            kind = (await self._connection.type(key)).decode()
        read = {
            "string": self._string,
            "list": self._list,
            "hash": self._hash,
            "zset": self._zset,
            "stream": self._rows,
        }
        if kind in read:
            with store_errors(self._connection):
                async for entry in read[kind](key):
                    yield entry

    async def _string(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        yield b"", await self._connection.get(key) or b""

    async def _list(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        for value in await self._connection.lrange(key, 0, -1):
            yield b"", value

    async def _hash(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        async for field, value in self._connection.hscan_iter(key, count=_PAGE):
            yield field, value

    async def _zset(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        async for member, score in self._connection.zscan_iter(key, count=_PAGE):
            yield repr(score).encode(), member

    async def _rows(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        async for entry, fields in self.stream(key):
            for value in fields.values():
                yield entry, value

    async def stream(self, key: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
        """Yield the entries of a stream with their fields, the oldest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        start = "-"
        while True:
            with store_errors(self._connection):
                page = await self._connection.xrange(key, min=start, count=_PAGE)
            for entry in page:
                yield entry
            if len(page) < _PAGE:
                return
            start = f"({page[-1][0].decode()}"

    async def readable(self, key: str) -> Any:
        """Return what a key holds, for people: one value, a list, or an object by field.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            kind = (await self._connection.type(key)).decode()
        found = [(field.decode("utf-8", "replace"), readable(value)) async for field, value in self.each(key)]
        if kind == "hash":
            return dict(found)
        if kind == "string":
            return found[0][1] if found else None
        return [value for _, value in found]


def unpacked(value: bytes) -> bytes:
    """Return a value without its compression, if it has one."""
    if value[:1] == b"\x78":
        try:
            return zlib.decompressobj().decompress(value, _LARGEST)
        except zlib.error:
            pass
    return value


def readable(value: bytes) -> Any:
    """Return a value as JSON has it; its text where it is no JSON, and its length where it is no text."""
    plain = unpacked(value)
    try:
        return orjson.loads(plain)
    except orjson.JSONDecodeError:
        pass
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return {"bytes": len(value)}


def text_of(value: bytes) -> str:
    """Return all the text of a value in lower case, characters that JSON had escaped in their plain form."""
    plain = unpacked(value)
    text = plain.decode("utf-8", "replace")
    if "\\u" in text:
        with contextlib.suppress(ValueError):
            text = json.dumps(json.loads(text), ensure_ascii=False)
    return text.casefold()
