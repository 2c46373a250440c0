"""A declared request's address, filled with what a model and a contact say. Pure.

Every value is quoted whole, so that none can add a query or another host. Servers that decode an address before they
take it apart would still see what is quoted: so a value that stands in the path may hold no separator and be no dot
segment, however often it is encoded, unless the tool says `slashes: true`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from chatwootai.model.text.marks import compatible
from config.settings.tools import HttpTool

_WHOLE: Final = re.compile(r"^\{([A-Za-z_][A-Za-z0-9_.]*)\}$")
_PART: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_DECODINGS: Final = 5  # encoded more often than that, nobody means well
_LONGEST: Final = 2000  # characters of an argument in an address
_SEPARATORS: Final = re.compile(r"[\\;\x00-\x1f\x7f]")


class InvalidArgument(Exception):
    """An argument does not fit into the address; the message says which, and why."""


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a body with its placeholders filled once.

    `"{count}"` alone keeps the value's type, a missing one is left out.
    """
    if isinstance(template, Mapping):
        done = {key: fill(each, values) for key, each in template.items()}
        return {key: each for key, each in done.items() if each is not None}
    if isinstance(template, list | tuple):
        return [fill(each, values) for each in template]
    if not isinstance(template, str):
        return template
    whole = _WHOLE.match(template)
    return values.get(whole[1]) if whole else _PART.sub(lambda found: str(values.get(found[1], "")), template)


def fill_url(said: HttpTool, values: Mapping[str, Any]) -> str:
    """Return the address of a request.

    Raises:
        InvalidArgument: an argument would change which resource is asked for.
    """
    path, mark, rest = said.url.partition("?")

    def put(found: re.Match[str]) -> str:
        return _path_part(found[1], _text(values, found[1]), slashes=said.slashes, ends=found.end() == len(path))

    url = _PART.sub(put, path) + mark + _PART.sub(lambda found: quote(_text(values, found[1]), safe=""), rest)
    pairs = [(key, fill(each, values)) for key, each in said.query.items()]
    query = "&".join(f"{quote(key, safe='')}={_quote(each)}" for key, each in pairs if each is not None)
    return f"{url}{'&' if mark else '?'}{query}" if query else url


def _path_part(name: str, text: str, *, slashes: bool, ends: bool) -> str:
    if not text and ends:
        return ""
    seen = _decode_fully(text)
    if _SEPARATORS.search(seen) or (not slashes and "/" in seen):
        raise InvalidArgument(f"`{name}` may hold no separator of addresses")
    if any(segment.strip() in ("", ".", "..") for segment in seen.split("/")):
        raise InvalidArgument(f"`{name}` may not be empty or made of dots")
    return quote(text, safe="/" if slashes else "")


def _decode_fully(text: str) -> str:
    """Return what a server may make of it: decoded as often as it is encoded, signs of other scripts as they look."""
    for _ in range(_DECODINGS):
        text = compatible(text)
        if (plain := unquote(text)) == text:
            return text
        text = plain
    raise InvalidArgument("an argument is encoded too often")


def _text(values: Mapping[str, Any], name: str) -> str:
    text = str(values.get(name, "")).encode("utf-8", "replace").decode()  # a half of a character cannot be quoted
    if len(text) > _LONGEST:
        raise InvalidArgument(f"`{name}` is too long for an address")
    return text


def _quote(value: Any) -> str:
    return quote(str(value).encode("utf-8", "replace"), safe="")
