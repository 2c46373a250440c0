"""From the parser's events to a tree, by a stack of our own: no depth breaks it, no alias expands before it is counted.

Scalars are resolved as YAML 1.2 does; the words that YAML 1.1 takes for booleans (`no`, `on`, `y`) are refused unless
quoted, since half of all readers take them for the other thing.
"""

import re

import yaml

from config.document.problems import Problem
from config.document.tree import Mark, Node, Scalar, Sequence, Table, Value
from config.document.yaml_lookalikes import Lookalike, around, in_key, in_structure
from config.document.yaml_mistakes import RULE, mistake

MAX_DEPTH = 24
MAX_PROBLEMS = 200  # of one file: a binary file would otherwise report every byte

_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]{0,17})$")
_FRACTION = re.compile(r"^[-+]?(0|[1-9][0-9]{0,17})?\.[0-9]{1,17}([eE][-+]?[0-9]{1,2})?$")
_WORDS: dict[str, Value] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_AMBIGUOUS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_OUR_WORDS = {
    ("grounding", "off"),
    ("semantic", "off"),
}  # what the words of a setting are, nobody takes for something else
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_APPEND, _TEXT = "!append", "tag:yaml.org,2002:str"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads ten times faster; both give the same events


def resolve(text: str) -> Value:
    """Return the value of a plain (unquoted) scalar in YAML 1.2's core schema; dates, times and `0123` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FRACTION.match(text) else text


class _Open:
    """A collection being read: its node, its anchor, and, in a table, the key that waits for its value."""

    __slots__ = ("anchor", "height", "key", "mark", "node", "size")

    def __init__(self, node: Sequence | Table, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: str | None = None
        self.mark: Mark | None = None
        self.size = 1
        self.height = 1


class _Stop(Exception):
    """Reading on would help nobody; the problem is already noted."""


class Reader:
    """Builds the tree from the parser's events."""

    def __init__(self, name: str, problems: list[Problem], most: int) -> None:
        self.name = name
        self.most = most
        self.problems = problems
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}  # the node, how many values it holds, how deep it is
        self.nodes = 0
        self.root: Node | None = None
        self.documents = 0

    def read(self, text: str) -> Node | None:
        """The root of the document, as far as it could be read."""
        loader = None
        try:
            loader = _Loader(text)
            while loader.check_event():
                self._event(loader.get_event())
        except _Stop:
            return None
        except (yaml.YAMLError, ValueError) as error:
            inside = self.stack[-1].node.mark if self.stack else None
            self._note(mistake(error, text, self.name, inside))
            return None
        finally:
            if loader is not None:
                loader.dispose()
        return self.root

    def _event(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _mark(self, event: yaml.Event) -> Mark:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - every event of a parser has one; the stubs allow events made by hand
        return Mark(self.name, mark.line + 1, mark.column + 1)

    def _problem(self, mark: Mark, rule: str, message: str, remedy: str) -> None:
        self._note(Problem(*mark, rule, message, remedy))

    def _note(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _document(self, event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self._problem(
                self._mark(event), "documents", "a second document begins here", "Keep one, remove the `---`."
            )
            raise _Stop

    def _count(self, mark: Mark, size: int = 1) -> None:
        self.nodes += size
        if self.nodes > self.most:
            message = f"more than {self.most} values, aliases counted where they are used"
            self._problem(mark, "too-many-values", message, "Write less, or without anchors inside anchors.")
            raise _Stop

    def _fits(self, mark: Mark, height: int) -> None:
        if len(self.stack) + height > MAX_DEPTH:
            self._problem(mark, "too-deep", f"nested more than {MAX_DEPTH} deep", "Nothing here needs such depth.")
            raise _Stop

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mark = self._mark(event)
        self._count(mark)
        self._fits(mark, 1)
        append = event.tag == _APPEND and isinstance(event, yaml.SequenceStartEvent)
        if not append:
            self._tag(event, mark)
        node = Table(mark) if isinstance(event, yaml.MappingStartEvent) else Sequence(mark, append=append)
        self.stack.append(_Open(node, event.anchor))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.size, done.height)
        self._place(done.node, done.node.mark, done.size, done.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = self._mark(event)
        if event.anchor not in self.anchors:
            inside = any(level.anchor == event.anchor for level in self.stack)
            why = "it would hold itself" if inside else "no such anchor stands above"
            self._problem(mark, "alias", f"`*{str(event.anchor)[:60]}` cannot be used: {why}", "Write the values out.")
            self._place(Scalar(mark, None, "", failed=True), mark)
            return
        node, size, height = self.anchors[event.anchor]
        self._count(mark, size)
        self._fits(mark, height)
        self._place(node, mark, size, height)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = self._mark(event)
        self._count(mark)
        is_plain = not event.style and event.tag is None  # libyaml says "", Python's parser None
        failed = not self._tag(event, mark)
        if is_plain and event.value.lower() in _AMBIGUOUS and (self._key_above(), event.value) not in _OUR_WORDS:
            self._norway(mark, event.value)
            failed = True
        value = resolve(event.value) if is_plain and not self._wants_key() else event.value
        node = Scalar(mark, value, event.value, failed=failed)
        if _CONTROL.search(event.value):
            self._problem(mark, "control-character", "a control character stands in this text", "Write it without.")
            node.failed = True
        if is_plain and not event.value.isascii() and (odd := self._lookalike(event.value)) is not None:
            self._odd(mark, odd)
            node.failed, node.value = True, None
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 0)
        self._place(node, mark)

    def _lookalike(self, text: str) -> Lookalike | None:
        """Return a character that makes a text of a file of keys, or stays in a text that should stand in quotes."""
        if not self.stack:
            return in_structure(text)
        return None if self._wants_key() else around(text)

    def _odd(self, mark: Mark, odd: Lookalike) -> None:
        place = Mark(mark.file, mark.line, mark.column + odd.offset)
        self._problem(place, RULE, odd.message, odd.remedy)

    def _norway(self, mark: Mark, word: str) -> None:
        meant = _AMBIGUOUS[word.lower()]
        message = f"`{word}` without quotes is text to some readers of YAML and {meant} to others"
        self._problem(mark, "ambiguous-word", message, f'Write {meant} if you mean that, or "{word}" for the text.')

    def _tag(self, event: yaml.NodeEvent, mark: Mark) -> bool:
        tag = getattr(event, "tag", None)
        if tag in {None, "!"} or (tag == _TEXT and isinstance(event, yaml.ScalarEvent)):
            return True
        remedy = (
            "`!append` stands before a list." if tag == _APPEND else "The one tag known is `!append`, before a list."
        )
        self._problem(mark, "tag", f"the tag `{str(tag)[:60]}` means nothing here", remedy)
        return False

    def _key_above(self) -> str | None:
        """The key whose value is read now, if one is."""
        return self.stack[-1].key if self.stack and self.stack[-1].mark is not None else None

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Table) and self.stack[-1].mark is None

    def _place(self, node: Node, mark: Mark, size: int = 1, height: int = 0) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        if isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif top.mark is None:
            self._key(top, node, mark)
        else:
            self._entry(top, top.node, node)

    def _key(self, top: _Open, node: Node, mark: Mark) -> None:
        top.mark = mark
        top.key = node.written if isinstance(node, Scalar) else None
        if not top.key:
            self._problem(mark, "key", "a key must be a word", "Write `key: value`.")
            top.key = None
        elif not top.key.isascii() and (odd := in_key(top.key)) is not None:
            self._odd(mark, odd)
            top.key = None
        elif "${" in top.key:
            remedy = "Write the name out: references are read in values alone."
            self._problem(mark, "reference", "a reference stands in a key", remedy)
            top.key = None
        elif top.key == "<<":
            remedy = "Write the keys out, or put what is shared in the domain's config.yaml."
            self._problem(mark, "merge-key", "merge keys (`<<`) are not read", remedy)
            top.key = None
        elif isinstance(top.node, Table) and top.key in top.node.items:
            first = top.node.keys[top.key].line
            message = f"the key `{top.key[:60]}` stands twice; first on line {first}"
            self._problem(mark, "duplicate-key", message, "Keep one of the two.")
            top.key = None

    def _entry(self, top: _Open, table: Table, node: Node) -> None:
        if top.key is not None and top.mark is not None:
            table.items[top.key] = node
            table.keys[top.key] = top.mark
        top.key = top.mark = None
