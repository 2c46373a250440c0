"""Finds personal identifiers in a text: by check digits where an identifier has some, else by shape."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ops.evaluation.redaction.check_digits import is_card, is_cnpj, is_cns, is_cpf, is_iban


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier in a text. `kind`: a word for it, as `CPF`; `start` and `end`: its place."""

    kind: str
    text: str
    start: int
    end: int


def _signs(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 10 <= len(digits) <= 15 and len(set(digits)) > 1


def _always(text: str) -> bool:
    return True


_KINDS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("e-mail address", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), _always),
    ("link with a token", re.compile(r"https?://[^\s<>\"']{0,300}[?&#][^\s<>\"']{1,300}"), _always),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,4})?\b"), lambda t: is_iban(_signs(t))),
    (
        "Pix key",
        re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
        _always,
    ),
    (
        "CNPJ",
        re.compile(r"(?<![\w.])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?\d{2}(?!\w)"),
        lambda t: is_cnpj(_signs(t)),
    ),
    ("CPF", re.compile(r"(?<![\w.])\d{3}\.?\d{3}\.?\d{3}[-. ]?\d{2}(?!\w)"), lambda t: is_cpf(_signs(t))),
    ("card number", re.compile(r"(?<!\w)\d(?:[ -]?\d){12,18}(?!\w)"), lambda t: is_card(_signs(t))),
    ("health card", re.compile(r"(?<!\w)\d{3} ?\d{4} ?\d{4} ?\d{4}(?!\w)"), lambda t: is_cns(_signs(t))),
    (
        "phone number",
        re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})[ .-]?9? ?\d{4}[ .-]?\d{4}(?!\w)"),
        _is_phone,
    ),
    ("phone number", re.compile(r"(?<!\w)\+\d(?:[ .()-]{0,2}\d){8,14}(?!\w)"), _is_phone),
    ("CEP", re.compile(r"(?<!\w)\d{5}-\d{3}(?!\w)|(?i:(?<=cep )\d{8})(?!\w)|(?i:(?<=cep: )\d{8})(?!\w)"), _always),
    ("number plate", re.compile(r"(?<!\w)[A-Z]{3}-?\d[0-9A-J]\d{2}(?!\w)"), _always),
)
"""Kinds of identifiers, those that a later one would take for its own first."""


def find_identifiers(text: str) -> list[Identifier]:
    """Return the identifiers of a text in order, none within another."""
    found: list[Identifier] = []
    for each in _all(text):
        if not any(each.start < other.end and other.start < each.end for other in found):
            found.append(each)
    return sorted(found, key=lambda each: each.start)


def _all(text: str) -> Iterator[Identifier]:
    for kind, pattern, holds in _KINDS:
        for match in pattern.finditer(text):
            if holds(match[0]):
                yield Identifier(kind, match[0], match.start(), match.end())
