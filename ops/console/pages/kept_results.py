"""Answers to questions of a form: kept in memory, and shown on the page that the form leads to."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ops.console.answers import is_data
from ops.console.context import console_of, person


def to_result(request: web.Request, account: str, result: Mapping[str, Any], page: str) -> web.Response:
    """Return a redirect to a page that shows a result: a reload of it asks nothing again."""
    name = console_of(request).results.keep(person(request), account, result)
    return web.Response(status=303, headers={"Location": f"{page}{'&' if '?' in page else '?'}result={name}"})


def kept_result(request: web.Request, account: str) -> Mapping[str, Any]:
    """Return the result that a page's address names; empty where it names none, or it is kept no more."""
    name = request.query.get("result", "")
    if not name or is_data(request):
        return {}
    return console_of(request).results.read(person(request), account, name) or {"gone": True}
