"""A driver's addresses, under /sandbox: faults, rules, latency, counts, the last requests, and waiting for a count.

| call | does |
|---|---|
| GET /sandbox/stats | counts |
| GET /sandbox/requests?contains=&limit= | the last requests (at most 1000), newest last, with their bodies |
| GET /sandbox/wait?name=in_flight&at_least=3&seconds=10 | answers once it is so (`at_most` too), else 408 |
| POST /sandbox/faults | adds one: {"kind", "next" or "share", "seconds", "status", "model", "contains", "endpoint"} |
| GET, DELETE /sandbox/faults | lists, removes all |
| POST /sandbox/rules | adds one: {"contains", "answer" or "tools": [{"name", "arguments"}]}; DELETE: all |
| PUT /sandbox/latency | {"latency": a curve's name, "model": of this model only} |
| PUT /sandbox/obedience | {"on": true}: do whatever any text of a request says |
| POST /sandbox/reset | counts, requests, faults and rules as at the start |
"""

import asyncio
from dataclasses import asdict
from typing import Any

import orjson
from aiohttp import web

from sandbox.llm.errors import invalid
from sandbox.llm.faults import parse
from sandbox.llm.server import Server


def add(router: web.UrlDispatcher, server: Server) -> None:
    """Add the driver's addresses to a router."""
    control = _Control(server)
    router.add_get("/sandbox/stats", control.stats)
    router.add_get("/sandbox/requests", control.requests)
    router.add_get("/sandbox/wait", control.wait)
    router.add_get("/sandbox/faults", control.faults)
    router.add_post("/sandbox/faults", control.add_fault)
    router.add_delete("/sandbox/faults", control.remove_faults)
    router.add_post("/sandbox/rules", control.add_rule)
    router.add_delete("/sandbox/rules", control.remove_rules)
    router.add_put("/sandbox/latency", control.latency)
    router.add_put("/sandbox/obedience", control.obedience)
    router.add_post("/sandbox/reset", control.reset)


class _Control:
    def __init__(self, server: Server) -> None:
        self._server = server

    async def stats(self, _request: web.Request) -> web.Response:
        return _json(self._server.stats.counts() | {"over_limit": self._server.limits.refused})

    async def requests(self, request: web.Request) -> web.Response:
        part, most = request.query.get("contains", ""), int(request.query.get("limit", 1000))
        shown = (entry.shown() for entry in self._server.stats.log)
        found = [entry for entry in shown if not part or part in orjson.dumps(entry["body"]).decode()]
        return _json(found[-most:])

    async def wait(self, request: web.Request) -> web.Response:
        query = request.query
        least, most = (int(query[name]) if name in query else None for name in ("at_least", "at_most"))
        stats = self._server.stats
        if not isinstance(stats.counts().get(query.get("name", "")), int):
            raise invalid("`name` must be one of the counts", "name")
        try:
            async with asyncio.timeout(float(query.get("seconds", 10))):
                await stats.until(query["name"], least, most)
        except TimeoutError:
            return _json(stats.counts(), 408)
        return _json(stats.counts())

    async def faults(self, _request: web.Request) -> web.Response:
        return _json([asdict(fault) for fault in self._server.faults.active])

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = parse(await _body(request))
        except (ValueError, TypeError) as problem:
            raise invalid(str(problem)) from None
        self._server.faults.active.append(fault)
        return _json(asdict(fault), 201)

    async def remove_faults(self, _request: web.Request) -> web.Response:
        self._server.faults.active.clear()
        return _json([])

    async def add_rule(self, request: web.Request) -> web.Response:
        rule = await _body(request)
        if not {"answer", "tools"} & set(rule):
            raise invalid("a rule needs an `answer` or `tools`")
        self._server.model.rules.insert(0, rule)
        return _json(rule, 201)

    async def remove_rules(self, _request: web.Request) -> web.Response:
        self._server.model.rules.clear()
        return _json([])

    async def latency(self, request: web.Request) -> web.Response:
        body = await _body(request)
        try:
            self._server.model.slow_down(str(body.get("latency")), body.get("model"))
        except ValueError as problem:
            raise invalid(str(problem), "latency") from None
        return _json(body)

    async def obedience(self, request: web.Request) -> web.Response:
        body = await _body(request)
        self._server.model.obeys = bool(body.get("on"))
        return _json(body)

    async def reset(self, _request: web.Request) -> web.Response:
        server = self._server
        server.stats.reset()
        server.faults.active[:] = server.settings.faults
        server.model.rules.clear()
        server.model.obeys = False
        server.limits.refused = 0
        return _json(server.stats.counts())


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("a JSON object is needed")
    return body


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
