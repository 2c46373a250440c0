"""A page and the same as JSON, made of one read; what cannot be read is refused alike in both."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import web

from config.snapshot import Account
from ops.access import CommandError, NotFound
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, first_console, path_of, person
from ops.console.data.query import BadQuery

Read = Callable[[web.Request], Awaitable[dict[str, Any]]]
_SECONDS = 3.0
_TOLD: Final = "chatwootai_told"
"""Cookie of what was just done, for the page that is read next: neither address nor log has it."""
_TOLD_SECONDS: Final = 60
_MOST_TOLD: Final = 1_000
_QUERY: Final = re.compile(r"\?[!-~]{0,500}")


@dataclass(frozen=True, slots=True)
class View:
    """One read in two forms: JSON, and a template, where it is `found`."""

    template: str
    read: Read
    seconds: float = _SECONDS

    async def data(self, request: web.Request) -> web.Response:
        """Return it as JSON."""
        return await self._answer(request, data)

    async def page(self, request: web.Request) -> web.Response:
        """Return it as a page, which says first what was done just before, where that led to it."""
        told = unquote(request.cookies.get(_TOLD, ""))
        answer = await self.shown(request, told or None)
        if told:
            answer.del_cookie(_TOLD, path=_cookie_path(request, path_of(request)))
        return answer

    async def shown(self, request: web.Request, told: str | None, *, failed: bool = False) -> web.Response:
        """Return it as a page that says first what was just done, or why it was not."""
        accounts = await names_of_accounts(request)
        return await self._answer(
            request,
            lambda found: page(
                request, self.template, 409 if failed else 200, found=found, accounts=accounts, told=told, failed=failed
            ),
        )

    async def _answer(self, request: web.Request, answer: Callable[[dict[str, Any]], web.Response]) -> web.Response:
        try:
            async with asyncio.timeout(self.seconds):
                found = await self.read(request)
        except BadQuery as error:
            return refuse(request, 400, str(error))
        except NotFound as error:
            return refuse(request, 404, str(error))
        except (CommandError, ValueError) as error:  # a ValueError: encrypted, and no key here opens it
            return refuse(request, 409, str(error))
        return answer(found)


async def done(request: web.Request, page: str, told: str, *, anchor: str = "") -> web.Response:
    """Return a redirect to a page that says what was done: a reload of that does it no second time.

    The form's `next` says with which query, as the page was when it was sent.
    """
    wanted = str((await request.post()).get("next", "")).removeprefix(page)
    query = wanted if _QUERY.fullmatch(wanted) else ""
    answer = web.Response(status=303, headers={"Location": page + query + (f"#{quote(anchor)}" if anchor else "")})
    said, path = quote(told[:_MOST_TOLD]), _cookie_path(request, page)
    answer.set_cookie(_TOLD, said, max_age=_TOLD_SECONDS, httponly=True, samesite="Strict", path=path)
    return answer


def _cookie_path(request: web.Request, page: str) -> str:
    return first_console(request).environment.base_path + page


def account_key(request: web.Request) -> str | None:
    """Return the key of the account that is asked for: the viewer's own, else the one in the address; None: all."""
    return person(request).account or request.query.get("account") or None


async def account_of(request: web.Request) -> Account | None:
    """Return the account that is asked for; None: none is, or the configuration does not know it.

    Raises:
        NotFound: the configuration does not have the one that is asked for.
    """
    key = account_key(request)
    accounts = await console_of(request).accounts.all()
    if key is not None and key not in accounts:
        raise NotFound(f"there is no account {key[:64]} in the configuration that the console reads")
    return accounts[key] if key is not None else None


async def names_of_accounts(request: web.Request) -> dict[str, str]:
    """Return the names of the accounts that the viewer sees, by key."""
    accounts = await console_of(request).accounts.all()
    return {key: one.name for key, one in accounts.items() if person(request).sees(key)}


def actor(request: web.Request) -> str:
    """Return who acts, as histories and the audit name it."""
    return f"{person(request).name} (console)"
