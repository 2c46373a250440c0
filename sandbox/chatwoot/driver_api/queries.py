"""Readings of the installation, conversations, events as they come, calls, refusals, deliveries."""

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.chatwoot.driver_api import state
from sandbox.chatwoot.driver_api.request import Ask, drive
from sandbox.chatwoot.sending.journal import Journal
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.records import Json

_LONGEST_WAIT = 60.0


def routes() -> list[web.RouteDef]:
    """Return all routes that only look."""
    return [
        drive("GET", "/accounts", accounts),
        drive("GET", "/conversations", conversations),
        drive("GET", "/accounts/{account}/conversations/{conversation}", conversation),
        drive("GET", "/events", events),
        drive("GET", "/stream", stream),
        drive("GET", "/calls", calls),
        drive("GET", "/refusals", refusals),
        drive("GET", "/deliveries", deliveries),
        drive("GET", "/turns/{turn}", turn),
        drive("GET", "/installation", installation),
    ]


async def accounts(ask: Ask) -> list[Json]:
    """Return all accounts with their inboxes and teammates."""
    return [state.account(ask.world, account) for account in ask.world.accounts.values()]


async def conversations(ask: Ask) -> list[Json]:
    """Return all conversations, the newest activity first; `account` narrows."""
    wanted = ask.request.query.get("account")
    found = [t for t in ask.world.conversations.values() if wanted in (None, str(t.account_id))]
    found.sort(key=lambda thread: thread.last_activity_at, reverse=True)
    return [state.summary(ask.app_context, thread) for thread in found]


async def conversation(ask: Ask) -> Json:
    """Return one conversation with its messages."""
    return state.conversation(ask.app_context, ask.thread())


def _filters(ask: Ask, **fixed: Any) -> Any:
    """Return filters of the query: each named field of an entry has to equal it; `name` may list several, by commas."""
    query = ask.request.query
    plain = {key: query[key] for key in query if key not in ("after", "timeout", "name", "event", "limit")}
    names = {word for key in ("name", "event") for word in query.get(key, "").split(",") if word}

    def matches(entry: Json) -> bool:
        named = not names or entry.get("name") in names or entry.get("event") in names
        return named and all(str(entry.get(key)).lower() == value.lower() for key, value in plain.items())

    return matches


async def _read_journal(ask: Ask, journal: Journal, extra: Any = None) -> Json:
    matches = _filters(ask)
    wanted = matches if extra is None else lambda entry: extra(entry) and matches(entry)
    after, timeout = int(ask.number("after", 0)), min(ask.number("timeout", 0), _LONGEST_WAIT)
    found = await journal.wait(after, wanted, timeout) if timeout > 0 else journal.after(after, wanted)
    return {"last": found[-1]["n"] if found else max(after, 0), "newest": journal.last, "entries": found}


async def events(ask: Ask) -> Json:
    """Return events newer than `after`; wait up to `timeout` seconds for the first.

    Filters: name, account, conversation.
    """
    return await _read_journal(ask, ask.app_context.events)


async def calls(ask: Ask) -> Json:
    """Return API calls received: with whose kind of token, and what they were answered."""
    return await _read_journal(ask, ask.app_context.calls)


async def refusals(ask: Ask) -> Json:
    """Return API calls that Chatwoot itself refused: not those that a fault struck."""
    return await _read_journal(ask, ask.app_context.calls, lambda entry: entry["refused"] is not None)


async def deliveries(ask: Ask) -> Json:
    """Return webhooks sent, with every attempt and its answer. Filters: sender, event, conversation, done ..."""
    return await _read_journal(ask, ask.app_context.dispatcher.journal)


async def turn(ask: Ask) -> Json:
    """Return the steps of a turn, from whoever keeps them; null where nobody does."""
    trace = ask.app_context.trace
    id_ = ask.request.match_info["turn"]
    return {"turn": id_, "trace": await trace(id_) if trace and len(id_) <= 200 else None}


async def installation(ask: Ask) -> Json:
    """Return the mapping that serves this sandbox and what its names stand for."""
    url = f"{ask.request.scheme}://{ask.request.host}"
    return {"mapping": seed.mapping(ask.world), "environ": seed.environ(ask.world, url)}


async def stream(ask: Ask) -> web.StreamResponse:
    """Send events as server-sent events, from `after` or Last-Event-ID on."""
    journal = ask.app_context.events
    start = ask.request.headers.get("Last-Event-ID", "")
    at = int(start) if start.isdigit() else int(ask.number("after", journal.last))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(ask.request)
    await response.write(b"retry: 1000\n: hello\n\n")
    try:
        while True:
            found = await journal.wait(at, timeout=15)
            at = found[-1]["n"] if found else at
            lines = [f"id: {entry['n']}\ndata: {json.dumps(entry)}\n\n" for entry in found] or [": still here\n\n"]
            await response.write("".join(lines).encode())
    except (ConnectionResetError, asyncio.CancelledError):
        return response
