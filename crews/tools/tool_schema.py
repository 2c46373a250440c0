"""A tool's parameters as a model is offered them, and whether what it sends fits. Pure.

A schema is offered `strict` only where it can be: strict closes every object, so an object without properties could
only be sent empty, and what a schema leaves open (further properties, patterns of names, conditions) would be lost.
All else is offered as it was written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]

_KNOWN: Final = frozenset(
    {"type", "properties", "required", "additionalProperties", "description", "enum", "const", "items", "anyOf",
     "oneOf", "$ref", "$defs", "definitions", "format", "pattern", "minLength", "maxLength", "minimum", "maximum",
     "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"}
)  # fmt: skip
_UNSAID: Final = frozenset(
    {"title", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly"}
)
"""Left out where a schema is strict; elsewhere they are said."""
_FORMATS: Final = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_DEEPEST: Final = 10  # levels that a strict schema may have
_ALTERNATIVES: Final = ("anyOf", "oneOf")
_BY_NAME: Final = frozenset({"properties", "$defs", "definitions"})
_TRUTHS: Final = {"true": True, "false": False}
_SLOW: Final = frozenset({"pattern", "patternProperties"})
"""Not looked at here: a stranger's expression may take for ever."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A tool's arguments: the schema that a model is sent, and how they are judged when they come back."""

    offered: dict[str, Any]
    strict: bool
    said: Schema

    @classmethod
    def of(cls, schema: Schema) -> "Parameters":
        """Return the parameters of a JSON schema of an object."""
        said = {"type": "object", "properties": {}, **schema}
        if _can_be_strict(said, said, 0):
            return cls(_strict(said), strict=True, said=said)
        return cls({key: each for key, each in said.items() if key not in ("$schema", "$id")}, strict=False, said=said)

    def coerced(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments as they were meant: numbers that came as text, and no null for what was only left out."""
        settled: dict[str, Any] = _coerce(dict(arguments), self.said)
        return settled

    def errors(self, arguments: Mapping[str, Any], most: int) -> list[str]:
        """Return what does not fit, a sentence each."""
        try:
            errors = list(_first(Draft202012Validator(_safe_to_validate(self.said)).iter_errors(dict(arguments)), most))
        except Exception:  # noqa: BLE001 - a schema that is none: whoever wrote it judges the arguments itself
            return []
        return [f"{'.'.join(map(str, each.absolute_path)) or 'arguments'}: {each.message[:200]}" for each in errors]


def _first(errors: Iterator[Any], most: int) -> Iterator[Any]:
    for _, each in zip(range(most), errors, strict=False):
        yield each


def _can_be_strict(schema: Any, root: Schema, depth: int, seen: frozenset[str] = frozenset()) -> bool:
    if not isinstance(schema, Mapping) or depth > _DEEPEST or schema.keys() - _KNOWN - _UNSAID:
        return False
    if (name := schema.get("$ref")) is not None:
        target = _target(name, root)
        return name in seen or (target is not None and _can_be_strict(target, root, depth + 1, seen | {name}))
    if branches := [each for key in _ALTERNATIVES for each in schema.get(key, ())]:
        return depth > 0 and all(_can_be_strict(each, root, depth + 1, seen) for each in branches)
    if "enum" in schema or "const" in schema:
        return True
    kinds = _kinds(schema)
    return (
        bool(kinds)
        and ("object" not in kinds or _is_closable(schema, root, depth, seen))
        and ("array" not in kinds or _can_be_strict(schema.get("items"), root, depth + 1, seen))
    )


def _is_closable(schema: Schema, root: Schema, depth: int, seen: frozenset[str]) -> bool:
    """Tell whether nothing is lost if an object may have its properties and no others."""
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    open_ = others not in (None, False) or (not properties and others is not False and depth > 0)
    return not open_ and all(_can_be_strict(each, root, depth + 1, seen) for each in properties.values())


