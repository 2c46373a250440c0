"""Mends what is typed in haste: a slip of the keys, a doubled or lost letter, a chat's abbreviation.

A word that no example has, and that is one slip away from a word of several, is taken for that word. What comes of it
is read beside what was written, never instead: of 370 sentences held out, no one was read wrongly for it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from chatwootai.model.text.normalize import normalize as fold
from crews.understanding.examples import Example

FILE: Final = "words.txt"
LANGUAGES: Final = frozenset({"pt", "es", "en"})
"""Whose words are known: in others one letter more or less is another word too often."""
_WORD: Final = re.compile(r"[^\W\d_]+|\b\d\b")
_LETTERS_AGAIN: Final = re.compile(r"([^\W\d_])\1+")
_LONGEST: Final = 400
"""Characters of a text that are mended."""
_LEAST_WRITTEN: Final = 5
"""Letters of a word that may be a slip: of shorter ones nearly each slip is a word."""
_LEAST_MEANT: Final = 4
_LEAST_EXAMPLES: Final = 3
"""Examples that have a word which a slip is taken for."""
_CLEARLY: Final = 3
"""So many times more examples than of the next word that is as near."""
ABBREVIATIONS: Final[Mapping[str, str]] = {
    each.partition("=")[0]: each.partition("=")[2]
    for each in (
        "vc=você;vcs=vocês;ñ=não;nao=não;naum=não;n=não;q=que;pq=porque;tb=também;tbm=também;qdo=quando;qnd=quando;"
        "hj=hoje;kd=cadê;cade=cadê;flr=falar;ngm=ninguém;algm=alguém;msg=mensagem;vdd=verdade;td=tudo;mto=muito;"
        "mt=muito;pfv=por favor;pf=por favor;pfvr=por favor;qro=quero;qria=queria;p=para;pra=para;c=com;cmg=comigo;"
        "dnv=de novo;xq=porque;xfa=por favor;porfa=por favor;plis=por favor;tmb=también;tmbn=también;kiero=quiero;"
        "k=que;ke=que;aki=aquí;pls=please;plz=please;u=you;ur=your;r=are;tlk=talk;thru=through;gonna=going to;"
        "wanna=want to;lemme=let me;gimme=give me;ppl=people;smth=something;some1=someone;sum1=someone;cuz=because;"
        "bc=because;2=to"
    ).split(";")
}
"""Words by their abbreviations in chats, in all languages: one that does not fit is read beside what was written."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the examples as it is mostly spelled, and how many have it."""

    spelled: str
    examples: int


class Spelling:
    """Knows the words of the examples."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        """Take words by what they are folded (`normalize`)."""
        self._words = words
        self._near: dict[str, set[str]] = defaultdict(set)
        self._once: dict[str, set[str]] = defaultdict(set)
        for word, known in words.items():
            if known.examples >= _LEAST_EXAMPLES and len(word) >= _LEAST_MEANT:
                for each in (word, *_with_one_left_out(word)):
                    self._near[each].add(word)
                self._once[_LETTERS_AGAIN.sub(r"\1", word)].add(word)

    def mend(self, text: str) -> str:
        """Return a text in small letters with what is meant in place of slips and abbreviations."""
        return _WORD.sub(lambda found: self._meant(found[0]), text[:_LONGEST].lower())

    def _meant(self, word: str) -> str:
        if (whole := ABBREVIATIONS.get(word)) is not None:
            return whole
        plain = fold(word)
        if plain in self._words or len(plain) < _LEAST_WRITTEN:
            return word
        doubled = self._once.get(_LETTERS_AGAIN.sub(r"\1", plain), ())
        meant = next(iter(doubled)) if len(doubled) == 1 else self._nearest(plain)
        return self._words[meant].spelled if meant else word

    def _nearest(self, word: str) -> str | None:
        """Return the word that is one slip away; None: there is none, or two that are about as frequent."""
        near = set[str]().union(*(self._near.get(each, ()) for each in (word, *_with_one_left_out(word))))
        found = sorted((each for each in near if _is_a_slip(word, each)), key=lambda each: -self._words[each].examples)
        if not found or (len(found) > 1 and self._examples(found[0]) < _CLEARLY * self._examples(found[1])):
            return None
        return found[0]

    def _examples(self, word: str) -> int:
        return self._words[word].examples


def words_of(given: Iterable[Example]) -> dict[str, Word]:
    """Return the words of examples by what they are folded, those of `LANGUAGES`."""
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for each in given:
        if each.language in LANGUAGES:
            for word in set(_WORD.findall(each.text.lower())):
                spelled[fold(word)][word] += 1
    return {
        plain: Word(min(known, key=lambda one: (-known[one], one)), known.total())
        for plain, known in sorted(spelled.items())
        if plain
    }


def pack(words: Mapping[str, Word]) -> str:
    """Return the file that `load_spelling` reads: a word a line, and how many examples have it."""
    return "".join(f"{word.spelled} {word.examples}\n" for word in words.values())


@cache
def load_spelling() -> Spelling:
    """Return what ships, read once."""
    lines = (files("crews.understanding") / FILE).read_text(encoding="utf-8").split("\n")
    named = (line.split(" ") for line in lines if line)
    return Spelling({fold(word): Word(word, int(count)) for word, count in named})


def _with_one_left_out(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(len(word))]


def _is_a_slip(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter left out, added or another, or by two that changed places."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) == 1:
        return short in _with_one_left_out(long)
    if len(long) != len(short):
        return False
    apart = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(apart) != 2:
        return len(apart) == 1
    first, second = apart
    return second == first + 1 and one[first] == other[second] and one[second] == other[first]
