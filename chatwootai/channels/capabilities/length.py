"""Measures the length of a text, as each provider counts."""

from typing import Final

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO: Final = frozenset("^{}\\[~]|€\f")  # GSM 03.38's extension table: an escape and the character


def utf16(text: str) -> int:
    """UTF-16 code units: what Telegram counts; never less than the characters that the others count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Return bytes of UTF-8: what Instagram counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def segments(text: str) -> int:
    """SMS messages that a text is sent, and paid, as: 160 or 153 septets each, or 70 or 67 UTF-16 units.

    One character outside the GSM alphabet ("ã", a typographic quote, an emoji) makes the whole text UTF-16.
    """
    if all(char in _GSM or char in _GSM_TWO for char in text):
        return _segments(len(text) + sum(char in _GSM_TWO for char in text), 160, 153)
    return _segments(utf16(text), 70, 67)


def _segments(units: int, alone: int, joined: int) -> int:
    return 1 if units <= alone else -(-units // joined)
