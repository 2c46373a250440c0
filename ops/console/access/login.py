"""Finds the person behind a request: by its token, by a proxy's word, or by the session that its cookie names."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web

from chatwootai.stores.operators.console_sessions import SESSION_SECONDS, ConsoleSessions
from chatwootai.stores.operators.console_tokens import ConsoleToken, ConsoleTokens
from chatwootai.stores.server.connection import Connection
from ops.console.access.identity import Identity, Role
from ops.console.access.proxy import Proxy
from ops.console.environment import below_base

COOKIE: Final = "chatwootai_console"
EMBEDDED_COOKIE: Final = "chatwootai_embedded"
EMBEDDED: Final = "/embed/"
"""Head of the paths that Chatwoot shows in a frame: a browser sends no other cookie there."""
_MOST_CHARACTERS: Final = 512
_LONGEST_PENDING: Final = 2_048


class Login:
    """Ways to log in, and the sessions that were opened by them."""

    def __init__(
        self, connection: Connection, public_url: str = "", proxy: Proxy | None = None, base_path: str = ""
    ) -> None:
        self.tokens = ConsoleTokens(connection)
        self.sessions = ConsoleSessions(connection)
        self.proxy = proxy
        self._secure = public_url.startswith("https://")
        self._base = base_path

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach it over HTTPS: cookies are for that alone."""
        return self._secure

    @property
    def cookie(self) -> str:
        """Return the cookie's name: over HTTPS one that no other host can set."""
        return f"{self._head}{COOKIE}"

    @property
    def embedded_cookie(self) -> str:
        """Return the name of the cookie of pages inside Chatwoot."""
        return f"{self._head}{EMBEDDED_COOKIE}"

    @property
    def _head(self) -> str:
        """Return the head of cookies' names; browsers take `__Host-` with the path `/` alone."""
        return "" if not self._secure else "__Secure-" if self._base else "__Host-"

    @property
    def path(self) -> str:
        """Return the path of cookies: what else the host serves is sent none of them."""
        return self._base or "/"

    async def who(self, request: web.Request) -> Identity | None:
        """Return the person behind a request; None where nobody is logged in.

        Raises:
            StoreUnavailable: Redis is away.
        """
        scheme, _, said = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = await self.check(said.strip())
            return identity_of(token) if token else None
        if self.proxy is not None and (named := self.proxy.who(request)):
            return named
        inside = (
            request.cookies.get(self.embedded_cookie, "")
            if below_base(self._base, request.path).startswith(EMBEDDED)
            else ""
        )
        cookie = inside or request.cookies.get(self.cookie, "")
        if not cookie or len(cookie) > _MOST_CHARACTERS:
            return None
        session = await self.sessions.read(cookie)
        return await self._of_session(session.who) if session else None

    async def check(self, token: str) -> ConsoleToken | None:
        """Return the token that somebody typed or sent; None where it is none that is valid.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await self.tokens.check(token) if len(token) <= _MOST_CHARACTERS else None

    async def _of_session(self, who: Mapping[str, Any]) -> Identity | None:
        """Return whom a session stands for. A token's rights are looked up each time: revoked, it opens nothing."""
        if "token" in who:
            token = await self.tokens.read(str(who["token"]))
            return identity_of(token) if token else None
        return Identity(**{**who["identity"], "role": Role(who["identity"]["role"])})

    async def open(self, response: web.StreamResponse, who: Identity, seconds: float = SESSION_SECONDS) -> None:
        """Open a session for a person, at the longest for so many seconds, and set its cookie.

        Raises:
            StoreUnavailable: Redis is away.
        """
        cookie = await self._opened(who, seconds)
        response.set_cookie(self.cookie, cookie, httponly=True, samesite="Lax", path=self.path, secure=self._secure)

    async def open_embedded(self, response: web.StreamResponse, who: Identity) -> None:
        """Open a session for pages inside Chatwoot: its cookie is kept apart for each site that shows them.

        Raises:
            StoreUnavailable: Redis is away.
        """
        cookie = await self._opened(who, SESSION_SECONDS)
        flags = f"Path={self.path}; HttpOnly; Secure; SameSite=None; Partitioned"
        response.headers.add("Set-Cookie", f"{self.embedded_cookie}={cookie}; {flags}")

    async def _opened(self, who: Identity, seconds: float) -> str:
        kept: dict[str, Any] = {"token": who.token} if who.token else {"identity": asdict(who)}
        cookie = await self.sessions.open(kept, seconds)
        if who.token:
            await self.tokens.note_use(who.token)
        return cookie

    def keep_pending(self, response: web.StreamResponse, value: str, seconds: int) -> None:
        """Keep a login that goes on elsewhere, in a cookie of its own."""
        response.set_cookie(
            f"{self.cookie}_login", value, max_age=seconds, httponly=True, samesite="Lax", path=self.path,
            secure=self._secure,
        )  # fmt: skip

    def pending(self, request: web.Request) -> str:
        """Return what `keep_pending` kept; empty where there is nothing, or what cannot be ours."""
        value = request.cookies.get(f"{self.cookie}_login", "")
        return value if len(value) <= _LONGEST_PENDING else ""

    def forget_pending(self, response: web.StreamResponse) -> None:
        """Forget it: an answer fits once."""
        response.del_cookie(f"{self.cookie}_login", path=self.path, secure=self._secure, httponly=True, samesite="Lax")

    async def close(self, request: web.Request, response: web.StreamResponse) -> None:
        """End the session of a request, and take its cookie back.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if cookie := request.cookies.get(self.cookie):
            await self.sessions.close(cookie)
        response.del_cookie(self.cookie, path=self.path, secure=self._secure, httponly=True, samesite="Lax")


def identity_of(token: ConsoleToken) -> Identity | None:
    """Return whom a token stands for; None where this release does not know its role."""
    if token.role not in set(Role):
        return None
    role = Role(token.role)
    return Identity(role=role, account=token.account, words=token.words, name=token.name, token=token.id)
