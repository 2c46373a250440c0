"""Chatwoot's signature: HMAC-SHA256 over `timestamp.body`, keyed with the secret as it is written."""

import hashlib
import hmac


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Make the value of X-Chatwoot-Signature."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"
