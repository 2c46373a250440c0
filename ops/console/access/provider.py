"""An OpenID Connect provider over HTTP: its discovery document, its keys, which it may change, and its tokens."""

import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import jwt
import orjson

KEEP_SECONDS: Final = 3600.0
_AGAIN_SECONDS: Final = 10.0
"""Seconds between two looks for a key that is not known: a stranger's token must not make us ask all the time."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
_LARGEST: Final = 256 * 1024


class OidcFailed(Exception):
    """Nobody was logged in; the message says why, for the log."""


class Provider:
    """One issuer. What it says of itself and its keys are kept for an hour."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.named = issuer
        self._about: dict[str, Any] = {}
        self._read = float("-inf")
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._keys_read = float("-inf")

    async def address(self, name: str) -> str:
        """Return one of its addresses.

        Raises:
            OidcFailed: it does not answer, answers for another issuer, or names no such address.
        """
        found = (await self._discovered()).get(name)
        if not isinstance(found, str) or not found.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise OidcFailed(f"the provider names no {name}")
        return found

    async def takes_basic(self) -> bool:
        """Tell whether a client shows its secret in the Authorization header."""
        said = (await self._discovered()).get("token_endpoint_auth_methods_supported")
        return not isinstance(said, list) or "client_secret_basic" in said

    async def _discovered(self) -> Mapping[str, Any]:
        if time.monotonic() - self._read > KEEP_SECONDS:
            found = await _ask("GET", f"{self.issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.issuer:
                raise OidcFailed(f"{self.issuer} answers for another issuer")
            self._about, self._read, self.named = found, time.monotonic(), str(found["issuer"])
        return self._about

    async def key(self, name: str | None, *, refused: jwt.PyJWK | None = None) -> jwt.PyJWK:
        """Return one of its keys; one that is not known, or is the `refused` one, is looked for anew.

        Raises:
            OidcFailed: it has no such key, or does not answer.
        """
        since, known = time.monotonic() - self._keys_read, self._known(name)
        if since > KEEP_SECONDS or ((known is None or known is refused) and since > _AGAIN_SECONDS):
            said = await _ask("GET", await self.address("jwks_uri"))
            self._keys, self._keys_read = _keys(said), time.monotonic()
        found = self._known(name)
        if found is None or found is refused:
            raise OidcFailed("the ID token is signed with a key that the provider does not have")
        return found

    def _known(self, name: str | None) -> jwt.PyJWK | None:
        if name is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(name)

    async def exchange(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what it gives for a code.

        Raises:
            OidcFailed: it gives nothing.
        """
        return await _ask("POST", await self.address("token_endpoint"), form, headers)

    async def userinfo(self, token: str, subject: str) -> Mapping[str, Any]:
        """Return what it says of a person beyond their ID token; empty where it has no address for that.

        Raises:
            OidcFailed: it does not answer, or speaks of another person.
        """
        if not token or "userinfo_endpoint" not in await self._discovered():
            return {}
        said = await _ask("GET", await self.address("userinfo_endpoint"), None, {"Authorization": f"Bearer {token}"})
        if said.get("sub") != subject:
            raise OidcFailed("the provider speaks of another person than its ID token")
        return said


def _keys(said: Mapping[str, Any]) -> dict[str | None, jwt.PyJWK]:
    found: dict[str | None, jwt.PyJWK] = {}
    rows = said.get("keys")
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("use", "sig") != "sig" or row.get("kty") == "oct":
            continue
        try:
            found[row.get("kid")] = jwt.PyJWK(row)
        except jwt.PyJWTError:  # of a kind that is not known here
            continue
    return found


async def _ask(
    method: str, address: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(method, address, data=form, headers=headers, allow_redirects=False) as answer,
        ):
            body = await answer.content.read(_LARGEST)
            if answer.status != 200:
                raise OidcFailed(f"{address} answers {answer.status}")
            return _parsed(body)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OidcFailed(f"{address} does not answer: {type(error).__name__}") from None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except ValueError:
        raise OidcFailed("the provider's answer is no JSON") from None
    if not isinstance(said, dict):
        raise OidcFailed("the provider's answer is no object")
    return said
