"""Surrogates: other identifiers of the same shape and with check digits, the same for the same one."""

import hashlib
import re
from collections.abc import Callable
from typing import Final

from ops.evaluation.redaction.check_digits import cnpj_digits, cpf_digits, iban_digits, is_cns, luhn_digit

_SUBSCRIBER: Final = 8
"""Digits of a phone number that name the person; those before are a country and an area."""


class Surrogates:
    """Makes surrogates for one conversation. `seed`: a secret, so that nobody computes the way back."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._made: dict[tuple[str, str], str] = {}
        self.texts: set[str] = set()

    def of(self, kind: str, text: str) -> str:
        """Return the surrogate of an identifier, written as it is written."""
        key = (kind, re.sub(r"\W", "", text).casefold())
        if key not in self._made:
            digits = _digits(f"{self._seed}\0{kind}\0{key[1]}")
            self._made[key] = _MAKERS.get(kind, _same_shape)(re.sub(r"[^0-9A-Za-z]", "", text), digits)
        made = self._made[key]
        said = made if kind in _WHOLE else _reshape(text, made)
        self.texts.add(said)
        return said


def _digits(text: str) -> str:
    """Return forty digits that a text alone decides."""
    return f"{int(hashlib.sha256(text.encode()).hexdigest(), 16):078d}"[-40:]


def _reshape(shape: str, signs: str) -> str:
    """Return a text with its letters and digits replaced in order, and all else as it is."""
    left = iter(signs)
    return "".join(next(left, sign) if sign.isalnum() else sign for sign in shape)


def _same_shape(text: str, digits: str) -> str:
    """Return other digits for digits, and other letters for letters."""
    pairs = zip(text, digits * (len(text) // len(digits) + 1), strict=False)
    return "".join(
        digit if sign.isdecimal() else chr(ord("A" if sign.isupper() else "a") + (ord(sign) + int(digit) * 7) % 26)
        for sign, digit in pairs
    )


def _cpf(text: str, digits: str) -> str:
    return digits[:9] + cpf_digits(digits[:9])


def _cnpj(text: str, digits: str) -> str:
    body = _same_shape(text[:8].upper(), digits) + "0001"
    return body + cnpj_digits(body)


def _card(text: str, digits: str) -> str:
    body = text[:1] + digits[: len(text) - 2]
    return body + luhn_digit(body)


def _phone(text: str, digits: str) -> str:
    return text[:-_SUBSCRIBER] + "9" + digits[: _SUBSCRIBER - 1]


def _iban(text: str, digits: str) -> str:
    body = _same_shape(text[4:].upper(), digits)
    return text[:2].upper() + iban_digits(text[:2].upper(), body) + body


def _health_card(text: str, digits: str) -> str:
    """Return another number that its rule accepts, the first from one that the digits name."""
    began = int("7" + digits[:14])
    return next(str(each) for each in range(began, began + 22) if is_cns(str(each)))


_MAKERS: Final[dict[str, Callable[[str, str], str]]] = {
    "CPF": _cpf,
    "CNPJ": _cnpj,
    "card number": _card,
    "phone number": _phone,
    "IBAN": _iban,
    "health card": _health_card,
    "e-mail address": lambda text, digits: f"pessoa{digits[:4]}@exemplo.invalid",
    "link with a token": lambda text, digits: f"https://exemplo.invalid/{digits[:6]}",
}
_WHOLE: Final = {"e-mail address", "link with a token"}
"""Kinds whose surrogate has a shape of its own."""
