"""Answers in Chatwoot's place while it is replaced, moved or guarded: proxies, firewalls, gateways, logins."""

from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

_HTML: Final = "text/html; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    kind: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return it as a response."""
        kind = {"Content-Type": self.kind} if self.kind else {}
        return web.Response(status=self.status, body=self.body.encode(), headers=kind | self.headers)


def _html(title: str) -> str:
    return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"


PAGES: Final = {
    "traefik-404": Page(404, _TEXT, "404 page not found\n"),
    "nginx-404": Page(404, _HTML, _html("404 Not Found")),
    "rails-404": Page(404, _HTML, _html("The page you were looking for doesn't exist (404)")),
    "rails-404-json": Page(404, _JSON, '{"status":404,"error":"Not Found"}'),
    "another-app-404": Page(404, _JSON, '{"error":"Not Found"}'),
    "spring-404": Page(404, _JSON, '{"timestamp":"2026-11-28T10:00:00Z","status":404,"error":"Not Found","path":"/"}'),
    "kong-404": Page(404, _JSON, '{"message":"no Route matched with those values"}'),
    "firewall-403": Page(403, _HTML, _html("403 Forbidden")),
    "aws-403": Page(403, _JSON, '{"message":"Forbidden"}'),
    "cloudflare-403": Page(
        403, _HTML, _html("Sorry, you have been blocked"), {"CF-RAY": "8f0-GRU", "Server": "cloudflare"}
    ),
    "cloudflare-json": Page(403, "application/problem+json", '{"status":403,"title":"Error 1020","error_code":1020}'),
    "basic-401": Page(401, _HTML, _html("401 Authorization Required"), {"WWW-Authenticate": 'Basic realm="staging"'}),
    "kong-401": Page(401, _JSON, '{"message":"Unauthorized"}'),
    "empty-401": Page(401, "", ""),
    "login": Page(302, _HTML, "", {"Location": "https://sso.example.com/login?next=/api"}),
    "moved": Page(301, _HTML, "", {"Location": "https://new.example.com/"}),
    "maintenance": Page(200, _HTML, _html("We will be back soon")),
    "blank": Page(200, _HTML, ""),
    "proxy-407": Page(407, _HTML, _html("407 Proxy Authentication Required")),
    "misdirected-421": Page(421, _TEXT, "Misdirected Request"),
    "blocked-451": Page(451, _HTML, _html("451 Unavailable For Legal Reasons")),
    "cloudflare-521": Page(521, _HTML, _html("521: Web server is down")),
    "cloudflare-530": Page(530, _TEXT, "error code: 1033"),
    "gateway-502": Page(502, _HTML, _html("502 Bad Gateway")),
}
"""By name. None of them is Chatwoot's own word, whatever its status."""
