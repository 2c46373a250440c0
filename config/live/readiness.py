"""The configuration's part of /readyz."""

from collections.abc import Mapping, Sequence
from typing import Final

from chatwootai.telemetry.http import Check, Status
from config.document.problems import Problem
from config.snapshot import Snapshot

MOST_SHOWN: Final = 5
"""Problems that are shown of a folder that was refused."""


def configuration_check(snapshot: Snapshot, problems: Sequence[Problem], versions: Mapping[str, int | None]) -> Check:
    """Return what is in force, and what of the folder is not; `versions`: its number on each shard, as it is shown."""
    detail = {**versions, "digest": snapshot.digest[:12], "accounts": len(snapshot.accounts)}
    if not problems:
        return Check(Status.OK, detail)
    shown = [str(problem) for problem in problems[:MOST_SHOWN]]
    return Check(Status.DEGRADED, {**detail, "refused": len(problems)}, {"problems": shown})
