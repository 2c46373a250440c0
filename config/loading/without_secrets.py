"""Inspects a folder where secrets are not at hand, as in CI: what only they would tell is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config.document.problems import Problem
from config.files.sources import Sources, gather
from config.loading.loader import Inspection, inspect_sources
from config.secrets.references import REFERENCE

OF_THE_MACHINE = frozenset(
    {"unset-variable", "secret-file", "secret-key", "ciphertext", "missing-secret", "empty-secret"}
)
"""Rules of problems that the machine has, not the files: a variable, a file or a key is missing."""


@dataclass(frozen=True, slots=True)
class WithoutSecrets:
    """A folder's inspection without what secrets would tell. `unresolved`: a problem for each reference left alone."""

    found: Inspection
    unresolved: tuple[Problem, ...]


def inspect_without_secrets(folder: Path, environ: Mapping[str, str]) -> WithoutSecrets:
    """Inspect a folder; `${NAME}` of a variable that is not set is no problem.

    Problems are those of the folder as this machine reads it. Accounts are built with stand-ins for what is not set, so
    that crews and tools are looked at too; what only a stand-in is refused for is no problem.
    """
    return inspect_sources_without_secrets(gather(folder, environ), environ)


def inspect_sources_without_secrets(sources: Sources, environ: Mapping[str, str]) -> WithoutSecrets:
    """As `inspect_without_secrets`, of what was read already."""
    real = inspect_sources(sources, environ)
    unresolved = tuple(each for each in real.problems if each.rule in OF_THE_MACHINE)
    problems = tuple(each for each in real.problems if each.rule not in OF_THE_MACHINE)
    if not unresolved:
        return WithoutSecrets(real, ())
    built = inspect_sources(sources, {**_stand_ins(sources, environ), **environ})
    return WithoutSecrets(replace(built, problems=problems), unresolved)


def stand_ins(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each variable that a folder names without a default and nobody has set; no two are equal."""
    return _stand_ins(gather(folder, environ), environ)


def _stand_ins(sources: Sources, environ: Mapping[str, str]) -> dict[str, str]:
    named = (
        found["name"]
        for _, place in sources.places()
        for data in place.files.values()
        for found in REFERENCE.finditer(data.decode("utf-8", "replace"))
        if found["name"] and found["default"] is None
    )
    return {name: _stand_in(name) for name in named if not environ.get(name)}


def _stand_in(name: str) -> str:
    """Return what may stand where the variable does: an address by its name, a part of one, or a secret."""
    word = f"stands-in-for-{name.lower().replace('_', '-')}"
    return f"https://{word}.invalid" if "URL" in name.upper().split("_") else word
