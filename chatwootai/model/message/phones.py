"""Phone numbers as one line writes them in several ways: what WhatsApp calls a contact need not be what people dial. Pure.

| country | one line | told from others by |
|---|---|---|
| Brazil | +55 31 9 9999 0000, +55 31 9999 0000: mobiles got a ninth digit, many WhatsApp accounts lack it | the digit after the area, 6 to 9: landlines begin with 2 to 5 |
| Mexico | +52 1 55 1234 5678, +52 55 1234 5678: the 1 of mobiles fell away in 2019, WhatsApp keeps it | ten digits after it |
| Argentina | +54 9 11 1234 5678, +54 11 1234 5678, +54 11 15 1234 5678: 9 from abroad, 15 at home, for mobiles | ten digits of area and line |
| Benin | +229 01 97 12 34 56, +229 97 12 34 56: every number got 01 in 2024 | eight digits after it |
| where 0 is only dialled at home | +49 0171 234567, +49 171 234567 | no national number begins with 0 there |
"""  # noqa: E501 - a table, one row a country

import re
from collections.abc import Callable, Iterator
from typing import Final

_BRAZIL_AREAS: Final = (
    "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 53 54 55 61 62 63 64 "
    "65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99"
)
_BRAZIL: Final = re.compile(rf"({_BRAZIL_AREAS.replace(' ', '|')})9?([6-9]\d{{7}})")
_MEXICO: Final = re.compile(r"1?([2-9]\d{9})")
_ARGENTINA_AREAS: Final = (
    "11 220 221 223 230 236 237 249 260 261 263 264 266 280 291 294 297 298 299 336 341 342 343 345 348 351 353 358 "
    "362 364 370 376 379 380 381 383 385 387 388"
)
_ARGENTINA: Final = re.compile(rf"({_ARGENTINA_AREAS.replace(' ', '|')}|[23]\d{{3}})(\d{{6,8}})")
_ARGENTINA_DIGITS: Final = 10
_BENIN: Final = re.compile(r"(?:01)?([24-69]\d{7})")
_ZERO_AT_HOME: Final = tuple(
    "20 27 31 32 33 40 41 43 44 46 49 58 60 61 62 63 64 66 81 82 84 86 90 91 92 94 95 98 212 213 233 234 250 251 254 "
    "255 256 260 263 353 355 358 359 380 381 382 385 386 387 389 421 593 595 598 855 856 880 886 961 962 963 964 966 "
    "967 970 971 972 977".split()
)


def normal(phone: str) -> str:
    """Return a phone as E.164 writes it: a plus sign and digits, without spaces, dots, dashes and brackets."""
    digits = "".join(each for each in phone if each in "0123456789").removeprefix("00")  # 00 is dialled for the plus
    return f"+{digits}" if digits else ""


def spellings(phone: str) -> tuple[str, ...]:
    """Return every way to write the line that a phone is of, as E.164, the given one first; empty where it is none."""
    given = normal(phone)
    return tuple(dict.fromkeys((given, *_others(given.removeprefix("+"))))) if given else ()


def _others(digits: str) -> Iterator[str]:
    for code, spell in _COUNTRIES.items():
        if digits.startswith(code):
            yield from (f"+{code}{each}" for each in spell(digits[len(code) :]))


def _brazil(national: str) -> tuple[str, ...]:
    found = _BRAZIL.fullmatch(national)
    return (f"{found[1]}9{found[2]}", found[1] + found[2]) if found else ()


def _mexico(national: str) -> tuple[str, ...]:
    found = _MEXICO.fullmatch(national)
    return (found[1], f"1{found[1]}") if found else ()


def _argentina(national: str) -> tuple[str, ...]:
    """Return the ten digits of area and line, with 9 before them, and with 15 between them."""
    bare = national[1:] if len(national) == _ARGENTINA_DIGITS + 1 and national[0] == "9" else _without_15(national)
    found = _ARGENTINA.fullmatch(bare) if len(bare) == _ARGENTINA_DIGITS else None
    return (bare, f"9{bare}", f"{found[1]}15{found[2]}") if found else ()


def _without_15(national: str) -> str:
    found = re.fullmatch(rf"({_ARGENTINA_AREAS.replace(' ', '|')}|[23]\d{{3}})15(\d{{6,8}})", national)
    return found[1] + found[2] if found and len(national) == _ARGENTINA_DIGITS + 2 else national


def _benin(national: str) -> tuple[str, ...]:
    found = _BENIN.fullmatch(national)
    return (f"01{found[1]}", found[1]) if found else ()


def _zero(national: str) -> tuple[str, ...]:
    bare = national.removeprefix("0")
    return (bare, f"0{bare}") if bare and not bare.startswith("0") else ()


_COUNTRIES: Final[dict[str, Callable[[str], tuple[str, ...]]]] = {
    "55": _brazil,
    "52": _mexico,
    "54": _argentina,
    "229": _benin,
    **dict.fromkeys(_ZERO_AT_HOME, _zero),
}
"""By country code: none begins another."""
