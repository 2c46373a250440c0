"""Secrets that may stand in a file: encrypted with the first key of the environment, opened with any of them."""

import re
from collections.abc import Mapping

from config.secrets.references import CIPHER, References, Unresolved

_CIPHERTEXT = re.compile(r"ENC:[A-Za-z0-9_\-=]+")


class EncryptionError(Exception):
    """Message and remedy, neither holding a secret."""


def new_key() -> str:
    """A fresh key for CHATWOOTAI_SECRET_KEY."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def encrypt(value: str, environ: Mapping[str, str]) -> str:
    """`ENC:<ciphertext>` of a value.

    Raises:
        EncryptionError: there is no usable key.
    """
    try:
        return CIPHER + References(environ).cipher().encrypt(value.encode()).decode()
    except Unresolved as why:
        raise EncryptionError(f"{why.args[1]}. {why.args[2]}") from None


def rotate(text: str, environ: Mapping[str, str]) -> tuple[str, int]:
    """A file's text with every ciphertext under the newest key, byte for byte otherwise, and how many there were.

    Raises:
        EncryptionError: there is no usable key, or a ciphertext opens with none; the text is then as it was.
    """
    from cryptography.fernet import InvalidToken

    try:
        cipher = References(environ).cipher()
    except Unresolved as why:
        raise EncryptionError(f"{why.args[1]}. {why.args[2]}") from None

    def _anew(match: re.Match[str]) -> str:
        try:
            return CIPHER + cipher.rotate(match[0].removeprefix(CIPHER).encode()).decode()
        except InvalidToken:
            line = text.count("\n", 0, match.start()) + 1
            raise EncryptionError(f"line {line}: this ciphertext opens with none of the keys") from None

    return _CIPHERTEXT.subn(_anew, text)
