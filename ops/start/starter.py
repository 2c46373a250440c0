"""Holds what a new configuration is made of: the company's name, languages and channels, and the words in each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

import config
from chatwootai.model.text.normalize import normalize

TEXTS = Path(__file__).parent / "words"
_DOMAINS = Path(config.__file__).parent / "domains"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there
NOT_TENANTS = ("crews", "knowledge")
"""Folders of a domain that hold something else than a tenant."""

ENGLISH = "en"
"""The language of the texts that stand in for those of a language in which none ship."""
WORDY = ("email",)
"""Channels on which people write letters: signed, without emoji."""


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of one language: a manner, examples of facts, a curated answer with its questions, a document."""

    tone: str
    facts: Mapping[str, str]
    answer: str
    questions: Sequence[str]
    document: str

    @classmethod
    def read(cls, language: str) -> "Words":
        """Return the texts that ship for a language; the English ones, to be translated, where none do."""
        name = language if language in languages() else ENGLISH
        return cls(**yaml.safe_load((TEXTS / f"{name}.yaml").read_text(encoding="utf-8")))


def languages() -> tuple[str, ...]:
    """Return the languages that a start ships in, by name: those with prepared sentences."""
    return tuple(sorted(path.stem for path in TEXTS.glob("*.yaml")))


@dataclass(frozen=True)
class Start:
    """A company's beginning. `languages`: its own first; `account`: Chatwoot's number; `url`: None where unknown."""

    name: str
    domain: str
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    account: int
    time_zone: str
    about: str = ""
    url: str | None = None

    @property
    def folder(self) -> str:
        """Return the name as a folder's: `padaria_do_joao`; `tenant` where it has no Latin letters."""
        name = folder_name(self.name) or "tenant"
        return f"{name}_1" if name in NOT_TENANTS else name

    @property
    def place(self) -> str:
        """Return the path of the tenant's folder below the configuration."""
        return f"domains/{self.domain}/{self.folder}"

    @property
    def is_shipped(self) -> bool:
        """Tell whether its line of business ships, so that there is nothing to write for it."""
        return (_DOMAINS / self.domain / "config.yaml").exists()

    @property
    def own(self) -> str:
        """Return the company's own language."""
        return self.languages[0]

    @cached_property
    def words(self) -> dict[str, Words]:
        """Return the texts of each language."""
        return {each: Words.read(each) for each in self.languages}

    @property
    def unprepared(self) -> tuple[str, ...]:
        """Return the languages in which no text ships, so that the company writes its own."""
        return tuple(each for each in self.languages if each not in languages())

    @cached_property
    def greetings(self) -> dict[str, str]:
        """Return the prepared greeting of each language in which one ships."""
        return {each: _shipped_sentences()[each]["greeting"] for each in self.languages if each not in self.unprepared}

    @property
    def to_translate(self) -> dict[str, str]:
        """Return the prepared sentences in English, by name."""
        return dict(_shipped_sentences()[ENGLISH])


@cache
def _shipped_sentences() -> Mapping[str, Mapping[str, str]]:
    shipped = (_DOMAINS / "_base" / "config.yaml").read_text(encoding="utf-8")
    sentences: Mapping[str, Mapping[str, str]] = yaml.load(shipped, Loader=_LOADER)["sentences"]  # noqa: S506 - safe
    return sentences


def folder_name(name: str) -> str:
    """Return a name in small letters, digits and underscores; empty where it has none of them."""
    return re.sub(r"[^a-z0-9]+", "_", normalize(name)).strip("_")
