"""Delivers to our own public address as Chatwoot does, signed, and says what came back."""

import hashlib
import hmac
import time
import uuid

import aiohttp
import orjson

from config.snapshot import Account
from ops.doctor.verdict import Verdict, ok, problem

_SECONDS = 15.0
PROBE = "doctor_probe"
"""An event that no Chatwoot has: a door verifies it, and does nothing with it."""


class NoDelivery(Exception):
    """Nothing that we have made answered; the message says what did, or why nothing."""


async def deliver(
    session: aiohttp.ClientSession, url: str, secret: str | None, body: bytes
) -> tuple[int, dict[str, object]]:
    """POST a body as Chatwoot does, signed where there is a secret. Returns the status and the door's answer.

    Raises:
        NoDelivery: nobody answered, or somebody who is no door.
    """
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        headers = _headers(secret, body)
        async with session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as response:
            raw, moved = await response.content.read(65_536), response.headers.get("Location", "")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NoDelivery(f"nobody answers ({str(error)[:200] or type(error).__name__})") from None
    if moved:
        raise NoDelivery(f"it is redirected ({response.status}), which Chatwoot does not follow for a webhook")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise NoDelivery(f"somebody else answers: {response.status}, {response.content_type}")
    return response.status, found


def _headers(secret: str | None, body: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "X-Chatwoot-Delivery": str(uuid.uuid4())}
    if secret is None:
        return headers
    stamp = str(int(time.time()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {**headers, "X-Chatwoot-Timestamp": stamp, "X-Chatwoot-Signature": f"sha256={mac}"}


def secret_of(account: Account) -> str | None:
    """Return what a delivery of this account is signed with; None where its Chatwoot signs nothing."""
    return account.webhook_secrets[0].reveal() if account.webhook_secrets else None


async def knock(session: aiohttp.ClientSession, account: Account, url: str) -> Verdict:
    """Deliver something that needs no answer, and say how far it came."""
    body = orjson.dumps({"event": PROBE, "account": {"id": account.id}})
    topic, began = f"delivery to {url}", time.perf_counter()
    try:
        status, said = await deliver(session, url, secret_of(account), body)
    except NoDelivery as error:
        remedy = "See to DNS, TLS and the proxy before the door (docs/guides/behind-a-proxy.md), and that it runs"
        return problem(topic, str(error), remedy, account.key)
    if status == 200 and said.get("status") == "ignored":
        took = f"{1000 * (time.perf_counter() - began):.0f} ms"
        return ok(topic, f"signed, taken and verified by our door in {took}", account.key)
    return problem(
        topic, f"{status} {said.get('error') or said.get('status') or ''}".strip(), _remedy(status), account.key
    )


def _remedy(status: int) -> str:
    return {
        401: "The door has other secrets, or another clock: `chatwootai config status` compares what processes have",
        404: "The door serves no such account, or the proxy leads elsewhere: `chatwootai config status`",
        429: "The account is over `rate_per_minute`",
    }.get(status, "Look at the door's log, and at the proxy before it")
