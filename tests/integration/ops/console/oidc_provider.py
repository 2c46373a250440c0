"""A small OpenID Connect provider over HTTP, as strict as the specifications ask: codes once, PKCE, addresses."""

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "console", "s:ecret %"


def _new_key(name: str) -> tuple[str, rsa.RSAPrivateKey]:
    return name, rsa.generate_private_key(public_exponent=65_537, key_size=2048)


@dataclass
class Company:
    """The provider. `claims`: further ones of its ID tokens; `spoil`: changes them before they are signed."""

    redirect: str
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[dict[str, Any]], object] = lambda _: None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: tuple[str, rsa.RSAPrivateKey] = field(default_factory=lambda: _new_key("one"))
    signs_with: tuple[str, rsa.RSAPrivateKey] | None = None
    asked_for_keys: int = 0
    said_issuer: str | None = None
    userinfo: dict[str, Any] = field(default_factory=dict)

    def rotate(self, name: str) -> None:
        self.key = _new_key(name)

    async def discovery(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.said_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}),
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def keys(self, _: web.Request) -> web.Response:
        self.asked_for_keys += 1
        name, key = self.key
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": name, "use": "sig", "alg": "RS256"}]})

    async def authorize(self, request: web.Request) -> web.Response:
        """Log everybody in at once, as a provider does for whom it knows already."""
        asked = dict(request.query)
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == self.redirect
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return web.Response(status=303, headers={"Location": f"{self.redirect}?{back}"})

    async def token(self, request: web.Request) -> web.Response:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        login, _, password = base64.b64decode(shown).decode().partition(":")
        form = await request.post()
        asked = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        fits = (
            asked is not None
            and (scheme, unquote(login), unquote(password)) == ("Basic", CLIENT, SECRET)
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if not fits or asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "access", "token_type": "Bearer", "id_token": self._id_token(asked)})

    async def tell_more(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer access"
        return web.json_response(self.userinfo)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60, "nonce": asked["nonce"],
            **self.claims,
        }  # fmt: skip
        self.spoil(claims)
        name, key = self.signs_with or self.key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": name})


@asynccontextmanager
async def provider(redirect: str) -> AsyncIterator[Company]:
    """Yield a provider that sends people back to one address alone."""
    company = Company(redirect)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", company.discovery)
    app.router.add_get("/keys", company.keys)
    app.router.add_get("/authorize", company.authorize)
    app.router.add_post("/token", company.token)
    app.router.add_get("/userinfo", company.tell_more)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    company.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield company
    finally:
        await runner.cleanup()
