"""Evaluation cases that were captured from a contact's conversations: found by the fields that name them, removed."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml

from chatwootai.stores.privacy.subject import Subject

_FOLDER: Final = "evals"
_BASELINE: Final = "baseline.json"
"""Accepted results of a set, with the answers, by the case's name."""
_FORMS: Final = (".yaml", ".yml", ".jsonl", ".json")
_LARGEST: Final = 8 * 1024 * 1024


def count(config: Path, subject: Subject) -> int:
    """Return how many cases and recordings below a configuration come from a contact."""
    return sum(len(_theirs(held, subject)) for _, held in _files(config))


def found(config: Path, subject: Subject) -> list[Any]:
    """Return these cases, each with its file."""
    return [{"file": str(path), "case": one} for path, held in _files(config) for one in _theirs(held, subject)]


def erase(config: Path, subject: Subject) -> int:
    """Remove these cases; a file of which nothing is left goes too. Return how many there were."""
    gone = 0
    for path, held in _files(config):
        theirs = _theirs(held, subject)
        if not theirs:
            continue
        gone += len(theirs)
        _forget_results(path.parent / _BASELINE, {str(one.get("name")) for one in theirs})
        kept = [one for one in held if one not in theirs]
        if kept:
            _write(path, kept)
        else:
            path.unlink()
    return gone


def _files(config: Path) -> Iterator[tuple[Path, list[Any]]]:
    """Yield each file of evaluation sets with its cases."""
    for folder in sorted(config.glob(f"domains/**/{_FOLDER}")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _FORMS and path.is_file() and path.stat().st_size <= _LARGEST:
                with suppress(OSError, yaml.YAMLError, UnicodeDecodeError):
                    yield path, _cases(path)


def _cases(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [yaml.safe_load(line) for line in text.splitlines() if line.strip()]
    held = yaml.safe_load(text)
    return held if isinstance(held, list) else [held]


def _forget_results(path: Path, names: set[str]) -> None:
    """Take the accepted results of cases that are removed out of their set's file."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    cases = held.get("cases") if isinstance(held, dict) else None
    if isinstance(cases, dict) and names & set(cases):
        held["cases"] = {name: one for name, one in cases.items() if name not in names}
        _replace(path, json.dumps(held, ensure_ascii=False, indent=1) + "\n")


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _write(path: Path, kept: list[Any]) -> None:
    if path.suffix in {".jsonl", ".json"}:
        lines = [json.dumps(one, ensure_ascii=False) for one in kept]
        text = "".join(f"{line}\n" for line in lines) if path.suffix == ".jsonl" else f"[{','.join(lines)}]\n"
    else:
        text = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)
    _replace(path, text)


def _theirs(held: list[Any], subject: Subject) -> list[Any]:
    return [one for one in held if _names(one, subject)]


def _names(case: Any, subject: Subject) -> bool:
    """Tell whether a case, or its field `captured` or `origin`, names the contact or one of their conversations."""
    if not isinstance(case, dict):
        return False
    fields = (case, *(case[name] for name in ("captured", "origin", "from") if isinstance(case.get(name), dict)))
    return any(_is_origin(one, subject) for one in fields)


def _is_origin(fields: dict[str, Any], subject: Subject) -> bool:
    account, _, conversation = str(fields.get("conversation", "")).rpartition(":")
    account = account or str(fields.get("account", ""))
    if account and subject.owns(account, conversation):
        return True
    contact = str(fields.get("contact", ""))
    owner, _, number = contact.rpartition(":")
    return number == str(subject.contact) and (owner or account or subject.account) == subject.account
