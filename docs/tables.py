"""Writes the tables of settings and metrics in these pages from the code: `make docs`. A test compares them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chatwootai.stores.key_list import KeyKind, key_kinds
from chatwootai.stores.privacy.holdings import BY_MEMBER, BY_ROW, OWN, STAYS, UNTRACED
from chatwootai.stores.privacy.retention import KIND_OF_KEY
from chatwootai.telemetry import metrics
from config.mapping.entries import MappingFile
from config.schema.crew_schema import CrewEntry
from config.schema.descriptions import field_docs
from config.schema.kinds import Kind, kind_below, model_of
from config.settings.settings import Settings
from ops.privacy.retention import SETTING_OF

DOCS = Path(__file__).resolve().parent
_BEGIN, _END = "<!-- made by `make docs` -->\n", "<!-- end -->"
_ROOTS: tuple[type[BaseModel], ...] = (Settings, MappingFile, CrewEntry)
_DEEPEST = 3  # maps of maps of models


def table(model: type[BaseModel]) -> str:
    """Return a table of a model's keys: meaning and default of each."""
    said = {name: text.replace("|", r"\|") for name, text in field_docs(model).items()}
    rows = (f"| `{name}` | {said[name]} | {_default(each)} |" for name, each in model.model_fields.items())
    return "\n".join(("| key | meaning | default |", "|---|---|---|", *rows)) + "\n"


def pages() -> dict[Path, str]:
    """Return the text of each page that holds such tables, as it should be."""
    guide = DOCS / "guides/configuration.md"
    reference = DOCS / "reference/settings.md"
    told = DOCS / "reference/metrics.md"
    privacy = DOCS / "guides/privacy.md"
    return {
        guide: _filled(guide, [table(Settings)]),
        reference: _filled(reference, [_all(each) for each in _ROOTS]),
        told: _filled(told, [_metrics()]),
        privacy: _filled(privacy, [_kept()]),
    }


def _kept() -> str:
    """Return a table of what Redis keeps of a person: what, what of it is theirs, how long, how it is erased."""
    rows = (
        f"| `{kind.pattern}` | {kind.meaning} | {kind.of_person} | {_how_long(kind)} | {_erased(kind.pattern)} |"
        for kind in key_kinds()
        if kind.of_person in {"words", "ids"}
    )
    return "\n".join(("| key | meaning | of a person | how long | erased |", "|---|---|---|---|---|", *rows)) + "\n"


def _how_long(kind: KeyKind) -> str:
    """Return a kind's lifetime, with the setting that shortens it."""
    setting = SETTING_OF.get(KIND_OF_KEY.get(kind.pattern, ""), "")
    shortened = f", or less by `{setting.removeprefix('privacy.retention.')}`" if setting.startswith("privacy.") else ""
    return kind.lifetime + shortened


def _erased(pattern: str) -> str:
    """Return how a kind of key is erased, in a few words."""
    if pattern in STAYS:
        return "stays: numbers of conversations that somebody acted on"
    if pattern in UNTRACED:
        return "with all of the account's"
    if pattern in OWN:
        return "when the erasure ends"
    ways = {"their entries": BY_MEMBER, "their rows, the stream written anew": BY_ROW}
    return next((said for said, way in ways.items() if pattern in way), "the key")


def _metrics() -> str:
    """Return a table of all metrics: kind, labels, whose, meaning."""
    rows = (
        f"| `{each._name}` | {each._type} | {' '.join(f'`{label}`' for label in each._labelnames)} "
        f"| {'all' if each._name in metrics.SEEN_BY_ALL else 'own'} | {each._documentation} |"
        for each in vars(metrics).values()
        if isinstance(each, MetricWrapperBase)
    )
    return "\n".join(("| metric | kind | labels | whose | meaning |", "|---|---|---|---|---|", *rows)) + "\n"


def _all(root: type[BaseModel]) -> str:
    """Return the tables of a model and of each one below it, under the places where it stands."""
    places: dict[type[BaseModel], list[str]] = {}
    for model, path in _models(root, ()):
        places.setdefault(model, []).append(".".join(path))
    return "\n".join((table(root), *(_section(model, several) for model, several in places.items())))


def _section(model: type[BaseModel], places: list[str]) -> str:
    said = (model.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
    return f"### {', '.join(f'`{place}`' for place in places)}\n{said}\n\n{table(model)}"


def _models(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    """Yield each model that stands below a model, with the keys that lead to it; `*` for any key or place in a list."""
    for name in model.model_fields:
        kind, at = kind_below(Kind(model), name), (*path, name)
        for _ in range(_DEEPEST):
            if (found := model_of(kind)) is not None:
                yield found, at
                yield from _models(found, at)
                break
            kind, at = kind_below(kind, "*"), (*at, "*")


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return "needed"
    if value is None:
        return "unset"
    if isinstance(value, BaseModel):
        return "below"
    if value in ("", (), {}):
        return "empty"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _filled(page: Path, tables: list[str]) -> str:
    """Return a page with the tables between its marks, in their order."""
    first, *parts = page.read_text(encoding="utf-8").split(_BEGIN)
    rest = [part.partition(_END)[2] for part in parts]
    return first + "".join(f"{_BEGIN}{made}{_END}{after}" for made, after in zip(tables, rest, strict=True))


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
