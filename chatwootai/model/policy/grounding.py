"""Figures, links and addresses of a draft, each of which must be borne out by what the crew was given. Pure.

What is looked at: prices, percentages, numbers of two digits and more, dates, times, links, e-mail addresses and phone
numbers. What bears them out: passages, facts, the conversation, results of tools. Words are not judged: a sentence that
says the wrong thing without a figure passes.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chatwootai.model.text.normalize import LONGEST

_LINK: Final = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]\"'`]{1,300}", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_FIGURE: Final = re.compile(r"\d(?:[\d.,:/\- ]{0,20}\d)?")
_OTHER_SIGNS: Final = str.maketrans("\u00a0\u2009\u202f，．：٫٬", "   ,.:,.")
_CLOCK: Final = re.compile(r"\b(\d{1,2}) ?h ?(\d{2})(?!\d)(?: ?min\b)?")
_COINS: Final = re.compile(
    r"(\d) (?:reais|real|pesos?|soles|d[oó]lares|euros?|dollars?) (?:e|y|con|and) (\d{2}) (?:centavos|c[eé]ntimos"
    r"|cents)",
    re.IGNORECASE,
)
_ABROAD: Final = 10
"""Digits of a phone number that may stand without its country's where it was given."""
_GROUP: Final = re.compile(r"\d+")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[ \t]+(?=\S)|\n+")
_LIST_MARK: Final = re.compile(r"^[ \t]{0,8}\d{1,2}[.)](?=\s)", re.MULTILINE)
_KNOWN: Final = 400_000
"""Characters of what was given that are looked at: several times what fits into a prompt."""
_SHORT: Final = 1_000
"""Characters of a text whose figures are kept."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The part of a draft that is borne out: its text without the other sentences, and the signs of those."""

    text: str
    missing: tuple[str, ...] = ()


def check_grounding(text: str, given: Iterable[str]) -> Grounds:
    """Return the draft without sentences that hold a figure, link or address which stands in nothing that was given.

    The text is empty where no sentence is left, or the one that is left had leant on one that goes (a colon before it).
    """
    known = _Known(_limit_length(given))
    kept, missing = list[str](), list[str]()
    at = 0
    for found in [*_SENTENCE.finditer(text[:LONGEST]), None]:
        end = found.start() if found else len(text)
        sentence, after = text[at:end], (found[0] if found else "")
        lacking = known.lacks(sentence)
        if lacking:
            missing += lacking
            while kept and kept[-1].rstrip().endswith(":"):
                kept.pop()
        else:
            kept.append(sentence + after)
        at = found.end() if found else at
    return Grounds(text if not missing else "".join(kept).strip(), tuple(missing))


class _Known:
    """The signs of what was given, as they are compared: figures by their digits, the rest without case."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = "\n".join(texts).casefold()
        self._figures = frozenset[str]().union(*map(_figures, texts))

    def lacks(self, sentence: str) -> list[str]:
        """Return the signs of a sentence that are not known."""
        links = [each.rstrip(".,;:!?") for each in (*_LINK.findall(sentence), *_MAIL.findall(sentence))]
        missing = [each for each in links if each.casefold() not in self._words]
        rest = _plain_figures(_LIST_MARK.sub("", _MAIL.sub(" ", _LINK.sub(" ", sentence))))
        figures = ((found[0], rest[: found.start()].endswith("+")) for found in _FIGURE.finditer(rest))
        return missing + [each for each, abroad in figures if not (self._bears(each) or (abroad and self._dials(each)))]

    def _dials(self, figure: str) -> bool:
        """Return whether a number with its country's code is one that is known without."""
        digits = "".join(_GROUP.findall(figure))
        at_home = re.split(r"[ .\-]", figure, maxsplit=1)[-1]
        whole = any(digits[code:] in self._figures for code in (1, 2, 3))
        return len(digits) > _ABROAD and (whole or (at_home != figure and self._bears(at_home)))

    def _bears(self, figure: str) -> bool:
        """Return whether a figure is known: as a whole, or each of several that stand side by side (5-7, 10 20)."""
        groups = _GROUP.findall(figure)
        if sum(map(len, groups)) < 2:
            return True
        if "".join(groups) in self._figures or _amount(figure) in self._figures:
            return True
        several = re.split(r"[ \-]+", figure)  # not of a date, whose parts may be known of others
        return len(several) > 1 and all(len(each) < 2 or _amount(each) in self._figures for each in several)


def _limit_length(texts: Iterable[str]) -> list[str]:
    """Return the first `_KNOWN` characters of all texts together."""
    left, kept = _KNOWN, list[str]()
    for text in texts:
        kept.append(text[:left])
        left -= len(kept[-1])
    return kept


def _figures(text: str) -> frozenset[str]:
    """Return what the figures of a text are known by: kept of short texts, most of which are facts of the company."""
    return _kept_figures(text) if len(text) <= _SHORT else _read_figures(text)


@lru_cache(maxsize=2048)
def _kept_figures(text: str) -> frozenset[str]:
    return _read_figures(text)


def _read_figures(text: str) -> frozenset[str]:
    return frozenset(key for found in _FIGURE.finditer(_plain_figures(text)) for key in _keys(found[0]))


def _plain_figures(text: str) -> str:
    """Return a text with figures in one spelling: digits 0 to 9, 9:30 for 9h30, 39,90 for 39 reais e 90 centavos."""
    if not text.isascii():
        text = "".join(map(_plain_digit, text)).translate(_OTHER_SIGNS)
    return _COINS.sub(r"\1,\2", _CLOCK.sub(r"\1:\2", text))


def _plain_digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if sign.isdecimal() else sign


def _keys(figure: str) -> set[str]:
    """Return what a figure is known by: its digits alone, its amount, and those of its parts (3-5, 10/12, 2 x 30)."""
    several = re.split(r"[ \-/]+", figure)
    return {"".join(_GROUP.findall(figure)), _amount(figure), *map(_amount, several), *map(_digits, several)}


def _digits(figure: str) -> str:
    return "".join(_GROUP.findall(figure))


def _amount(figure: str) -> str:
    """Return a number in one spelling: 1.234,50 and 1,234.50 and 1234.5 are the same; 08:00 is 8:00."""
    body, _, cents = figure.replace(":", ".").replace(",", ".").strip(". ").rpartition(".")
    if not body or len(cents) == 3:  # one number, parted in thousands
        return (body + cents).replace(".", "").lstrip("0") or "0"
    whole = body.replace(".", "").lstrip("0") or "0"
    return f"{whole}.{cents.rstrip('0')}".rstrip(".")
