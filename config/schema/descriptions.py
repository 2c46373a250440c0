"""Descriptions of settings: the docstring under each field of a `Section`.

Read from the source on demand and never while models are built: pydantic's `use_attribute_docstrings` would parse every
class at every start.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from itertools import pairwise

from pydantic import BaseModel

from config.schema.kinds import Kind, kind_below, model_of


def describe(model: type[BaseModel], path: tuple[str, ...]) -> str:
    """Return the description of the field that a path of keys leads to, or of the last one known on the way.

    Keys of a map and places in a list belong to the field that holds them: `("sentences", "pt", "busy")` is described
    as `sentences` is. Empty where not even the first key is known.
    """
    said, kind = "", Kind(model)
    for key in path:
        if (found := model_of(kind)) is not None:
            if key not in found.model_fields:
                break
            said = field_docs(found).get(key, "")
        kind = kind_below(kind, key)
    return said


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field of a model, inherited ones included, each as one line.

    Empty where the source is not at hand, as in an installation of byte code alone.
    """
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        found |= _docs_of_module(cls.__module__).get(cls.__qualname__, {}) if issubclass(cls, BaseModel) else {}
    return {name: text for name, text in found.items() if name in model.model_fields}


@cache
def _docs_of_module(name: str) -> Mapping[str, dict[str, str]]:
    """Return class name to field to docstring, from the source that the module's loader has: in a wheel or a zip."""
    spec = find_spec(name)
    read = getattr(spec.loader, "get_source", None) if spec else None
    tree = ast.parse((read(name) if read else None) or "")
    return {node.name: dict(_docs(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docs(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in pairwise(cls.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            text = after.value.value if isinstance(after.value, ast.Constant) else None
            if isinstance(text, str):
                yield field.target.id, " ".join(text.split())
