"""A YAML document as a tree in which every key and value remembers its file, line and column."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

Value: TypeAlias = str | int | float | bool | None


class Mark(NamedTuple):
    """A place in a file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int


@dataclass(slots=True, repr=False)
class Scalar:
    """One value. `written` is its text in the file; `hidden`: it came from outside the file, never show it.

    `failed`: it could not be resolved, a problem was already reported, so that a reader says nothing more of it.
    """

    mark: Mark
    value: Value
    written: str
    hidden: bool = False
    failed: bool = False

    def __repr__(self) -> str:
        """The text in the file, never what it stands for: a crash report may show this."""
        return f"Scalar({self.mark!r}, {self.written if self.hidden else self.value!r})"


@dataclass(slots=True)
class Sequence:
    """A list. `append`: it adds to the inherited one instead of replacing it."""

    mark: Mark
    items: list["Node"] = field(default_factory=list)
    append: bool = False


@dataclass(slots=True)
class Table:
    """A map. `fresh`: it replaces the inherited value whole, since something between removed that."""

    mark: Mark
    items: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)
    fresh: bool = False


Node: TypeAlias = Scalar | Sequence | Table


def plain(node: Node) -> object:
    """The tree as dicts, lists and values, without places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}


def leaves(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Every scalar with the path of keys that leads to it."""
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from leaves(item, (*path, str(index)))
    else:
        for key, item in node.items.items():
            yield from leaves(item, (*path, key))


def find(node: Node, path: tuple[str | int, ...]) -> tuple[Mark, Node]:
    """The place and node of `path`, or of its deepest existing part; a key's place where the last step is a key."""
    mark = node.mark
    for step in path:
        if isinstance(node, Table) and str(step) in node.items:
            mark, node = node.keys[str(step)], node.items[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            mark = node.mark
        else:
            break
    return mark, node
