"""Reads a chat request: its question, and what it gives to answer from. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sandbox.llm.answering import words

_TAGGED = re.compile(r"<(customer|customer_message|contact|message|question)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TASK = re.compile(r"\s*(current task|this is the expected criteria|begin!)", re.IGNORECASE)
_BLOCK = re.compile(r"^<(\w+)[^>]*>\n(.*?)^</\1>", re.DOTALL | re.MULTILINE)
_LOOKED_UP = re.compile(r"^<data source=[^>\n]*>\n.*?^</data>", re.DOTALL | re.MULTILINE)
_SITUATION = re.compile(r"^(?:Today is|Offer until|People of the team) .+$", re.MULTILINE)
_LABEL = re.compile(r"([a-z][\w -]{0,30}): +(?=\S)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'“¿¡(]?[A-ZÀ-Ý0-9])")
_INSTRUCTION = re.compile(
    r"(you|your|never|always|do not|don't|answer|reply|respond|write|keep|speak|stay|be|follow|provide|use|ask|offer"
    r"|current task|this is the expected|begin|make|return|remember|prefer|avoid|voce|responda|nunca|sempre|escreva"
    r"|fale|usted|responde|siempre|escribe)\b"
)
_LANGUAGE = re.compile(r"\b(portugu\w+|espa[nñ]ol|spanish|english|ingl[eê]s\w*|pt(?:[-_]br)?|es|en)\b", re.IGNORECASE)
_CODES = {"po": "pt", "pt": "pt", "es": "es", "sp": "es", "en": "en", "in": "en"}

Messages = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence that an answer may quote, with the stems it is found by; `topic`: those of the label before it."""

    text: str
    matter: frozenset[str]
    topic: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, read: the customer's `question`, `facts` given, what was `said` before, `results` of tools."""

    question: str
    facts: tuple[Sentence, ...]
    said: tuple[Sentence, ...]
    results: tuple[str, ...]
    language: str
    handoff: bool = False
    """Whether the prompt says how to ask for a person: a line `[[handoff: reason]]`."""
    choices: bool = False
    """Whether it says how to offer answers to pick from: a line `[[choices: A | B]]`."""
    doubt: bool = False
    """Whether it says how to tell of doubt: a line `[[sure: 40%]]`."""


def read_prompt(messages: Messages) -> Prompt:
    """Read messages: the customer's last words are the question, system and task texts are what is known."""
    turns = [(str(message.get("role")), text_of(message)) for message in messages]
    asked = _question_at(turns)
    question = _without_tags(turns[asked][1]) if asked is not None else ""
    before = [text for role, text in turns[:asked] if role == "user" and not _TASK.match(text)]
    return Prompt(
        question=question,
        facts=_facts(turns, asked),
        said=tuple(sentence for text in before for sentence in sentences(_without_tags(text))),
        results=(*_looked_up(turns), *(text for role, text in turns[asked or 0 :] if role == "tool")),
        language=_language(question, before, turns),
        handoff=_is_told(turns[:asked], "[[handoff"),
        choices=_is_told(turns[:asked], "[[choices"),
        doubt=_is_told(turns[:asked], "[[sure"),
    )


def _looked_up(turns: list[tuple[str, str]]) -> list[str]:
    """Return results of tools that were called before the request, as the instructions show them."""
    return [each for role, text in turns if role in ("system", "developer") for each in _LOOKED_UP.findall(text)]


def _is_told(turns: list[tuple[str, str]], marker: str) -> bool:
    return any(marker in text for role, text in turns if role != "assistant")


def text_of(message: dict[str, Any]) -> str:
    """Return a message's text, whether it is given as a string or as parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


@lru_cache(maxsize=2_000)
def sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a text into sentences, without bullets, headings and instructions."""
    found = (sentence for line in text.splitlines() for sentence in _of_line(_BULLET.sub("", line).strip()))
    return tuple(sentence for sentence in found if _quotable(sentence.text))


def _of_line(line: str) -> list[Sentence]:
    """Cut one line; a label before it (`delivery: ...`) is not quoted, but all of the line is found by it."""
    label = _LABEL.match(line)
    topic = words.matter(label[1]) if label else frozenset()
    parts = _SENTENCE_END.split(line[label.end() :] if label else line)
    return [Sentence(part.strip(), words.matter(part) | topic, topic) for part in parts]


def _quotable(sentence: str) -> bool:
    if len(sentence) < 8 or sentence.startswith(("#", "<", "{", "```")) or sentence.endswith(":"):
        return False
    return not _INSTRUCTION.match(words.fold(sentence))


def _question_at(turns: list[tuple[str, str]]) -> int | None:
    """Return where the customer's last words are: a tagged text first, then a user message that is no task."""
    users = [index for index, (role, _) in enumerate(turns) if role == "user"]
    tagged = [index for index in users if _TAGGED.search(turns[index][1])]
    plain = [index for index in users if not _TASK.match(turns[index][1])]
    found = tagged or plain or users
    return found[-1] if found else None


def _without_tags(text: str) -> str:
    found = _TAGGED.findall(text)
    return "\n".join(body.strip() for _, body in found) if found else text


def _facts(turns: list[tuple[str, str]], asked: int | None) -> tuple[Sentence, ...]:
    given = [
        _given_material(text)
        for role, text in turns
        if role in ("system", "developer") or (role == "user" and _TASK.match(text))
    ]
    if asked is not None and _TAGGED.search(turns[asked][1]):
        given.append(_TAGGED.sub("", turns[asked][1]))
    unique = {sentence.text: sentence for text in given for sentence in sentences(text)}
    return tuple(unique.values())


def _given_material(text: str) -> str:
    """Return what a prompt gives to answer from: its tagged blocks and the day's situation, else all of it."""
    blocks = [body for name, body in _BLOCK.findall(text) if name not in ("situation", "data")]
    return "\n".join([*blocks, *_SITUATION.findall(text)]) if blocks else text


def _language(question: str, before: list[str], turns: list[tuple[str, str]]) -> str:
    """Return the customer's language: by the question, by what they said before, by what the prompt names."""
    for text in (question, *reversed(before)):
        spoken = words.language(text)
        if spoken:
            return spoken
    named = next((_LANGUAGE.search(text) for role, text in turns if role == "system" and _LANGUAGE.search(text)), None)
    return _CODES[words.fold(named[1])[:2]] if named else "en"