def _kinds(schema: Schema) -> tuple[str, ...]:
    kind = schema.get("type", ())
    return (kind,) if isinstance(kind, str) else tuple(kind)


def _target(name: object, root: Schema) -> Any:
    for kind in ("$defs", "definitions"):
        prefix = f"#/{kind}/"
        if isinstance(name, str) and name.startswith(prefix):
            return root.get(kind, {}).get(name.removeprefix(prefix))
    return None


def _strict(schema: Schema) -> dict[str, Any]:
    """Return a schema closed: every property required, what was optional may be null."""
    made = {key: each for key, each in schema.items() if key not in _UNSAID and key not in _ALTERNATIVES}
    if made.get("format") not in _FORMATS:
        made.pop("format", None)
    for key in ("$defs", "definitions"):
        if key in made:
            made[key] = {name: _strict(each) for name, each in made[key].items()}
    if branches := [_strict(each) for key in _ALTERNATIVES for each in schema.get(key, ())]:
        made["anyOf"] = branches
    if "items" in made:
        made["items"] = _strict(made["items"])
    if "object" in _kinds(schema):
        properties, required = schema.get("properties", {}), schema.get("required", ())
        made["properties"] = {
            name: _strict(each) if name in required else _nullable(_with_default_described(each))
            for name, each in properties.items()
        }
        made["required"], made["additionalProperties"] = list(properties), False
    return made


def _with_default_described(schema: Schema) -> dict[str, Any]:
    """Return an optional property, with its default said in words: strict schemas have no other place for it."""
    made = _strict(schema)
    if schema.get("default") is not None:
        made["description"] = f"{made.get('description', '')} (default: {schema['default']!r})".strip()
    return made


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = _kinds(schema)
    if "null" in kinds or any(_kinds(each) == ("null",) for each in schema.get("anyOf", ())):
        return schema
    if kinds and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [*kinds, "null"]}
    words = {"description": schema.pop("description")} if "description" in schema else {}
    branches = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
    return {**words, "anyOf": [*branches, {"type": "null"}]}


def _coerce(value: Any, schema: Any) -> Any:
    """Return a value as its schema means it, and so below."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, Mapping):
        properties, required = schema.get("properties", {}), schema.get("required", ())
        return {
            name: _coerce(each, properties.get(name))
            for name, each in value.items()
            if each is not None or name in required or _may_be_null(properties.get(name))
        }
    if isinstance(value, list):
        return [_coerce(each, schema.get("items")) for each in value]
    return _coerce_scalar(value, _kinds(schema))


def _may_be_null(schema: Any) -> bool:
    """Tell whether null says something of its own, where it is not only how a strict schema leaves something out."""
    return isinstance(schema, Mapping) and "default" not in schema and "null" in _kinds(schema)


def _coerce_scalar(value: Any, kinds: tuple[str, ...]) -> Any:
    """Return a number or a truth that came as text, and the other way round, where the schema takes nothing else."""
    if isinstance(value, str) and kinds and "string" not in kinds:
        return _parse_scalar(value.strip(), kinds)
    if kinds == ("string",) and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _parse_scalar(text: str, kinds: tuple[str, ...]) -> Any:
    readers: dict[str, Callable[[str], Any]] = {"integer": int, "number": float, "boolean": _TRUTHS.__getitem__}
    for kind in kinds:
        try:
            return readers[kind](text)
        except (KeyError, ValueError):
            continue
    return text


def _safe_to_validate(schema: Any) -> Any:
    """Return a schema without what could take for ever to judge."""
    if isinstance(schema, list | tuple):
        return [_safe_to_validate(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: _safe_value(key, each) for key, each in schema.items() if key not in _SLOW}


def _safe_value(key: str, value: Any) -> Any:
    if key in _BY_NAME and isinstance(value, Mapping):
        return {name: _safe_to_validate(each) for name, each in value.items()}
    return _safe_to_validate(value)
