"""The terms of a text, as the lexical index knows them.

A word of Portuguese, Spanish or English counts by its stem and as written; a word of another script also by its
beginning; a text without spaces between words by pairs of characters; an article number whole and in parts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

import snowballstemmer

from chatwootai.model.text.marks import composed, without_accents, words
from chatwootai.model.text.normalize import LONGEST

STEMMED: Final = {"pt": "portuguese", "es": "spanish", "en": "english"}
"""Languages whose words are stemmed, and the stemmer's name of each."""

_LONGEST_TERM: Final = 64
_BEGINNING: Final = 5
"""Letters that stand for a word which no stemmer knows."""
_TYPED: Final = {
    "pt": ((re.compile(r"cao$"), "ção"), (re.compile(r"coes$"), "ções"), (re.compile(r"([rs])ao$"), r"\1ão")),
    "es": ((re.compile(r"([cs])ion$"), r"\1ión"),),
}
"""Endings as many type them, without accents, and as stemmers know them."""
_NUMBERED: Final = re.compile(r"[^\W_]+(?:[-./][^\W_]+)+")
_PARTING: Final = re.compile(r"[-./]")
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]+"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: nothing parts their words."""
_LATIN: Final = re.compile(r"[a-z0-9]+")


def count_terms(text: str, languages: Iterable[str]) -> dict[str, int]:
    """Return the terms of a text, and how often each occurs.

    Args:
        text: at most LONGEST characters of it are read.
        languages: two letters each; a word is stemmed by the rules of each of them that is in STEMMED.
    """
    spoken = tuple(sorted(STEMMED.keys() & {language[:2] for language in languages}))
    lowered = composed(text[:LONGEST]).casefold()
    found: dict[str, int] = {}
    for numbered in _NUMBERED.finditer(lowered):
        if any(map(str.isdigit, numbered[0])):
            name = f"#{_PARTING.sub('', numbered[0])}"[:_LONGEST_TERM]
            found[name] = found.get(name, 0) + 1
    for word, often in Counter(words(lowered)).items():
        for term in _of_word(word[:_LONGEST_TERM], spoken):
            found[term] = found.get(term, 0) + often
    return found


@lru_cache(maxsize=65_536)
def _of_word(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    if _UNSPACED.search(word):
        return tuple(_of_unspaced(word))
    bare = without_accents(word)
    if _LATIN.fullmatch(bare) is None:
        return (bare, f"{bare[:_BEGINNING]}*") if len(bare) > _BEGINNING else (bare,)
    return (*(stems_of(word, languages) or (bare,)), f"={word}")


def stems_of_words(text: str, languages: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the stems of each word of a text that has several, one by each language's rules."""
    spoken = tuple(sorted(STEMMED.keys() & {language[:2] for language in languages}))
    lowered = {word[:_LONGEST_TERM] for word in words(composed(text[:LONGEST]).casefold())}
    found = [stems_of(bare, spoken) for word in lowered if _LATIN.fullmatch(bare := without_accents(word))]
    return [stems for stems in found if len(stems) > 1]


def stems_of(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stems of a word of small letters, without accents, by the rules of each language of STEMMED."""
    return tuple(sorted({without_accents(_stemmer(each).stemWord(_restore_accents(word, each))) for each in languages}))


def _restore_accents(word: str, language: str) -> str:
    for ending, written in _TYPED.get(language, ()):
        word = ending.sub(written, word)
    return word


def _of_unspaced(word: str) -> Iterator[str]:
    """Yield pairs of characters of a text without spaces, and what of other scripts stands between, whole."""
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()]
        signs = without_accents(run[0])
        yield from (signs[place : place + 2] for place in range(max(1, len(signs) - 1)))
        at = run.end()
    if at < len(word):
        yield word[at:]


@lru_cache(maxsize=len(STEMMED))
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(STEMMED[language])
