"""Changes to the text of an answers.yaml that leave every other line of it as it was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from config.inheritance.written_texts import CannotEdit, check_texts, quoted, text_lines
from config.settings.answers import LONGEST

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_MOST_QUESTIONS, _LONGEST_ANSWER = 100, 4_000


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """One curated answer as somebody wants it. `language`: as `pt`; empty: the tenant's."""

    name: str
    questions: tuple[str, ...]
    answer: str
    language: str = ""


def with_answer(text: str, one: WrittenAnswer) -> str:
    """Return a file's text with an answer added, or in the place of the one of its name.

    Raises:
        CannotEdit: it is no map of answers a line each, or the answer is none that may stand there.
    """
    _check(one)
    root = _root(text)
    block = "\n".join(_lines(one)) + "\n"
    if one.name not in root:
        head = text if not text or text.endswith("\n") else f"{text}\n"
        return head + block
    lines = text.splitlines(keepends=True)
    first, last = _extent(root, one.name, lines)
    return "".join(lines[:first]) + block + "".join(lines[last:])


def without_answer(text: str, name: str) -> str:
    """Return a file's text without an answer; as it was where there is none.

    Raises:
        CannotEdit: it is no map of answers a line each.
    """
    root = _root(text)
    if name not in root:
        return text
    lines = text.splitlines(keepends=True)
    first, last = _extent(root, name, lines)
    return "".join(lines[:first]) + "".join(lines[last:])


def _check(one: WrittenAnswer) -> None:
    if not _NAME.fullmatch(one.name):
        raise CannotEdit("name: small letters, digits and _, at most 60, a letter first")
    if not one.questions or len(one.questions) > _MOST_QUESTIONS:
        raise CannotEdit(f"questions: 1 to {_MOST_QUESTIONS}, a line each")
    if any(len(each) > LONGEST for each in one.questions):
        raise CannotEdit(f"questions: at most {LONGEST} characters each")
    if not one.answer.strip() or len(one.answer) > _LONGEST_ANSWER:
        raise CannotEdit(f"answer: 1 to {_LONGEST_ANSWER} characters")
    check_texts(*one.questions, one.answer, one.language)
    if one.language and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", one.language):
        raise CannotEdit("language: as pt or pt-BR")


def _root(text: str) -> CommentedMap:
    try:
        root = YAML().load(text) if text.strip() else CommentedMap()
    except YAMLError as error:
        raise CannotEdit(f"answers.yaml is not readable as YAML: {type(error).__name__}") from None
    if root is None:
        return CommentedMap()
    if not isinstance(root, CommentedMap) or root.fa.flow_style():
        raise CannotEdit("answers.yaml is not written as a name a line; edit it by hand")
    return root


def _extent(root: CommentedMap, name: str, lines: Sequence[str]) -> tuple[int, int]:
    """Return the first line of an entry and the line behind its last; comments below it are the next one's."""
    starts = sorted(root.lc.key(key)[0] for key in root)
    first = root.lc.key(name)[0]
    last = next((start for start in starts if start > first), len(lines))
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    return first, last


def _lines(one: WrittenAnswer) -> list[str]:
    language = [f"language: {one.language}"] if one.language else []
    questions = [f"  - {quoted(each)}" for each in one.questions]
    said = [*language, "questions:", *questions, *text_lines("answer", one.answer.strip())]
    return [f"{one.name}:", *(f"  {line}".rstrip() for line in said)]


__all__ = ["CannotEdit", "WrittenAnswer", "with_answer", "without_answer"]
