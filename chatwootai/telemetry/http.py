"""GET /healthz, /readyz and /metrics, the same for ingress and worker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final

import orjson
from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

CHECK_SECONDS: Final = 1.0  # an orchestrator's probe gives up soon after; a hung dependency is an unavailable one


class Status(StrEnum):
    """State of a dependency, from best to worst."""

    OK = "ok"
    DEGRADED = "degraded"  # away or limping, but messages are still taken
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency's state. `detail` is shown as it is: no secrets, no addresses with credentials.

    `near`: shown to this machine alone, beside `detail`: names of accounts, files and endpoints.
    """

    status: Status
    detail: Mapping[str, Any] = field(default_factory=dict)
    near: Mapping[str, Any] = field(default_factory=dict)


_FORWARDED: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
Checks = Mapping[str, Callable[[], Awaitable[Check]]]

_WORST: Final = {Status.OK: 0, Status.DEGRADED: 1, Status.UNAVAILABLE: 2}


def routes(checks: Checks) -> list[web.RouteDef]:
    """Handlers to add to an application: `app.add_routes(routes(checks))`.

    /readyz answers 503 when any check is unavailable; one that only limps says degraded, which is 200. Names are told
    to this machine alone, and not through a proxy on it.
    """

    async def readyz(request: web.Request) -> web.Response:
        return await _readiness(checks, near=_is_near(request))

    return [web.get("/healthz", _healthz), web.get("/readyz", readyz), web.get("/metrics", _metrics)]


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(body=b'{"status":"ok"}', content_type="application/json")


async def _metrics(request: web.Request) -> web.Response:
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(REGISTRY), headers={"Content-Type": content_type})


def _is_near(request: web.Request) -> bool:
    """Tell whether a request was made on this machine itself, and forwarded by nobody."""
    return is_loopback(request.remote) and _FORWARDED.isdisjoint(name.lower() for name in request.headers)


def is_loopback(address: str | None) -> bool:
    """Tell whether an address of a connection's other end is this machine's own."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


async def _readiness(checks: Checks, *, near: bool) -> web.Response:
    results = await asyncio.gather(*(_run(check) for check in checks.values()))
    worst = max((result.status for result in results), key=_WORST.__getitem__, default=Status.OK)
    named = zip(checks, results, strict=True)
    body = {"status": worst, "checks": {name: _shown(one, near=near) for name, one in named}}
    return web.Response(
        status=503 if worst is Status.UNAVAILABLE else 200, body=orjson.dumps(body), content_type="application/json"
    )


def _shown(one: Check, *, near: bool) -> dict[str, Any]:
    return {"status": one.status, **one.detail, **(one.near if near else {})}


async def _run(check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return Check(Status.UNAVAILABLE, {"error": f"no answer within {CHECK_SECONDS:g} s"})
    except Exception as error:  # noqa: BLE001 - a probe must answer whatever a check does
        return Check(Status.UNAVAILABLE, {"error": type(error).__name__})
