"""Turns what a YAML parser refuses into a problem, at the place of the mistake, seldom that of its complaint."""

import re

from config.document.problems import Problem
from config.document.tree import Mark
from config.document.yaml_lookalikes import Lookalike, in_structure

_CONFLICT = re.compile(r"(<{7}|={7}|>{7})( |$)")
RULE = "lookalike-character"

_TAB = re.compile(r" *\t")


def mistake(error: Exception, text: str, name: str, inside: Mark | None) -> Problem:
    """The problem behind a parser's error. `inside`: where the innermost open list or map begins."""
    at = Mark(name, *_where(error, text))
    if inside is not None and "flow node" in str(getattr(error, "context", "")) and _at_end(error, text):
        at = inside
    lines = text.split("\n", at.line)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    if _CONFLICT.match(line):
        remedy = "Keep one of the two versions, and remove the lines that git wrote."
        return Problem(*at, "merge-conflict", "a merge was not brought to an end here", remedy)
    if _TAB.match(line):
        return Problem(*at, "tab", "a tab stands where only spaces may", "Indent with spaces.")
    if (odd := _lookalike(text, at, error)) is not None:
        return odd
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML"
    context = getattr(error, "context", None)
    message = f"{what} ({context})" if context else str(what)
    return Problem(*at, "yaml", message, "Look at the quotes, brackets and indentation here and on the line above.")


def _lookalike(text: str, at: Mark, error: Exception) -> Problem | None:
    """A character that only looks right, on the line of a mistake, where what it is about began, or a little above."""
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)  # as the parser counts them
    began = getattr(error, "context_mark", None)
    numbers = [at.line, at.line - 1, at.line - 2, *([began.line + 1] if began is not None else [])]
    for number in dict.fromkeys(each for each in numbers if 1 <= each <= len(lines)):
        found = in_structure(lines[number - 1], anywhere=number == at.line)
        if found is not None:
            return Problem(at.file, number, found.offset + 1, RULE, found.message, found.remedy)
    return _of_lines(text, at)


def _of_lines(text: str, at: Mark) -> Problem | None:
    """A separator that ends a line for some readers of YAML and not for others."""
    found = re.search("[\x85\u2028\u2029]", text)
    if found is None:
        return None
    line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
    odd = Lookalike(0, found[0], "Remove it, or write a line break.")
    return Problem(at.file, line, column, RULE, odd.message, odd.remedy)


def _where(error: Exception, text: str) -> tuple[int, int]:
    """Return the place of a mistake: the beginning of what never ends, and not the end of the file."""
    begun = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or begun
    if mark is None:
        return _position(error, text)
    unended = "expected ':'" in str(getattr(error, "problem", "")) or _at_end(error, text)
    at = begun if begun is not None and unended else mark
    return at.line + 1, at.column + 1


def _at_end(error: Exception, text: str) -> bool:
    mark = getattr(error, "problem_mark", None)
    return mark is not None and not text[mark.index :].strip()


def _position(error: Exception, text: str) -> tuple[int, int]:
    """Return the place of a character that YAML does not allow; libyaml gives an offset in bytes at best."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    offset = found.start() if found else 0
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
