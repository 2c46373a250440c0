"""One language's words as the guard knows them, read from words.yaml and compared by their stems."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

import yaml

from chatwootai.model.text.normalize import normalize
from crews.knowledge.index.terms import stems_of

_STEMS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a language. Everything but `numbers` and `phrases` is by stem; words.yaml says what each is."""

    language: str
    past: re.Pattern[str]
    phrases: tuple[tuple[re.Pattern[str], str], ...]
    nothing: frozenset[str]
    negation: frozenset[str]
    kinds: Mapping[str, str]
    poles: Mapping[str, tuple[tuple[str, str], ...]]
    names: frozenset[str]
    implied: Mapping[str, frozenset[str]]
    numbers: Mapping[str, str]
    same: Mapping[str, str]

    def rephrased(self, text: str) -> str:
        """Return a folded text with its phrases as words."""
        for pattern, word in self.phrases:
            text = pattern.sub(word, text)
        return text

    def is_content(self, stem: str, kinds: Iterable[str]) -> bool:
        """Tell whether a word says something that is not read from it otherwise, in a question of these kinds."""
        read = stem in self.nothing or stem in self.negation or stem in self.names or stem in self.kinds
        return not read and not any(stem in self.implied.get(kind, ()) for kind in kinds)


def languages() -> tuple[str, ...]:
    """Return the languages whose words are known."""
    return tuple(_file())


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """Return a language's words; None where they are not known."""
    said = _file().get(language)
    if said is None:
        return None
    return Vocabulary(
        language=language,
        past=re.compile(said["past"]),
        phrases=_phrases(said["phrases"]),
        nothing=_stems(said["nothing"].split(), language),
        negation=_stems(said["negation"].split(), language),
        kinds={stem_of(word, language): kind for kind, words in said["kinds"].items() for word in words},
        poles=_poles(said["opposites"], language),
        names=_stems(said["names"].split(), language),
        implied={kind: _stems(words, language) for kind, words in said["implied"].items()},
        numbers={str(word): str(number) for word, number in said["numbers"].items()},
        same={stem_of(word, language): f"~{number}" for number, words in enumerate(said["same"]) for word in words},
    )


@lru_cache(_STEMS)
def stem_of(word: str, language: str) -> str:
    """Return a folded word's stem."""
    found = stems_of(word, (language,))
    return found[0] if found else word


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((files("crews.matching") / "words.yaml").read_text(encoding="utf-8"))
    return found


def _phrases(said: Mapping[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    longest_first = sorted(said.items(), key=lambda each: -len(each[0]))
    return tuple((re.compile(rf"\b{re.escape(normalize(phrase))}\b"), word) for phrase, word in longest_first)


def _poles(said: Mapping[str, Mapping[str, list[str]]], language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, dict[tuple[str, str], None]] = {}
    for axis, of_axis in said.items():
        for pole, words in of_axis.items():
            for word in words:
                found.setdefault(stem_of(word, language), {})[axis, pole] = None
    return {stem: tuple(each) for stem, each in found.items()}


def _stems(words: Iterable[str], language: str) -> frozenset[str]:
    return frozenset(stem_of(word, language) for word in words)
