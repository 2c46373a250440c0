"""Logs people in at a company's own OpenID Connect provider: code flow with PKCE, the ID token checked in full."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import jwt
import orjson

from ops.console.access.groups import Groups, identity_by_groups, parse_groups
from ops.console.access.identity import Identity
from ops.console.access.provider import OidcFailed, Provider
from ops.console.environment import BadEnvironment

CALLBACK: Final = "/login/oidc/callback"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Algorithms of an ID token that are taken, whatever its head says: none that a shared secret could sign."""
PENDING_SECONDS: Final = 600
"""Seconds that somebody may take at the provider's page."""
_LEEWAY: Final = 30
_LONGEST: Final = 4096
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub", "nonce"]


@dataclass(frozen=True, slots=True)
class Pending:
    """A login under way, kept in the browser's own cookie: nobody else's answer fits it. `after`: where to go then."""

    state: str
    nonce: str
    verifier: str
    after: str

    def packed(self) -> str:
        """Return it as a cookie's value."""
        return base64.urlsafe_b64encode(orjson.dumps([self.state, self.nonce, self.verifier, self.after])).decode()

    @classmethod
    def unpacked(cls, value: str) -> "Pending | None":
        """Return what `packed` made; None where it is anything else."""
        try:
            said = orjson.loads(base64.urlsafe_b64decode(value.encode("ascii", "replace")))
            return cls(*said) if isinstance(said, list) and all(isinstance(one, str) for one in said) else None
        except (ValueError, TypeError):
            return None


class Oidc:
    """The company's provider, and what its groups may here."""

    def __init__(
        self, provider: Provider, client: str, secret: str, groups: Groups, *, claim: str, redirect: str
    ) -> None:
        self._provider = provider
        self._client = client
        self._secret = secret
        self._groups = groups
        self._claim = claim
        self._redirect = redirect

    @classmethod
    def read(cls, settings: tuple[str, str, str, str, str], public_url: str, base_path: str = "") -> "Oidc | None":
        """Return it as the environment says; None where it names no issuer.

        Raises:
            BadEnvironment: something is missing, or means nothing.
        """
        issuer, client, secret, groups, claim = settings
        if not issuer:
            return None
        if not issuer.startswith("https://") and not issuer.startswith(("http://127.0.0.1", "http://localhost")):
            raise BadEnvironment(f"CONSOLE_OIDC_ISSUER is {issuer!r}: write it as https://login.example.com")
        missing = {"CONSOLE_OIDC_CLIENT": client, "CONSOLE_OIDC_GROUPS": groups, "CONSOLE_URL": public_url}
        if empty := [name for name, value in missing.items() if not value]:
            raise BadEnvironment(f"CONSOLE_OIDC_ISSUER needs {' and '.join(empty)} beside it")
        known = parse_groups(groups, "CONSOLE_OIDC_GROUPS")
        return cls(Provider(issuer), client, secret, known, claim=claim, redirect=f"{public_url}{base_path}{CALLBACK}")

    async def begin(self, after: str) -> tuple[str, Pending]:
        """Return the address to send a browser to, and what its answer must fit.

        Raises:
            OidcFailed: the provider does not answer.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, after)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._client, "redirect_uri": self._redirect,
            "scope": "openid profile email", "state": pending.state, "nonce": pending.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = await self._provider.address("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", pending

    async def end(self, query: Mapping[str, str], pending: Pending | None) -> Identity:
        """Return whom the provider's answer names.

        Raises:
            OidcFailed: it fits no login of this browser, proves nothing, or names nobody who may enter.
        """
        if pending is None or not secrets.compare_digest(query.get("state", "").encode(), pending.state.encode()):
            raise OidcFailed("the answer fits no login of this browser")
        if "error" in query:
            raise OidcFailed(f"the provider says {query['error'][:60]!r}")
        if query.get("iss", self._provider.issuer).rstrip("/") != self._provider.issuer:
            raise OidcFailed("the answer is another provider's")
        code = query.get("code", "")
        if not code or len(code) > _LONGEST:
            raise OidcFailed("the answer has no code")
        given = await self._exchange(code, pending)
        claims = await self._claims(str(given["id_token"]), pending)
        if self._claim not in claims:  # some providers tell groups at their userinfo address alone
            claims = {**await self._provider.userinfo(str(given.get("access_token", "")), claims["sub"]), **claims}
        named = claims.get(self._claim)
        groups = [str(one) for one in named] if isinstance(named, list) else [named] if isinstance(named, str) else []
        found = identity_by_groups(_name(claims), groups, self._groups)
        if found is None:
            raise OidcFailed(f"{_name(claims)} is in none of the groups of CONSOLE_OIDC_GROUPS")
        return found

    async def _exchange(self, code: str, pending: Pending) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect,
            "code_verifier": pending.verifier, "client_id": self._client,
        }  # fmt: skip
        headers: dict[str, str] = {}
        if self._secret and await self._provider.takes_basic():
            shown = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(shown).decode()}"
        elif self._secret:
            form["client_secret"] = self._secret
        said = await self._provider.exchange(form, headers)
        token = said.get("id_token")
        if not isinstance(token, str) or len(token) > 4 * _LONGEST:
            raise OidcFailed("the provider gave no ID token")
        return said

    async def _claims(self, token: str, pending: Pending) -> dict[str, Any]:
        try:
            claims = await self._signed(token)
        except jwt.PyJWTError as error:
            raise OidcFailed(f"the ID token does not hold: {error}") from None
        if not secrets.compare_digest(str(claims["nonce"]).encode(), pending.nonce.encode()):
            raise OidcFailed("the ID token is of another login")
        if claims.get("azp", self._client) != self._client:
            raise OidcFailed("the ID token is another client's")
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        """Return what a token says that the provider has signed, for us, and that is not over."""
        name = jwt.get_unverified_header(token).get("kid")
        key = await self._provider.key(name)
        try:
            return self._read_token(token, key)
        except jwt.InvalidSignatureError:  # some providers change a key and keep its name
            return self._read_token(token, await self._provider.key(name, refused=key))

    def _read_token(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token, key, algorithms=ALGORITHMS, audience=self._client, issuer=self._provider.named, leeway=_LEEWAY,
            options={"require": _REQUIRED},
        )  # fmt: skip


def _name(claims: Mapping[str, Any]) -> str:
    """Return how histories name a person: by an address that the provider has verified, else by their name there."""
    email = claims.get("email") if claims.get("email_verified") is True else None
    said = str(email or claims.get("preferred_username") or claims["sub"])
    return "".join(one for one in said if one.isprintable())[:100]
