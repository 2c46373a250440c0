"""Accepted results of a set, kept beside it as a file that people can read and review."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.evaluation.case_files import BASELINE, own_set_folder
from config.snapshot import Account
from ops.access import CommandError
from ops.evaluation.results import SetResult

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted results by case: `passed`, `prompt` (a digest of what the model was asked) and `answer`."""

    by: str
    at: str
    cases: Mapping[str, Mapping[str, Any]]

    def passed(self, name: str) -> bool | None:
        """Tell whether a case passed; None where it was not there, or missed."""
        found = self.cases.get(name)
        return None if found is None or found.get("passed") is None else bool(found["passed"])

    def prompt(self, name: str) -> str | None:
        """Return the digest of what the model was asked; None where the case was not there."""
        found = self.cases.get(name)
        return None if found is None else str(found.get("prompt") or "")

    def answer(self, name: str) -> str | None:
        """Return the answer that was accepted; None where none is kept."""
        found = self.cases.get(name)
        return str(found["answer"]) if found and found.get("answer") else None


def baseline_path(configuration: Path, account: Account, name: str) -> Path:
    """Return the place of a tenant's accepted results of a set."""
    return own_set_folder(configuration, account.domain, account.folder, name) / BASELINE


def read_baseline(path: Path) -> Baseline | None:
    """Return accepted results; None where there are none.

    Raises:
        CommandError: the file is not one of ours.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Baseline(str(said["by"]), str(said["at"]), {name: dict(each) for name, each in said["cases"].items()})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{path} holds no accepted results ({type(error).__name__}): accept them anew") from None


def write_baseline(path: Path, result: SetResult, *, by: str, at: str) -> None:
    """Write the results of a set as those that are accepted.

    Raises:
        OSError: the file cannot be written.
    """
    cases = {
        each.name: {
            "passed": None if each.state == "missed" else each.state == "passed",
            "prompt": each.prompt,
            "answer": "" if each.written.case.captured else each.answer,  # nothing here for `erase` to find
        }
        for each in result.cases
    }
    said = {"format": _FORMAT, "by": by, "at": at, "cases": cases}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
