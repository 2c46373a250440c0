"""JSON Schemas of the files that operators edit, for editors that complete and underline."""

import json
from pathlib import Path
from typing import Any

from config.entries import MappingFile
from config.section import Section
from config.settings import Settings

FILES: dict[str, type[Section]] = {"chatwoot_mapping.schema.json": MappingFile, "config.schema.json": Settings}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas, by the name of the file they are written to."""
    return {name: {"$schema": _DIALECT, **_loosened(kind.model_json_schema())} for name, kind in FILES.items()}


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


def _loosened(schema: Any) -> Any:
    """Also null, which removes what was inherited, and a reference to the environment, wherever a value stands."""
    if isinstance(schema, list):
        return [_loosened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _loosened(value) for key, value in schema.items()}
    if isinstance(properties := loose.get("properties"), dict):
        loose["properties"] = {name: _or_null(value) for name, value in properties.items()}
    return loose


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    reference = {"type": "string", "pattern": r"\$\{.+\}"}
    kept: dict[str, Any] = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    return {**kept, "anyOf": [schema, reference, {"type": "null"}]}
