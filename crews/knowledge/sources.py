"""The sources that an account's settings declare, its inboxes' included, each once however many inboxes share it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.settings.knowledge import Record, Source
from config.settings.settings import Settings
from config.snapshot import Account
from crews.knowledge.passage import Audience

SourceKey = tuple[str, str]
"""A source's name, and a digest of where it reads."""


@dataclass(frozen=True, slots=True)
class DeclaredSource:
    """A source by its name. `settings`: those it is declared in."""

    name: str
    source: Source
    settings: Settings

    @property
    def records(self) -> Mapping[str, Record]:
        """Return the records that the settings hold of it, by their ids."""
        return self.settings.records.get(self.name, {}) if self.source.holds_records else {}

    @property
    def place(self) -> SourceKey:
        """Return what tells it from another source, of the same name too."""
        return source_key(self.name, self.source)


def source_key(name: str, source: Source) -> SourceKey:
    """Return what tells a source from another: its name, and where it reads."""
    said = (source.kind, getattr(source, source.kind), source.folder, source.locale, source.only)
    return name, hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def declared_sources(account: Account) -> tuple[DeclaredSource, ...]:
    """Return the sources of an account and its inboxes, sorted; what the account says of one holds."""
    found: dict[SourceKey, DeclaredSource] = {}
    for each in _all(account):
        found.setdefault(each.place, each)
    return tuple(found[key] for key in sorted(found))


def _all(account: Account) -> Iterator[DeclaredSource]:
    for settings in (account.settings, *(inbox.settings for inbox in account.inboxes.values())):
        for name, source in settings.knowledge.sources.items():
            yield DeclaredSource(name, source, settings)


def allowed_sources(settings: Settings, audience: Audience) -> frozenset[SourceKey]:
    """Return the sources that may be offered to an audience in a place with these settings."""
    sources = settings.knowledge.sources.items()
    return frozenset(source_key(name, source) for name, source in sources if source.audience == audience)


@dataclass(frozen=True, slots=True)
class IngestContext:
    """Needs of readers beside a source: the configuration's folder, and the account, whose Chatwoot some ask."""

    configuration: Path
    account: Account
