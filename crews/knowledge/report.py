"""Report of an ingest and of the version in force: by source, as it is printed and kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

from crews.knowledge.passage import Problem

State = Literal["ok", "partly", "failed", "unchanged"]


@dataclass(slots=True, kw_only=True)
class SourceReport:
    """One source. `read_at`: when it was last read without failing as a whole, unix seconds; `place`: where it reads.

    `written`: digest of the records of the settings that it was read with; empty where there were none.
    `state`: ok, partly (some documents could not be read), failed (what was known of it is kept), unchanged.
    """

    source: str
    place: str
    audience: str
    state: State = "ok"
    documents: int = 0
    passages: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    embedded: int = 0
    problems: list[Problem] = field(default_factory=list)
    read_at: float = 0.0
    tried_at: float = 0.0
    written: str = ""

    def settle(self, *, failed: bool) -> None:
        """Say how it went, from what was counted."""
        touched = self.added or self.changed or self.removed
        if failed:
            self.state = "failed"
        elif self.problems:
            self.state = "partly" if self.documents else "failed"
        else:
            self.state = "ok" if touched else "unchanged"


@dataclass(slots=True, kw_only=True)
class Report:
    """An ingest, or the version in force. `weights`: by audience, what was measured for its index."""

    account: str
    version: int = 0
    seconds: float = 0.0
    model: str = ""
    ingested_at: float = 0.0
    sources: list[SourceReport] = field(default_factory=list)
    weights: dict[str, dict[str, Any]] = field(default_factory=dict)
    dry_run: bool = False

    @property
    def failed(self) -> bool:
        """Tell whether a source could not be read at all."""
        return any(each.state == "failed" for each in self.sources)

    def packed(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps(asdict(self))

    @classmethod
    def unpacked(cls, data: bytes) -> "Report":
        """Return what `packed` made; an empty one for nothing, or for what another version wrote."""
        try:
            said: Mapping[str, Any] = orjson.loads(data)
            sources = [_source(each) for each in said["sources"]]
            return cls(**{**said, "sources": sources})
        except (ValueError, TypeError, KeyError):
            return cls(account="")


def _source(said: Mapping[str, Any]) -> SourceReport:
    return SourceReport(**{**said, "problems": [Problem(**each) for each in said["problems"]]})
