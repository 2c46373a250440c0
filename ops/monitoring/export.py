"""Writes the files of monitoring into a folder; what somebody else wrote or edited there is left alone.

Each file carries the digest of its own text, so that an export knows an earlier one's files from edited ones.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ops.access import CommandError
from ops.monitoring import alertmanager
from ops.monitoring.boards_mind import chatwoot_and_channels, mind
from ops.monitoring.boards_promise import door_and_queue, promise
from ops.monitoring.panel import Dashboard
from ops.monitoring.rules import rule_files

_HEAD: Final = "# Written by `chatwootai monitoring export`; sha256 of what follows: "
_SEAL: Final = "__chatwootai"
"""The key of a dashboard's JSON that holds its digest; Grafana ignores it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Paths below the folder: files that were written, and those that held the same already."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def boards() -> tuple[Dashboard, ...]:
    """Return all dashboards."""
    return (promise(), door_and_queue(), mind(), chatwoot_and_channels())


def files(docs: str = "") -> dict[str, str]:
    """Return the text of each file by its path; `docs` is put before the paths of runbooks."""
    plain = {**rule_files(docs), alertmanager.FILE: alertmanager.alertmanager()}
    return {
        **{name: f"{_HEAD}{_digest(text)}\n{text}" for name, text in plain.items()},
        **{f"grafana/{board.uid}.json": _seal(board.as_json()) for board in boards()},
    }


def export(folder: Path, docs: str = "", *, force: bool = False) -> Exported:
    """Write all files below a folder.

    Raises:
        CommandError: a file is there that no export wrote, or that was edited since (with `force` it is replaced), or
            one cannot be written; in the first case nothing was.
    """
    made = files(docs)
    try:
        there = {name: (folder / name).read_text(encoding="utf-8") for name in made if (folder / name).exists()}
        foreign = [name for name, text in there.items() if text != made[name] and not is_own(text)]
        if foreign and not force:
            raise CommandError(
                f"{folder}: nothing was written, for these were not written by an export, or were edited since: "
                f"{', '.join(foreign)}; --force replaces them"
            )
        changed = [name for name in made if there.get(name) != made[name]]
        for name in changed:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(made[name], encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error
    return Exported(tuple(changed), tuple(name for name in made if name not in changed))


def is_own(text: str) -> bool:
    """Tell whether an export of this or another release wrote a text, and nobody edited it since."""
    head, _, rest = text.partition("\n")
    if head.startswith(_HEAD):
        return head.removeprefix(_HEAD) == _digest(rest)
    try:
        document = json.loads(text)
    except ValueError:
        return False
    if not isinstance(document, dict) or _SEAL not in document:
        return False
    return bool(document.pop(_SEAL) == _digest(_as_json(document)))


def _seal(document: dict[str, Any]) -> str:
    return _as_json({**document, _SEAL: _digest(_as_json(document))})


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
