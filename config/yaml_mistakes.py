"""What a parser of YAML refuses, said as a problem: where it was made, which is seldom where the parser noticed it."""

import re

from config.problems import Problem
from config.tree import Mark

_CONFLICT = re.compile(r"(<{7}|={7}|>{7})( |$)")
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
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML"
    context = getattr(error, "context", None)
    message = f"{what} ({context})" if context else str(what)
    return Problem(*at, "yaml", message, "Look at the quotes, brackets and indentation here and on the line above.")


def _where(error: Exception, text: str) -> tuple[int, int]:
    """Where a mistake was made, which is where something began that never ends, and not where the file does."""
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
    """Where a character that YAML does not allow stands; libyaml gives an offset in bytes at best."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    offset = found.start() if found else 0
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
