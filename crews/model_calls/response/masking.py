"""An endpoint's words about an error, without keys, addresses, and what the contact wrote. Pure."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from crews.model_calls.call import Call
from crews.model_calls.response.surrogates import join_surrogates

MASK = "[...]"
_LONGEST, _READ = 240, 2000  # characters
_WORD = re.compile(r"[^\W_]+")
_IN_A_ROW = 4  # words in the same order as in the prompt: no service says those of its own
_MOST_PROMPT = 200_000  # characters of a prompt that are compared
_SECRET = re.compile(
    r"(?:Bearer\s+)\S+"
    r"|\b(?:sk|pk|rk|gsk|xai|hf|nvapi|AIza|ya29|key|token)[-_][\w*.-]{4,}|\bAIza[\w*-]{6,}"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"  # a mail address
    r"|(?<=://)[^/@\s]{1,100}@"  # a login in an address
    r"|\+?\d(?:[ ().-]?\d){6,}"  # a telephone number, a document
    r"|(?=[\w*+/=-]*\d)(?=[\w*+/=-]*[A-Za-z*])[\w*+/=-]{20,}"  # whatever else looks like a key or an id
    r"|\*{3,}\w*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"([^\"\n]{2,400})\"|'([^'\n]{2,400})'|`([^`\n]{2,400})`|«([^»\n]{2,400})»|“([^”\n]{2,400})”")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def mask_reason(words: str, call: Call) -> str | None:
    """Return an endpoint's words as one line of at most 240 characters; None where it said nothing."""
    text = " ".join(_CONTROL.sub(" ", join_surrogates(words[:_READ])).split())
    key = call.target.endpoint.api_key
    if key and len(key) >= 4:
        text = text.replace(key, MASK)
    text = _SECRET.sub(MASK, _without_the_contacts(text, call))
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…") or None


def _without_the_contacts(text: str, call: Call) -> str:
    said = "\n".join(_message_text(message) for message in call.messages if message.get("role") != "system")[
        -_MOST_PROMPT:
    ]
    prompt = "\n".join(_message_text(message) for message in call.messages)[-_MOST_PROMPT:].casefold()
    text = _QUOTED.sub(lambda found: MASK if _is_message_text(found, said) else found[0], text)
    rows = set(_rows([word.casefold() for word in _WORD.findall(prompt)]))
    found = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in found]
    hidden = {n + k for n, row in enumerate(_rows(words)) if row in rows for k in range(_IN_A_ROW)}
    return _hidden(text, [span for n, span in enumerate(found) if n in hidden])


def _is_message_text(found: re.Match[str], said: str) -> bool:
    quoted = next(each for each in found.groups() if each is not None)
    return len(quoted) > 120 or quoted in said


def _rows(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_IN_A_ROW)), strict=False)


def _hidden(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with these words taken out; neighbours leave one mark."""
    if not spans:
        return text
    merged = [spans[0]]
    for (_, before), (start, end) in pairwise(spans):
        if _WORD.search(text, before, start):
            merged.append((start, end))
        else:
            merged[-1] = (merged[-1][0], end)
    for start, end in reversed(merged):
        text = text[:start] + MASK + text[end:]
    return text


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")
