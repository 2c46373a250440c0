"""What pydantic finds, said as problems: with the place in the file, in an operator's words, and with a remedy."""

import re
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.problems import Problem, nearest, suggestion
from config.tree import Node, Scalar, Table, find, plain

Validated = TypeVar("Validated", bound=BaseModel)
_SHOWN = re.compile(r"^[\w.:+-]{1,20}$")  # short enough to be no token; longer values are better looked up in the file
_KINDS = {
    "string": ("text is needed", "Write text; put quotes around a number or a date that is meant as text."),
    "int": ("a whole number is needed", "Write digits only, as 5."),
    "float": ("a number is needed", "Write a number, as 0.3."),
    "tuple": ("a list is needed", "Write a list, as [one, two], or one entry a line after `- `."),
    "dict": ("a map is needed", "Write `key: value` lines, indented under it."),
    "mapping": ("a map is needed", "Write `key: value` lines, indented under it."),
    "model": ("a map is needed", "Write `key: value` lines, indented under it."),
    "date": ("a date is needed", "Write it as 2026-12-25."),
}


def validate(kind: type[Validated], node: Node, at: str = "") -> tuple[Validated | None, list[Problem]]:
    """Validate a tree. With problems, what is sound is still returned, so that checks of the rest can go on."""
    data = plain(node)
    try:
        return kind.model_validate(data), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    problems = [problem for detail in details if (problem := finding(detail, kind, node, at))]
    broken = {str(detail["loc"][0]) for detail in details if detail["loc"]}
    try:
        sound = {key: value for key, value in data.items() if key not in broken} if isinstance(data, dict) else {}
        return kind.model_validate(sound), problems
    except ValidationError:
        return None, problems


def finding(detail: ErrorDetails, kind: type[BaseModel], node: Node, at: str) -> Problem | None:
    """One problem; None where the value is one that could not be resolved, which was said before."""
    context = detail.get("ctx", {})
    path = tuple(step for step in detail["loc"] if step != "[key]")
    if "key" in context:
        path = (*path, context["key"])
    mark, value = find(node, path)
    if isinstance(value, Scalar) and value.failed:
        return None
    dotted = ".".join(str(step) for step in ((at, *path) if at else path))
    if isinstance(value, Scalar) and detail["type"] != "extra_forbidden" and detail["loc"][-1:] != ("[key]",):
        mark = value.mark
    rule, message, remedy = _said(detail, kind, path)
    return Problem(*mark, rule, f"`{dotted[:120]}`{_value(value, rule)}: {message}", remedy)


def _value(node: Node, rule: str) -> str:
    shown = quote(node) if rule != "unknown-key" else ""
    return f" is {shown}" if shown else ""


def quote(node: Node | None) -> str:
    """A value in a message: nothing that came from elsewhere, nothing that could be a token in a wrong place."""
    shown = isinstance(node, Scalar) and not node.hidden and _SHOWN.match(node.written)
    return f"`{shown[0]}`" if shown else ""


def _said(detail: ErrorDetails, kind: type[BaseModel], path: tuple[int | str, ...]) -> tuple[str, str, str]:
    """Rule, message and remedy of one finding."""
    name, context = detail["type"], detail.get("ctx", {})
    if name == "extra_forbidden":
        return "unknown-key", "there is no such key", suggestion(str(path[-1]), _known(kind, path[:-1]))
    if name == "missing":
        return "missing-key", "this key is needed", f"Write `{path[-1]}:` here."
    if name == "literal_error":
        return "not-one-of", "not a value known here", _choices(str(context.get("expected", "")))
    if name == "string_pattern_mismatch":
        return "format", "not written as it must be", f"It must match {context.get('pattern')}"
    return _of_kind(name, detail)


def _of_kind(name: str, detail: ErrorDetails) -> tuple[str, str, str]:
    if "than" in name:
        return "range", detail["msg"].replace("Input should be", "it must be"), "Write a number within the limit."
    if name in {"too_short", "string_too_short"}:
        return "empty", "this is empty", "Write at least one." if name == "too_short" else "Write something."
    if name == "string_too_long":
        return "too-long", f"longer than {detail.get('ctx', {}).get('max_length')} characters", "Shorten it."
    known = _KINDS.get(name.split("_", maxsplit=1)[0])
    if known and name != "value_error":
        return "type", *known
    message = detail["msg"].removeprefix("Value error, ")
    return ("value" if name == "value_error" else name), message, "Mend the value."


def _choices(expected: str) -> str:
    return f"Write one of: {expected.replace(' or ', ', ')}."


def _known(kind: Any, path: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand at `path` of a model."""
    for step in path:
        kind = _inner(kind, step)
    model = _model(kind)
    return list(model.model_fields) if model else []


def _inner(kind: Any, step: int | str) -> Any:
    model = _model(kind)
    if model is not None:
        field = model.model_fields.get(str(step))
        return field.annotation if field else None
    arguments = [each for each in get_args(kind) if each not in {type(None), Ellipsis}]
    return arguments[-1] if arguments and get_origin(kind) else None


def _model(kind: Any) -> type[BaseModel] | None:
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return None if get_origin(kind) in {tuple, dict} or _is_map(kind) else each
    return None


def _is_map(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and hasattr(origin, "keys")


def meant(word: str, names: list[str]) -> str:
    """`Did you mean` for a reference, or the list of what exists."""
    match = nearest(word, names)
    return f"Did you mean `{match}`?" if match else f"There are: {', '.join(sorted(names)) or 'none'}."


def without(table: Table, *keys: str) -> Table:
    """The table less some keys."""
    return Table(table.mark, {k: v for k, v in table.items.items() if k not in keys}, table.keys)
