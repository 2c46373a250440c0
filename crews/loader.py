"""A crew's YAML into plain values that remember where they stand. Strict: what is odd is a problem with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config.problems import ConfigurationError, Problem

_BYTES = 256 * 1024  # far more than any crew needs
_DEPTH = 20
_PLAIN = "tag:yaml.org,2002:"
_KINDS = ("map", "seq", "str", "int", "bool", "null", "float")


@dataclass(frozen=True, slots=True)
class Marked:
    """A value of YAML and where it stands: a mapping or list of Marked, or a plain scalar."""

    value: "Mapping[str, Marked] | tuple[Marked, ...] | str | int | float | bool | None"
    file: str
    line: int
    column: int

    def problem(self, rule: str, message: str, remedy: str) -> Problem:
        """A problem with this value."""
        return Problem(self.file, self.line, self.column, rule, message, remedy)

    @property
    def mapping(self) -> "Mapping[str, Marked]":
        """The value, which is known to be a mapping."""
        assert isinstance(self.value, Mapping)  # noqa: S101  # crews.blueprint checks shapes first
        return self.value


class _Odd(yaml.MarkedYAMLError):
    """YAML that is well formed and still not what a crew may hold."""

    def __init__(self, problem: str, at: Any) -> None:
        super().__init__(problem=problem, problem_mark=at.start_mark)


def read(path: Path, name: str) -> Marked:
    """One YAML file as a mapping; `name` is how problems call the file.

    Raises:
        ConfigurationError: it cannot be read, is no YAML, or is more than a plain mapping.
    """
    try:
        text = _text(path)
        return _mapping(text, name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        found = Problem(name, line, column, "yaml", str(error.problem), "Correct the YAML here.")
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        found = Problem(name, 1, 1, "yaml", "the file is not readable YAML in UTF-8", "Write it anew as plain YAML.")
    except OSError as error:
        found = Problem(
            name, 1, 1, "file", f"the file cannot be read: {error.strerror}", "Create it or correct its rights."
        )
    raise ConfigurationError([found])


def merge(base: Marked, over: Marked) -> Marked:
    """`over` laid on `base`: mappings merge key by key, null removes a key, everything else replaces."""
    if not isinstance(base.value, Mapping) or not isinstance(over.value, Mapping):
        return over
    merged = dict(base.value)
    for key, value in over.value.items():
        if value.value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged[key], value) if key in merged else value
    return Marked(merged, over.file, over.line, over.column)


def leaves(node: Marked, path: str = "") -> Iterator[tuple[str, Marked]]:
    """Every scalar and list with its dotted path."""
    if not isinstance(node.value, Mapping):
        yield path, node
        return
    for key, value in node.value.items():
        yield from leaves(value, f"{path}.{key}" if path else key)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_BYTES + 1)
    if len(content) > _BYTES:
        raise yaml.YAMLError("too large")
    return content.decode("utf-8-sig")


def _mapping(text: str, name: str) -> Marked:
    _survey(text)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return Marked({}, name, 1, 1)
    if not isinstance(node, yaml.MappingNode):
        raise _Odd("a mapping is needed here", node)
    return _marked(node, name)


def _survey(text: str) -> None:
    """Refuse what could explode, before anything is built: aliases and deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _Odd("aliases are not allowed", event)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise _Odd("this is nested too deeply", event)


def _marked(node: yaml.Node, name: str) -> Marked:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if node.tag.removeprefix(_PLAIN) not in _KINDS:
        raise _Odd(f"a value of type {node.tag} is not allowed", node)
    if isinstance(node, yaml.MappingNode):
        return Marked(_keys(node, name), name, line, column)
    if isinstance(node, yaml.SequenceNode):
        return Marked(tuple(_marked(each, name) for each in node.value), name, line, column)
    return Marked(_scalar(node), name, line, column)


def _keys(node: yaml.MappingNode, name: str) -> dict[str, Marked]:
    keys: dict[str, Marked] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != _PLAIN + "str":
            raise _Odd("a key must be a plain word", key)
        if key.value in keys:
            raise _Odd(f"the key `{key.value}` stands here twice", key)
        keys[key.value] = _marked(value, name)
    return keys


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)  # type: ignore[no-any-return]
    except ValueError:
        raise _Odd("this value cannot be read", node) from None
    finally:
        loader.dispose()
