"""Is this request from Chatwoot? HMAC-SHA256 over the raw bytes, before anything is parsed. Pure.

The scheme: `X-Chatwoot-Signature: sha256=<hex of HMAC-SHA256(secret, "<timestamp>.<raw body>")>`,
`X-Chatwoot-Timestamp: <unix seconds>`. The timestamp is of this attempt, so a window of 300 s holds with any backlog.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from multidict import MultiMapping

SIGNATURE: Final = "X-Chatwoot-Signature"
TIMESTAMP: Final = "X-Chatwoot-Timestamp"
WINDOW_SECONDS: Final = 300
_PREFIX: Final = "sha256="
_HEX_LENGTH: Final = 64
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_MOST_DIGITS: Final = 12  # unix seconds have ten; Python refuses to read more than 4,300


class SignatureFault(StrEnum):
    """Reasons to refuse a request. For the log and the metric; the caller is told none."""

    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_MALFORMED = "signature_malformed"
    TIMESTAMP_MISSING = "timestamp_missing"
    TIMESTAMP_MALFORMED = "timestamp_malformed"
    HEADER_TWICE = "header_twice"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    WRONG = "wrong"
    NO_SECRET = "no_secret"  # noqa: S105 - the account has none to check against


@dataclass(frozen=True, slots=True)
class Verified:
    """The request is Chatwoot's, sent `timestamp` (unix seconds)."""

    timestamp: int


@dataclass(frozen=True, slots=True)
class BadSignature:
    """The request is nobody's we know."""

    cause: SignatureFault


def verify(raw_body: bytes, headers: MultiMapping[str], secrets: Iterable[str], now: float) -> Verified | BadSignature:
    """Check a request against every secret of its account.

    Args:
        raw_body: the bytes as they came.
        headers: case-insensitive.
        secrets: each one that may have signed: of bot, account webhook and API inbox, old and new while rotating.
            Empty ones sign nothing.
        now: unix seconds.

    Returns:
        Verified, or Refused with the cause; it never raises, whatever the headers hold.
    """
    given = _parse_digest(headers.getall(SIGNATURE, ()))
    if isinstance(given, SignatureFault):
        return BadSignature(given)
    stamp: Sequence[str] = headers.getall(TIMESTAMP, ())
    timestamp = _parse_timestamp(stamp)
    if isinstance(timestamp, SignatureFault):
        return BadSignature(timestamp)
    if abs(now - timestamp) > WINDOW_SECONDS:
        return BadSignature(SignatureFault.TOO_OLD if timestamp < now else SignatureFault.TOO_NEW)
    # The signed text holds the header's digits as sent, not the number they make.
    matched = _matches_any(given, b"%b.%b" % (stamp[0].encode(), raw_body), secrets)
    if matched is None:
        return BadSignature(SignatureFault.NO_SECRET)
    return Verified(timestamp) if matched else BadSignature(SignatureFault.WRONG)


def _parse_digest(values: Sequence[str]) -> bytes | SignatureFault:
    if not values:
        return SignatureFault.SIGNATURE_MISSING
    if len(values) > 1:
        return SignatureFault.HEADER_TWICE
    value = values[0]
    if not value.startswith(_PREFIX) or len(value) != len(_PREFIX) + _HEX_LENGTH:
        return SignatureFault.SIGNATURE_MALFORMED
    try:
        digest = bytes.fromhex(value[len(_PREFIX) :])
    except ValueError:
        return SignatureFault.SIGNATURE_MALFORMED
    return digest if len(digest) * 2 == _HEX_LENGTH else SignatureFault.SIGNATURE_MALFORMED  # fromhex forgives spaces


def _parse_timestamp(values: Sequence[str]) -> int | SignatureFault:
    if not values:
        return SignatureFault.TIMESTAMP_MISSING
    if len(values) > 1:
        return SignatureFault.HEADER_TWICE
    value = values[0]
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        return SignatureFault.TIMESTAMP_MALFORMED
    return int(value)


def _matches_any(given: bytes, signed: bytes, secrets: Iterable[str]) -> bool | None:
    """Compare with all, in constant time: how long it takes must not tell which one nearly fitted; None: with none."""
    matched = None
    for secret in secrets:
        if secret:
            halves = _keyed_hashes(secret)
            inner, outer = halves[0].copy(), halves[1].copy()
            inner.update(signed)
            outer.update(inner.digest())
            matched = hmac.compare_digest(given, outer.digest()) | bool(matched)
    return matched


@lru_cache(maxsize=4096)
def _keyed_hashes(secret: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """HMAC's two hashes with the key already in them (RFC 2104): half the cost of a digest is to begin anew."""
    key = secret.encode("utf-8", "surrogateescape")
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))
