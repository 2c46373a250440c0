"""Turns pydantic's findings into problems: with the place in the file, in an operator's words, and with a remedy."""

import re
from enum import EnumType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.document.problems import Problem, nearest, suggestion
from config.document.tree import Node, Scalar, Table, find, plain
from config.document.yaml_events import resolve
from config.document.yaml_lookalikes import Lookalike, in_key, in_structure
from config.document.yaml_mistakes import RULE
from config.schema.base import OneOf, remedy_of

Validated = TypeVar("Validated", bound=BaseModel)
_SHOWN = re.compile(r"^[\w.:+-]{1,20}$")  # short enough to be no token; longer values are better looked up in the file
_NO_STEPS = {"[key]", "[text]", "[languages]"}  # pydantic's words for where it looked, and no keys of the file
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
    slips = _misspelt_missing(details, kind)
    problems = [
        problem for each in details if each["loc"] not in slips and (problem := to_problem(each, kind, node, at))
    ]
    broken = {str(detail["loc"][0]) for detail in details if detail["loc"]}
    try:
        sound = {key: value for key, value in data.items() if key not in broken} if isinstance(data, dict) else {}
        return kind.model_validate(sound), problems
    except ValidationError:
        return None, problems


def to_problem(detail: ErrorDetails, kind: type[BaseModel], node: Node, at: str) -> Problem | None:
    """One problem; None where the value is one that could not be resolved, which was said before."""
    path = (*(step for step in detail["loc"] if str(step) not in _NO_STEPS), *detail.get("ctx", {}).get("path", ()))
    mark, value = find(node, path)
    if isinstance(value, Scalar) and value.failed:
        return None
    rule, message, remedy = _describe(detail, kind, path)
    of_key = rule in {"unknown-key", "missing-key"} or detail["loc"][-1:] == ("[key]",)
    mark = value.mark if isinstance(value, Scalar) and not of_key else mark
    if isinstance(value, Scalar) and (odd := _lookalike(rule, value.written)) is not None:
        mark = mark._replace(column=mark.column + odd.offset)
        rule, message, remedy = RULE, odd.message, odd.remedy
    shown = "" if of_key else quote(value)
    dotted = ".".join(str(step) for step in ((at, *path) if at else path))
    if not dotted.isascii() and rule == "unknown-key":
        message += f" (it is written {path[-1]!a})"
    return Problem(*mark, rule, f"`{dotted[:120]}`{f' is {shown}' if shown else ''}: {message}", remedy)


def _lookalike(rule: str, written: str) -> Lookalike | None:
    """A character that makes a text of what was meant as a map, or another word of one."""
    if written.isascii() or rule not in {"type", "format", "not-one-of"}:
        return None
    return in_structure(written) or in_key(written)


