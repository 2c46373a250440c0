"""Changes to the text of a records.yaml, and of a knowledge.yaml's sources, that leave every other line as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from config.inheritance.written_texts import CannotEdit, check_texts, quoted, text_lines
from config.settings.answers import LONGEST
from config.settings.knowledge import MOST_QUESTIONS

TAUGHT: Final = "taught"
"""The source, and its name, that holds what is taught where an account has no source of records."""
_MOST_CONTENT, _MOST_TITLE = 4_000, 300


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """One record of a source as somebody wants it. `id` is that of the one that it replaces, where there is one."""

    source: str
    id: str
    questions: tuple[str, ...]
    content: str
    title: str = ""
    url: str = ""


def with_record(text: str, one: WrittenRecord) -> str:
    """Return a records.yaml's text with a record added, or in the place of the one of its source and id.

    Raises:
        CannotEdit: the file is no map of a name a line, or the record is none that may stand there.
    """
    _check(one)
    return _with_entry(text, "records.yaml", one.source, one.id, _lines(one))


def with_taught_source(text: str) -> str:
    """Return a knowledge.yaml's text with a source for what is taught.

    Raises:
        CannotEdit: its sources are not written as a name a line.
    """
    return _with_entry(text, "knowledge.yaml", "sources", TAUGHT, ["settings: records"])


def _check(one: WrittenRecord) -> None:
    if len(one.questions) > MOST_QUESTIONS or any(len(each) > LONGEST for each in one.questions):
        raise CannotEdit(f"questions: at most {MOST_QUESTIONS}, a line each of at most {LONGEST} characters")
    if not one.content.strip() or len(one.content) > _MOST_CONTENT:
        raise CannotEdit(f"content: 1 to {_MOST_CONTENT} characters")
    if len(one.title) > _MOST_TITLE:
        raise CannotEdit(f"title: at most {_MOST_TITLE} characters")
    check_texts(*one.questions, one.content, one.title, one.url, one.id)


def _lines(one: WrittenRecord) -> list[str]:
    said = [f"{name}: {quoted(value)}" for name, value in (("title", one.title), ("url", one.url)) if value]
    asked = ["questions:", *(f"  - {quoted(each)}" for each in one.questions)] if one.questions else []
    return [*said, *asked, *text_lines("content", one.content.strip())]


def _with_entry(text: str, file: str, outer: str, inner: str, lines: Sequence[str]) -> str:
    """Return a text in which the map `outer` has an entry `inner` of these lines; in place of one of that name."""
    root = _block(_loaded(text, file), file)
    head = text if not text or text.endswith("\n") else f"{text}\n"
    if outer not in root:
        return head + "\n".join([f"{quoted_key(outer)}:", *_entry(inner, lines, 2)]) + "\n"
    entries, written = root[outer], text.splitlines(keepends=True)
    first, last = _extent(root, outer, written)
    if entries is None or (isinstance(entries, CommentedMap) and not entries):
        raise CannotEdit(f"{file}: `{outer}` is empty; edit it by hand")
    indent = _block(entries, file).lc.key(next(iter(entries)))[1]
    if indent == 0 or entries.lc.key(next(iter(entries)))[0] == first:
        raise CannotEdit(f"{file}: `{outer}` is not written as a name a line; edit it by hand")
    if inner in entries:
        first, last = _extent(entries, inner, written[:last])
    else:
        first = last
    block = "".join(f"{line}\n" for line in _entry(inner, lines, indent))
    before = "".join(written[:first])
    return before + ("" if not before or before.endswith("\n") else "\n") + block + "".join(written[last:])


def _entry(name: str, lines: Sequence[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{quoted_key(name)}:", *(f"{' ' * (indent + 2)}{line}".rstrip() for line in lines)]


def quoted_key(name: str) -> str:
    """Return a key that YAML reads back as this text: in quotes where it might be a number or a word of YAML's own."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name[:1].isalpha() and len(name) > 5
    return name if plain else quoted(name)


def _loaded(text: str, file: str) -> object:
    try:
        root = YAML().load(text) if text.strip() else CommentedMap()
    except YAMLError as error:
        raise CannotEdit(f"{file} is not readable as YAML: {type(error).__name__}") from None
    return CommentedMap() if root is None else root


def _block(node: object, file: str) -> CommentedMap:
    if not isinstance(node, CommentedMap) or (node and node.fa.flow_style()):
        raise CannotEdit(f"{file} is not written as a name a line; edit it by hand")
    return node


def _extent(entries: CommentedMap, name: str, lines: Sequence[str]) -> tuple[int, int]:
    """Return the first line of an entry and the line behind its last; comments and blank lines below it are not its."""
    starts = sorted(entries.lc.key(key)[0] for key in entries)
    first = entries.lc.key(name)[0]
    last = next((start for start in starts if start > first), len(lines))
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return first, last
