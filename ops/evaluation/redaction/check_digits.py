"""Check digits of identifiers: they tell an identifier from a number, and make a surrogate valid."""

from typing import Final

_CPF_LENGTH: Final = 11
_CNPJ_LENGTH: Final = 14
_CNS_LENGTH: Final = 15
_IBAN_LEAST: Final = 15
_CARD: Final = range(13, 20)
_CNPJ_WEIGHTS: Final = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def cpf_digits(body: str) -> str:
    """Return the two check digits of a CPF's first nine digits."""
    first = _cpf_digit(body)
    return first + _cpf_digit(body + first)


def _cpf_digit(body: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(body, range(len(body) + 1, 1, -1), strict=True))
    return str((total * 10) % 11 % 10)


def is_cpf(digits: str) -> bool:
    """Tell whether eleven digits are a CPF."""
    if len(digits) != _CPF_LENGTH or len(set(digits)) == 1:
        return False
    return digits[9:] == cpf_digits(digits[:9])


def cnpj_digits(body: str) -> str:
    """Return the two check digits of a CNPJ's first twelve letters and digits."""
    first = _cnpj_digit(body, _CNPJ_WEIGHTS)
    return first + _cnpj_digit(body + first, (6, *_CNPJ_WEIGHTS))


def _cnpj_digit(body: str, weights: tuple[int, ...]) -> str:
    rest = sum((ord(sign) - 48) * weight for sign, weight in zip(body, weights, strict=True)) % 11
    return "0" if rest < 2 else str(11 - rest)


def is_cnpj(signs: str) -> bool:
    """Tell whether fourteen signs are a CNPJ: since July 2026 the first twelve may be capital letters."""
    if len(signs) != _CNPJ_LENGTH or not signs[12:].isdecimal() or len(set(signs)) == 1:
        return False
    return signs[12:] == cnpj_digits(signs[:12])


def luhn_digit(body: str) -> str:
    """Return the check digit that Luhn's rule gives a card's other digits."""
    total = 0
    for at, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_card(digits: str) -> bool:
    """Tell whether digits are the number of a payment card."""
    return len(digits) in _CARD and len(set(digits)) > 1 and digits[-1] == luhn_digit(digits[:-1])


def is_cns(digits: str) -> bool:
    """Tell whether fifteen digits are a Brazilian health card's."""
    if len(digits) != _CNS_LENGTH or digits[0] not in "12789":
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, range(15, 0, -1), strict=True)) % 11 == 0


def iban_digits(country: str, body: str) -> str:
    """Return the two check digits of an IBAN."""
    return f"{98 - _iban_rest(f'{body}{country}00'):02d}"


def is_iban(signs: str) -> bool:
    """Tell whether signs without blanks are an IBAN."""
    if len(signs) < _IBAN_LEAST or not (signs[:2].isalpha() and signs[2:4].isdecimal() and signs.isalnum()):
        return False
    return _iban_rest(signs[4:] + signs[:4]) == 1


def _iban_rest(signs: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in signs)) % 97
