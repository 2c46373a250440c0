"""Example sentences as YAML: a file a language, in it what each sentence is.

`person` asks for a person, `angry` is angry, `angry_person` is both, `impatient_person` asks for a person and may be
angry or not; `thanks` and `goodbye` say so; `other` is none of these, and mostly looks like one. "(a|b) c" stands for
several sentences.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import yaml

KINDS: Final = ("person", "angry", "angry_person", "impatient_person", "thanks", "goodbye", "other")
_SETS: Final[Mapping[str, frozenset[str]]] = {
    "person": frozenset({"person", "angry_person", "impatient_person"}),
    "angry": frozenset({"angry", "angry_person"}),
    "thanks": frozenset({"thanks"}),
    "goodbye": frozenset({"goodbye"}),
}
HEADS: Final = tuple(_SETS)
"""What is told of a message, in the order of a head's columns."""
_UNSURE: Final = frozenset({("angry", "impatient_person")})
_CHOICE: Final = re.compile(r"\(([^()]*\|[^()]*)\)")
_MOST_OF_ONE: Final = 8
"""Sentences that a line with choices stands for."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and what it is, one of KINDS."""

    language: str
    kind: str
    text: str

    def is_a(self, head: str) -> bool | None:
        """Tell whether it belongs to a head; None: it may or may not, and teaches that head nothing."""
        return None if (head, self.kind) in _UNSURE else self.kind in _SETS[head]


def examples() -> list[Example]:
    """Return the sentences that heads are made of, those with choices written out.

    Raises:
        ValueError: a file says what no sentence is.
    """
    folder = files("crews.understanding") / "examples"
    found: list[Example] = []
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name.endswith(".yaml"):
            kinds = yaml.safe_load(path.read_text(encoding="utf-8"))
            found += _read_examples(path.name.removesuffix(".yaml"), kinds)
    return found


def held_out() -> list[Example]:
    """Return the sentences that nothing was made of, to measure with."""
    text = (files("crews.understanding") / "held_out.yaml").read_text(encoding="utf-8")
    return [each for language, kinds in yaml.safe_load(text).items() for each in _read_examples(language, kinds)]


def expand(line: str) -> list[str]:
    """Return the sentences that a line stands for: itself, or up to eight with other choices in each."""
    choices = [found[1].split("|") for found in _CHOICE.finditer(line)]
    if not choices:
        return [line]
    made = (_choose(line, choices, at) for at in range(_MOST_OF_ONE))
    return list(dict.fromkeys(made))


def _choose(line: str, choices: list[list[str]], at: int) -> str:
    for number, options in enumerate(choices):
        start = zlib.crc32("|".join(options).encode())
        line = _CHOICE.sub(options[(at * (number + 1) + start) % len(options)], line, count=1)
    return line


def _read_examples(language: str, kinds: Mapping[str, list[str]]) -> Iterator[Example]:
    for kind, lines in kinds.items():
        if kind not in KINDS:
            raise ValueError(f"{language}: `{kind}` is none of {', '.join(KINDS)}")
        for line in lines:
            if not isinstance(line, str):
                raise ValueError(f"{language}, {kind}: {line!r} is not a sentence; put it in quotes")
            yield from (Example(language, kind, text) for text in expand(line))
