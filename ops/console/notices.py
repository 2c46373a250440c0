"""Notices of what a form did, said once on the page that it leads to; neither address, log nor Redis holds one."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson
from aiohttp import web

from ops.console.context import console_of, first_console, path_of

_SECONDS: Final = 60
"""Seconds after which a page that was never read says nothing any more."""
_MOST_CHARACTERS: Final = 2_000
_LARGEST: Final = 3_900
"""Characters of a cookie's value that every browser keeps."""
_TONES: Final = ("good", "warn", "bad")
_QUERY: Final = re.compile(r"\?[!-~]{0,500}")


@dataclass(frozen=True, slots=True)
class Notice:
    """Lines for people. `tone`: `good`, `warn` (done in part), or `bad` (not done)."""

    lines: tuple[str, ...]
    tone: str = "good"


def redirect(
    request: web.Request, to: str, lines: Iterable[str], tone: str = "good", *, anchor: str = ""
) -> web.Response:
    """Return a redirect to a page of ours that says what was done: a reload of it does it no second time."""
    answer = web.Response(status=303, headers={"Location": to + (f"#{quote(anchor)}" if anchor else "")})
    login = first_console(request).login
    answer.set_cookie(
        _cookie(request), _packed(unquote(to.partition("?")[0]), lines, tone), max_age=_SECONDS, httponly=True,
        samesite="Strict", path=login.path, secure=login.secure,
    )  # fmt: skip
    return answer


def outcome(
    request: web.Request, to: str, what: str, lines: Iterable[str], *, done: bool, anchor: str = ""
) -> web.Response:
    """Return a redirect to a page of ours that says whether a thing was done, in the viewer's language.

    `what`: the text on its button, by its key; `lines`: what the verb of a terminal prints, which is English.
    """
    pages = console_of(request).pages
    named = pages.said(request, "page.done" if done else "page.not_done", what=pages.said(request, what))
    return redirect(request, to, [named, *lines], "good" if done else "bad", anchor=anchor)


async def with_query_of_form(request: web.Request, page: str) -> str:
    """Return a page's address with the query that it had when its form was sent, as the form's `next` says."""
    wanted = str((await request.post()).get("next", "")).removeprefix(page)
    return page + wanted if _QUERY.fullmatch(wanted) else page


def notice_for(request: web.Request) -> Notice | None:
    """Return what was just done, where that led to this very page."""
    kept = request.cookies.get(_cookie(request), "")
    if not kept or len(kept) > _LARGEST:
        return None
    try:
        page, lines, tone = orjson.loads(base64.urlsafe_b64decode(kept.encode("ascii", "replace")))
    except (ValueError, TypeError):
        return None
    if page != path_of(request) or tone not in _TONES or not _are_texts(lines):
        return None
    return Notice(tuple(lines), tone)


def forget_notice(request: web.Request, answer: web.StreamResponse) -> None:
    """Let the browser forget it: it was said."""
    login = first_console(request).login
    answer.del_cookie(_cookie(request), path=login.path, secure=login.secure, httponly=True, samesite="Strict")


def _cookie(request: web.Request) -> str:
    return f"{first_console(request).login.cookie}_notice"


def _packed(page: str, lines: Iterable[str], tone: str) -> str:
    """Return it as a cookie's value, cut where a browser would keep none of it."""
    said, left = list(lines), _MOST_CHARACTERS
    while True:
        shown = [line[:left] for line in said[:20]]
        value = base64.urlsafe_b64encode(orjson.dumps([page, shown, tone])).decode()
        if len(value) <= _LARGEST:
            return value
        said, left = said[: max(1, len(said) // 2)], left // 2


def _are_texts(lines: Any) -> bool:
    return isinstance(lines, list) and all(isinstance(line, str) for line in lines)
