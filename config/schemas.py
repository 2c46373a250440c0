"""JSON Schemas of the files that operators edit, for editors that complete, explain and underline.

A file says only what differs from what lies below it, so nothing is needed in it but in entries of lists, which
replace; null, which removes, and a reference may stand wherever a value may.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from config.crew_files.legacy import AGENT, IDLE, TASK
from config.evaluation.case import Case
from config.mapping.entries import MappingFile
from config.schema.crew_schema import WHOLE, AgentEntry, CrewEntry, TaskEntry
from config.schema.descriptions import field_docs
from config.settings.answers import Answer
from config.settings.knowledge import Knowledge, Records
from config.settings.settings import Settings
from config.settings.tools import Tools

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WHOLE = {"Promotion", "InstallationEntry"}  # what stands in lists, or inherits nothing
_REFERENCE = {"type": "string", "pattern": r"\$\{.+\}"}

_KINDS: dict[str, Any] = {
    "chatwoot_mapping.schema.json": MappingFile,
    "config.schema.json": Settings,
    "answers.schema.json": Mapping[str, Answer],
    "knowledge.schema.json": Knowledge,
    "records.schema.json": Records,
    "tools.schema.json": Tools,
    "agents.schema.json": Mapping[str, AgentEntry],
    "tasks.schema.json": Mapping[str, TaskEntry],
    "channel.schema.json": CrewEntry,
    "case.schema.json": Case | tuple[Case, ...],
}
FILES = {
    "chatwoot_mapping.schema.json": ("chatwoot_mapping.yaml",),
    "config.schema.json": ("domains/*/config.yaml", "domains/*/*/config.yaml", "domains/*/*/inbox_*/config.yaml"),
    "answers.schema.json": ("domains/**/answers.yaml",),
    "knowledge.schema.json": ("domains/**/knowledge.yaml",),
    "records.schema.json": ("domains/**/records.yaml",),
    "tools.schema.json": ("domains/**/tools.yaml", "templates/tools/*.yaml"),
    "agents.schema.json": ("**/crews/*/agents.yaml",),
    "tasks.schema.json": ("**/crews/*/tasks.yaml",),
    "channel.schema.json": ("**/crews/*/channels/*.yaml",),
    "crew.schema.json": ("**/crews/*/config.yaml",),
    "case.schema.json": ("domains/**/evals/*/*.yaml",),
}
"""The files that each schema is of, as editors want to know."""


class _Described(GenerateJsonSchema):
    """Writes the docstring of each field into its property."""

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """Return a model's schema, every property with its description."""
        made = super().model_schema(schema)
        for name, text in field_docs(schema["cls"]).items():
            if name not in made["properties"]:  # set by us, never written
                continue
            made["properties"][name]["description"] = text
        return made


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas, by the name of the file they are written to."""
    made = {name: TypeAdapter(kind).json_schema(schema_generator=_Described) for name, kind in _KINDS.items()}
    made["crew.schema.json"] = _crew(made["channel.schema.json"])
    return {name: {"$schema": _DIALECT, **_loosen(schema)} for name, schema in made.items()}


def write(folder: Path) -> list[Path]:
    """Write the schemas into a folder, which is made where it is missing; returns what was written.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas().items():
        path = folder / name
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        written.append(path)
    return written


_OLD = {
    "id": (
        {},
        "Name of the crew in the older shape, in which one file holds all of it. Passed over: the folder names it.",
    ),
    "name": ({"type": "string"}, "Purpose of the crew in the older shape, where it has no `description`."),
    "description": ({"type": "string"}, "Purpose of the crew in the older shape; `summary` in the present one."),
    "routing": ({"type": "object"}, "Passed over: `crew:` and `inboxes:` of the mapping decide who answers."),
}
"""Keys that only the older shape of a crew's file has: schema and description."""
_TONE = {
    "anyOf": [{"type": "string"}, {"type": "object"}],
    "description": "A sentence, or manners with marks from 0 to 5.",
}
_STYLE = {"type": "object", "properties": {"tone": _TONE}, "description": "Manner of the crew in the older shape."}
_PASSED_OVER = "Passed over: nothing here reads it. It may stand in crews that were written for CrewAI alone."
_NAMES = {"id": "Name of the entry, by which others name it.", "name": "Name of the entry, where it has no `id`."}


def _crew(channel: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of `<function>/config.yaml`: keys of a whole crew, or all of it in lists (the older shape)."""
    known = channel["properties"]
    both = {
        kind: {
            "anyOf": [known[kind], _list(channel["$defs"][entry]["properties"], keys)],
            "description": known[kind]["description"],
        }
        for kind, entry, keys in (("agents", "AgentEntry", AGENT), ("tasks", "TaskEntry", TASK))
    }
    old = {key: {**schema, "description": text} for key, (schema, text) in _OLD.items()}
    properties = {**{key: known[key] for key in WHOLE}, **old, "style": _STYLE, **both}
    return {"type": "object", "properties": properties, "$defs": channel["$defs"]}


def _list(known: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    idle = {key: {"description": _NAMES.get(key, _PASSED_OVER)} for key in sorted(IDLE)}
    properties = {**idle, **{key: known[key] for key in keys if key in known}}
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "additionalProperties": False},
    }


def _loosen(schema: Any, name: str = "") -> Any:
    if isinstance(schema, list):
        return [_loosen(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _loosen(value, key) for key, value in schema.items()}
    if isinstance(properties := loose.get("properties"), dict):
        loose["properties"] = {key: _or_null(value) for key, value in properties.items()}
    if isinstance(others := loose.get("additionalProperties"), dict):
        loose["additionalProperties"] = _or_null(others)
    if name not in _WHOLE and isinstance(loose.get("required"), list):
        del loose["required"]
    if {"additionalProperties", "propertyNames"} & loose.keys():
        loose.pop("minProperties", None)
    return loose


def _or_null(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    return {**kept, "anyOf": [schema, _REFERENCE, {"type": "null"}]}
