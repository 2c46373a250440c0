"""Characters that came in pieces: an emoji as two halves in two events, or as bytes cut apart. Pure.

JSON writes a character beyond U+FFFF as a pair of halves. Some endpoints end an event between them, or lose one;
others cut the UTF-8 bytes themselves. Neither may reach JSON that we write, nor a customer.
"""

import re
from typing import Any

_BYTES = re.compile(r"[\udc80-\udcff]+")
"""How Python's `surrogateescape` keeps bytes that are no UTF-8."""
_HALF = re.compile(r"[\ud800-\udfff]")


def is_whole(text: str) -> bool:
    """Return whether the text holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def join_surrogates(text: str) -> str:
    """Return the text with its halves joined; a half that stands alone becomes U+FFFD."""
    if is_whole(text):
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _HALF.sub("\ufffd", _BYTES.sub(_as_utf8, paired))


def join_all_surrogates(value: Any) -> Any:
    """Return the same JSON value with every text in it joined, names of fields too."""
    if isinstance(value, str):
        return join_surrogates(value)
    if isinstance(value, dict):
        return {join_all_surrogates(name): join_all_surrogates(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [join_all_surrogates(each) for each in value]
    return value


def _as_utf8(found: re.Match[str]) -> str:
    return found[0].encode("ascii", "surrogateescape").decode("utf-8", "replace")
