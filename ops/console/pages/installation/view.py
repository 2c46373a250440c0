"""A page and the same as JSON, made of one read; what cannot be read is refused alike in both."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from config.snapshot import Account
from ops.access import CommandError, NotFound
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, person
from ops.console.data.query import BadQuery
from ops.console.notices import Notice

Read = Callable[[web.Request], Awaitable[dict[str, Any]]]
_SECONDS = 3.0


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
        """Return it as a page."""
        return await self.shown(request)

    async def shown(
        self, request: web.Request, *, wrong: str = "", asked: Mapping[str, str] | None = None
    ) -> web.Response:
        """Return it as a page. `wrong`: why a form's wish was not done; `asked`: what was typed into it."""
        accounts, notice = await names_of_accounts(request), Notice((wrong,), "bad") if wrong else None
        return await self._answer(
            request,
            lambda found: page(
                request, self.template, 409 if wrong else 200, notice=notice, found=found, accounts=accounts,
                asked=asked or {},
            ),
        )  # fmt: skip

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
