"""Kinds of values by the types of the settings: a secret, something for machines, or a text."""

from collections.abc import Iterator
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from config.document.tree import Node, Scalar, Sequence
from config.schema.base import ADDRESS, FOR_MACHINES
from config.secrets.secret import Secret


class Kind(NamedTuple):
    """A type, and whether its text is read by machines alone: an address, a model's name, a code."""

    type: Any
    for_machines: bool = False


UNKNOWN = Kind(None)


def kinds_of(node: Node, kind: Kind, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Scalar, Kind]]:
    """Every scalar of a tree with its path and the kind that its place has; `UNKNOWN` where no key is known."""
    if isinstance(node, Scalar):
        yield path, node, kind
        return
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from kinds_of(item, _of_all(kind), (*path, str(index)))
        return
    for key, item in node.items.items():
        yield from kinds_of(item, kind_below(kind, key), (*path, key))


def kind_below(kind: Kind, key: str) -> Kind:
    """Return the kind of what stands under a key: of a model's field, or of all that a map or a list holds."""
    model = model_of(kind)
    return _of_all(kind) if model is None else _fields(model).get(key, UNKNOWN)


def model_of(kind: Kind) -> type[BaseModel] | None:
    """Return the model whose fields stand here; None where there is no model."""
    models = (each.type for each in _alternatives(kind))
    return next((each for each in models if isinstance(each, type) and issubclass(each, BaseModel)), None)


def is_secret(kind: Kind) -> bool:
    """Tell whether its value is used and never shown."""
    return any(each.type is Secret for each in _alternatives(kind))


def is_text(kind: Kind) -> bool:
    """Tell whether its value may come to be read by people or by a model."""
    return kind != UNKNOWN and not any(_is_plain(each) for each in _alternatives(kind))


def _is_plain(kind: Kind) -> bool:
    closed = get_origin(kind.type) is Literal
    plain = isinstance(kind.type, type) and issubclass(kind.type, int | float | date | Enum)
    return kind.for_machines or closed or plain or kind.type is Secret


@cache
def _fields(model: type[BaseModel]) -> dict[str, Kind]:
    return {name: _kind(field.annotation, field.metadata) for name, field in model.model_fields.items()}


def _kind(annotation: Any, metadata: "list[Any] | tuple[Any, ...]", above: bool = False) -> Kind:
    return Kind(annotation, above or ADDRESS in metadata or FOR_MACHINES in metadata)


def _of_all(kind: Kind) -> Kind:
    """The kind of what a list or a map holds."""
    for each in _alternatives(kind):
        arguments = [one for one in get_args(each.type) if one is not Ellipsis]
        if arguments:
            return Kind(arguments[-1], each.for_machines)
    return Kind(Any, True) if any(each.for_machines for each in _alternatives(kind)) else Kind(Any)


def _alternatives(kind: Kind) -> list[Kind]:
    """A kind without `Annotated`, and each of a union."""
    if hasattr(kind.type, "__metadata__"):
        inner, *_ = get_args(kind.type)
        return _alternatives(_kind(inner, kind.type.__metadata__, kind.for_machines))
    if get_origin(kind.type) in {Union, UnionType}:
        return [found for each in get_args(kind.type) for found in _alternatives(Kind(each, kind.for_machines))]
    return [kind]
