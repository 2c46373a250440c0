"""Every setting has a description: a sentence with its unit, in the schemas that editors read, from a zip as well."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.schema.base import Section
from config.schema.descriptions import describe, field_docs
from config.schemas import schemas
from config.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[4]
UNITS = re.compile(
    r"\b(milliseconds|seconds|minutes|hours|days|tokens|bytes|megabytes|characters|dollars|requests|turns|deliveries"
    r"|number of|from 0|between 0 and 1)\b|number \(id\)|in the budget's `currency`",
    re.IGNORECASE,
)


def _properties(schema: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "properties" and isinstance(value, dict):
            yield from ((f"{at}.{name}", each) for name, each in value.items())
        if isinstance(value, dict | list):
            yield from _properties(value, f"{at}.{key}" if key not in {"properties", "$defs", "anyOf"} else at)


PROPERTIES = [found for name, schema in schemas().items() for found in _properties(schema, name.partition(".")[0])]


def _sections(model: type[Section] = Section) -> Iterator[type[Section]]:
    for each in model.__subclasses__():
        yield each
        yield from _sections(each)


def _is_number(schema: dict[str, Any]) -> bool:
    """Return whether a number may stand here: alone, in a list or in a map."""
    kinds = schema.get("type")
    inner = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    return kinds in ("integer", "number") or any(_is_number(each) for each in inner if isinstance(each, dict))


def _is_sentence(text: str) -> bool:
    return bool(re.match(r"[A-Z`].*\.$", text)) and len(text.split()) >= 3 and text.count("`") % 2 == 0


def test_every_property_of_every_schema_is_described_in_a_sentence() -> None:
    said = {path: schema.get("description", "") for path, schema in PROPERTIES}
    assert len(PROPERTIES) > 300
    assert {path: text for path, text in said.items() if not _is_sentence(text)} == {}


def test_every_number_names_its_unit() -> None:
    numbers = {path: each["description"] for path, each in PROPERTIES if _is_number(each)}
    assert len(numbers) > 50
    assert {path: text for path, text in numbers.items() if not UNITS.search(text)} == {}


def test_there_are_as_many_descriptions_as_there_are_settings() -> None:
    fields = [(model, name) for model in dict.fromkeys(_sections()) for name in model.model_fields]
    assert len(fields) > 150
    assert [(model.__name__, name) for model, name in fields if not field_docs(model).get(name)] == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("deadline_ms", "Milliseconds from the contact's last message"),
        ("sentences.pt.busy", "Sentences that are said"),
        ("handoff.causes.anger.team", "Name of a team"),
        ("model.fallbacks.0.price.input", "US dollars"),
        ("model.name", "The model's name"),
        ("budget.per_day", "Amount"),
        ("budget.inbox.per_day", "Amount"),
        ("channels.whatsapp.burst.cap_ms", "Milliseconds from a burst's first"),
        ("tools.http.price.body.a.b", "JSON body"),
        ("tools.http.price.tries", "Number of requests"),
        ("no.such", ""),
        ("model.no.such", "The language model"),
    ],
)
def test_a_path_of_keys_is_described_by_the_last_key_that_is_known(path: str, said: str) -> None:
    found = describe(Settings, tuple(path.split(".")))
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_they_are_read_from_a_zip_as_well(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for package in ("chatwootai", "config"):
            for path in sorted((ROOT / package).rglob("*.py")):
                written.write(path, path.relative_to(ROOT).as_posix())
    code = (
        "import json, sys, config; from config.schemas import schemas; assert config.__file__.startswith(sys.argv[1]);"
        "json.dump(schemas(), sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(archive)],
        env={**os.environ, "PYTHONPATH": str(archive)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(schemas()))
