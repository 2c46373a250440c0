"""Accounts and their connections to Chatwoot."""

import time
from typing import Any

from aiohttp import web

from ops.console.context import console_of, person
from ops.console.data.installation.connections import chosen, read_connections, read_tokens
from ops.console.data.query import read_word
from ops.console.pages.installation.view import View, account_key, account_of


async def _read_page(request: web.Request) -> dict[str, Any]:
    console = console_of(request)
    accounts = await console.accounts.all()
    page, further = chosen(accounts, account_key(request), read_word(request.query, "after"))
    return {
        "account": account_key(request),
        "connections": await read_connections(console.connection, page, time.time()),
        "after": further,
        "known": len(accounts) if person(request).account is None else len(page),
        "tokens": await _tokens(request),
    }


async def _tokens(request: web.Request) -> list[dict[str, Any]] | None:
    """Return what Chatwoot says of the account's tokens, where that is asked for."""
    if request.query.get("tokens") != "1" or account_key(request) is None:
        return None
    account = await account_of(request)
    return await read_tokens(account) if account else None


connections = View("connections.html", _read_page, seconds=10.0)