def _misspelt_missing(details: list[ErrorDetails], kind: type[BaseModel]) -> set[tuple[int | str, ...]]:
    """Return the missing keys that an unknown, nearly equal one stands for: one slip, said once."""
    unknown = [each["loc"] for each in details if each["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], nearest(str(loc[-1]), known_keys(kind, loc[:-1]))) for loc in unknown}
    return {each["loc"] for each in details if each["type"] == "missing" and each["loc"] in meant}


def unknown_nulls(kind: Any, node: Node, at: str = "") -> list[Problem]:
    """Nulls under keys that nobody knows: they would remove nothing, in silence."""
    if not isinstance(node, Table):
        return []
    names = known_keys(kind, ()) if _model(kind) else _key_names(kind)
    problems: list[Problem] = []
    for key, value in node.items.items():
        path = f"{at}.{key}" if at else key
        if names and key not in names and isinstance(value, Scalar) and value.value is None and not value.failed:
            remedy = suggestion(key, names)
            problems.append(Problem(*node.keys[key], "unknown-key", f"`{path[:120]}`: there is no such key", remedy))
        else:
            problems += unknown_nulls(_inner(kind, key), value, path)
    return problems


def _key_names(kind: Any) -> list[str]:
    """The keys of a map that may have certain ones only."""
    found = [each for each in (kind, *get_args(kind)) if _is_map(each)]
    keys = get_args(found[0])[0] if found and get_args(found[0]) else None
    several = [each.words for each in get_args(keys) if isinstance(each, OneOf)]
    names = keys if isinstance(keys, EnumType) else several[0] if several else get_args(keys)
    return [str(each) for each in names if isinstance(each, str)]


def quote(node: Node | None) -> str:
    """A value in a message: nothing that came from elsewhere, nothing that could be a token in a wrong place."""
    if not isinstance(node, Scalar) or node.hidden or not _SHOWN.match(node.written):
        return ""
    text = isinstance(node.value, str) and node.value != resolve(node.written)
    return f'`"{node.written}"`' if text else f"`{node.written}`"


def _describe(detail: ErrorDetails, kind: type[BaseModel], path: tuple[int | str, ...]) -> tuple[str, str, str]:
    """Rule, message and remedy of one finding."""
    name, context = detail["type"], detail.get("ctx", {})
    if name == "extra_forbidden":
        return "unknown-key", "there is no such key", suggestion(str(path[-1]), known_keys(kind, path[:-1]))
    if name == "missing":
        return "missing-key", "this key is needed", f"Write `{path[-1]}:` here."
    if name in {"literal_error", "enum"}:
        return "not-one-of", "not a value known here", _choices(str(context.get("expected", "")), str(path[-1]), detail)
    if name == "string_pattern_mismatch":
        return "format", "not written as it must be", remedy_of(str(context.get("pattern")))
    if "remedy" in context:
        return name, detail["msg"], str(context["remedy"])
    return _describe_kind(name, detail)


def _describe_kind(name: str, detail: ErrorDetails) -> tuple[str, str, str]:
    if "than" in name:
        return "range", detail["msg"].replace("Input should be", "it must be"), "Write a number within the limit."
    if name in {"too_short", "string_too_short"}:
        return "empty", "this is empty", "Write at least one." if name == "too_short" else "Write something."
    if name == "string_too_long":
        return "too-long", f"longer than {detail.get('ctx', {}).get('max_length')} characters", "Shorten it."
    said = _KINDS.get(name.split("_", maxsplit=1)[0])
    if said and name != "value_error":
        return "type", *said
    message = detail["msg"].removeprefix("Value error, ")
    return ("value" if name == "value_error" else name), message, "Mend the value."


def _choices(expected: str, key: str, detail: ErrorDetails) -> str:
    """The nearest of the words that may stand there, or all of them."""
    words = expected.replace(" or ", ", ").replace("'", "").split(", ")
    match = nearest(key, words) if detail["loc"][-1:] == ("[key]",) else None
    return f"Did you mean `{match}`?" if match else f"Write one of: {', '.join(words)}."


def known_keys(kind: Any, path: tuple[int | str, ...]) -> list[str]:
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


def did_you_mean(word: str, names: list[str]) -> str:
    """`Did you mean` for a reference, or the list of what exists."""
    match = nearest(word, names)
    return f"Did you mean `{match}`?" if match else f"There are: {', '.join(sorted(names)) or 'none'}."


def without_keys(table: Table, *keys: str) -> Table:
    """The table less some keys."""
    return Table(table.mark, {k: v for k, v in table.items.items() if k not in keys}, table.keys)


def wrap_in_key(key: str, table: Table) -> tuple[Table, list[Problem]]:
    """A file's table as the one key that it holds; a file that names this key once more is told so."""
    inner, problems = table.items.get(key), []
    if (
        len(table.items) == 1
        and isinstance(inner, Table)
        and not any(isinstance(x, Scalar) for x in inner.items.values())
    ):
        remedy = "Take this line out, and move what stands under it two spaces to the left."
        problems = [Problem(*table.keys[key], "nested", f"the file is `{key}` already", remedy)]
        table = inner
    return Table(table.mark, {key: table}, {key: table.mark}), problems
