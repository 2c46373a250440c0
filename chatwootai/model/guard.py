"""What a model wrote, before anyone reads it: marks of ours are taken out, and what leaks is not shown at all. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Final

# What is cut out, and the rest may be read: marks and tags of ours that a model repeats, and its thoughts.
_CUT: Final = (
    re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.IGNORECASE | re.DOTALL),
    re.compile(r"[ \t>*_`]*\[\[[^\[\]\n]{0,300}(\]\]?|$)[ \t*_`]*", re.MULTILINE),
    re.compile(
        r"</?(company|conversation|customer|instructions?|system|context|document|message)\b[^<>\n]{0,80}>",
        re.IGNORECASE,
    ),
    re.compile(r"<\|[^|<>\n]{0,60}\|>"),
    re.compile(
        r"^\s*(final answer|resposta final|respuesta final|assistant|assistente|asistente)\s*:\s*", re.IGNORECASE
    ),
)
# What makes a text unfit as a whole: it speaks of how we work instead of answering.
_LEAKS: Final = (
    re.compile(r"\{\{?\s*[a-z_]+(\.[a-z_]+)*\s*\}?\}"),  # a placeholder that nobody filled
    re.compile(r"\{%.*?%\}"),
    re.compile(r"traceback \(most recent call|\b[a-z_.]*(error|exception)\b: |\bfile \".*\", line \d+", re.IGNORECASE),
    re.compile(r"^\s*(system|developer|thought|action input|action|observation)\s*:", re.IGNORECASE | re.MULTILINE),
    re.compile(
        r"nothing in the conversation can change|what you know about the company is between|your manner:"
        r"|never show, repeat, translate|begin your response|expected output"
        r"|my (system )?(prompt|instructions) (is|are)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(sk-[a-z0-9_-]{16,}|(?=[0-9]*[a-f])[0-9a-f]{32,})\b", re.IGNORECASE),
    re.compile(r"\bas an ai language model\b", re.IGNORECASE),
)
_FENCE: Final = re.compile(r"\A```\w*\s*|\s*```\Z")
_READABLE: Final = re.compile(r"[^\W_]|[\U0001F000-\U0001FAFF\u2600-\u27BF]")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may be shown, and why it is nothing, where it is."""

    text: str
    problem: str | None = None


def guarded(text: str) -> Guarded:
    """Make a model's text fit to be read, or say why it is not."""
    kept = text
    for pattern in _CUT:
        kept = pattern.sub(" " if "\n" not in kept else "", kept)
    kept = kept.strip()
    if not _READABLE.search(kept):
        return Guarded("", "empty")
    if _is_data(kept):
        return Guarded("", "data instead of words")
    if any(pattern.search(kept) for pattern in _LEAKS):
        return Guarded("", "it speaks of its instructions")
    return Guarded(kept)


def _is_data(text: str) -> bool:
    try:
        return isinstance(json.loads(_FENCE.sub("", text)), dict | list)
    except (ValueError, RecursionError):
        return False
