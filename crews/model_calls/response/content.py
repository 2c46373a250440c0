"""An answer's content as text: a string, or typed parts of which some are thoughts. Pure."""

import re
from typing import Any

_THOUGHTS = frozenset({"thinking", "reasoning", "thought", "reasoning_text", "redacted_thinking", "summary_text"})
_WORDS = re.compile(r"(?:\w*_)?text|markdown|message|paragraph|")
"""Kinds of parts that hold words; others are images, calls, citations."""
THOUGHT_FIELDS = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "thinking_content",
    "thought",
    "reasoning_text",
    "reasoning_details",
    "thinking_blocks",
)
"""Where endpoints put thoughts beside the content."""


def text_and_thoughts(content: Any) -> tuple[str, bool]:
    """Return the words of a message's content, and whether it also holds thoughts.

    Raises:
        TypeError: it is neither a text nor parts.
    """
    if content is None or isinstance(content, str):
        return content or "", False
    parts = [content] if isinstance(content, dict) else content
    if not isinstance(parts, list):
        raise TypeError(f"content is a {type(content).__name__}")
    return "".join(_words(part) for part in parts), any(_is_thought(part) for part in parts)


def is_marked_thought(message: dict[str, Any]) -> bool:
    """Return whether an endpoint says beside the content that it is a thought (Gemini's `extra_content`)."""
    google = (message.get("extra_content") or {}).get("google")
    return isinstance(google, dict) and google.get("thought") is True


def _words(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or _is_thought(part) or not _WORDS.fullmatch(str(part.get("type") or "")):
        return ""
    text = part.get("text")
    if isinstance(text, dict):  # as the assistants API has it
        text = text.get("value")
    return text if isinstance(text, str) else ""


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and (part.get("type") in _THOUGHTS or part.get("thought") is True)
