"""Masks what must never stand in a log: secrets, by their key's name and their shape; message text at info."""

import re
from functools import lru_cache
from typing import Any, Final

MASK: Final = "***"
DEPTH: Final = 6  # nested further, a value is shown as its type only

# Containers and strings under these names are masked; numbers are not, so that `prompt_tokens` stays readable.
_SECRET_KEY: Final = re.compile(
    r"secret|token|passw|authorization|api[_-]?key|cookie|credential|private[_-]?key|signature", re.IGNORECASE
)
# What people wrote to each other, wherever it may be carried. Shown at debug only.
TEXT_KEYS: Final = frozenset(
    {
        "answer", "body", "completion", "content", "contents", "draft", "history", "message", "messages", "part",
        "parts", "payload", "prompt", "question", "quoted", "raw_body", "reply", "subject", "text", "transcript",
    }
)  # fmt: skip

_SHAPES: Final = re.compile(
    r"(?P<url>\w+://)[^\s/@:]*:[^\s/@]+@"  # credentials in an address
    r"|\b(?-i:sk-)[A-Za-z0-9_-]{12,}"  # OpenAI keys
    r"|\b(?-i:gAAAA)[A-Za-z0-9_=-]{20,}"  # Fernet, as in ENC: values
    r"|\bsha256=[0-9a-fA-F]{16,}"  # a webhook signature
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?P<name>(?P<fault>\b(?:invalid|incorrect|wrong|bad|missing|expired|revoked|unknown|no)[_ -])?"
    r"(?:secret|token|password|api[_-]?key)[\"']?\s*[:=]\s*[\"']?)(?P<named>[^\s\"',;&)}\]]{6,})",
    re.IGNORECASE,
)
# After an error's own name (`invalid_api_key: Incorrect API key provided`) stands a sentence, which begins like this.
_SENTENCE: Final = re.compile(r"[A-Z][a-z]+\s+[A-Za-z]")

_LONG_NUMBERS: Final = re.compile(r"\+?\d[\d ()./-]{5,40}\d")


# Written by ourselves on every line, never from outside.
_OURS: Final = frozenset({"level", "timestamp", "process", "room", "logger"})


def text(value: str) -> str:
    """Return the string with every known shape of a secret replaced by `***`."""
    return _SHAPES.sub(_replacement, value) if _may_hide(value) else value


def personal(value: str) -> str:
    """Return a person's words with secrets, mail addresses and long numbers (phones, cards, documents) masked."""
    words = re.split(r"(\s+)", text(value))
    return _LONG_NUMBERS.sub(MASK, "".join(MASK if "@" in word else word for word in words))


def _may_hide(value: str) -> bool:
    """Tell whether a search is worth it: nearly all values are short ids, and every shape has one of these."""
    return len(value) >= 8 and (":" in value or "=" in value or " " in value or "sk-" in value or "gAAAA" in value)


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key))


def _replacement(match: re.Match[str]) -> str:
    if match["fault"] and _SENTENCE.match(match.string, match.start("named")):
        return match[0]
    kept = match["url"] or match["scheme"] or match["name"] or ""
    return f"{kept}{MASK}{'@' if match['url'] else ''}"


def value(key: str, item: Any, depth: int = DEPTH) -> Any:
    """Return what may be shown of `item`, found under `key`: containers are walked, at most `DEPTH` deep."""
    if item is None or isinstance(item, bool | int | float):
        return item
    if _is_secret(key):
        return MASK
    return _masked_value(key, item, depth)


def _masked_value(key: str, item: Any, depth: int) -> Any:
    if isinstance(item, str):
        return text(item)
    if depth <= 0:
        return f"<{type(item).__name__}>"
    if isinstance(item, dict):
        return {str(inner): value(str(inner), entry, depth - 1) for inner, entry in item.items()}
    if isinstance(item, list | tuple | set | frozenset):
        return [value(key, entry, depth - 1) for entry in item]
    return text(str(item))


def line(_logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Processor of structlog: mask secrets in every value and, above debug, replace what people wrote by its length."""
    for key, item in event.items():
        if type(item) is int or key in _OURS:
            continue
        if type(item) is str and not _is_special(key):  # nearly all
            if _may_hide(item):
                event[key] = text(item)
        elif method != "debug" and key in TEXT_KEYS and isinstance(item, str | bytes | list | tuple | dict):
            event[key] = f"<{len(str(item))} characters>"  # an id or a number is no text
        elif key[0] != "_":
            event[key] = value(key, item)
    return event


@lru_cache(maxsize=1024)
def _is_special(key: str) -> bool:
    return key in TEXT_KEYS or _is_secret(key)
