"""An account's draft: what it would change, whether it may be put in force, and doing so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from chatwootai.telemetry import log
from ops.access import CommandError, NotFound
from ops.console.access.identity import Role
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, person
from ops.console.data.answer_drafts import ACTIONS, COMMANDS, AnswerDesk, written_answer, written_record
from ops.console.notices import outcome
from ops.versions.draft_actions import draft_as_json
from ops.versions.drafts import DraftView

_SECONDS = 30.0
_log = log.get("console")


async def desk_of(request: web.Request) -> AnswerDesk:
    """Return the desk at which the person behind a request handles drafts."""
    console, who = console_of(request), person(request)
    alone = who.role is not Role.OPERATOR
    return AnswerDesk(console.connection, await console.accounts.all(), f"{who.name} (console)", alone=alone)


async def draft_page(request: web.Request) -> web.Response:
    """Return the page of a draft."""
    return await _page(request)


async def draft_data(request: web.Request) -> web.Response:
    """Return a draft as JSON."""
    try:
        found = await _view(request)
    except CommandError as error:
        return data({"error": str(error)}, 409)
    return refuse(request, 404) if found is None else data({**draft_as_json(found), "gate": _gate(request)})


async def drafts_data(request: web.Request) -> web.Response:
    """Return which accounts have a draft."""
    who, found = person(request), await (await desk_of(request)).all()
    shown = [{"account": one.account, "at": one.at, "by": one.by} for one in found if who.sees(one.account)]
    return data({"drafts": shown})


async def add_answer_data(request: web.Request) -> web.Response:
    """Write an answer into the account's draft, and return the draft."""
    return await _add(request, "an object of name, questions, answer and language", add_answer)


async def add_record_data(request: web.Request) -> web.Response:
    """Write a record of knowledge into the account's draft, and return the draft."""
    return await _add(request, "an object of source, record, questions, content, title and url", add_record)


async def add_answer(request: web.Request, sent: Mapping[str, Any]) -> None:
    """Write what was sent into the account's draft as a curated answer.

    Raises:
        CommandError: it cannot be written so.
    """
    await (await desk_of(request)).add(request.match_info["account"], written_answer(sent))


async def add_record(request: web.Request, sent: Mapping[str, Any]) -> None:
    """Write what was sent into the account's draft as a record of knowledge.

    Raises:
        CommandError: it cannot be written so.
    """
    await (await desk_of(request)).add_record(request.match_info["account"], written_record(sent))


async def _add(
    request: web.Request, wanted: str, add: Callable[[web.Request, Mapping[str, Any]], Awaitable[None]]
) -> web.Response:
    try:
        sent = orjson.loads(await request.read())
    except ValueError:
        sent = None
    if not isinstance(sent, Mapping):
        return refuse(request, 400, wanted)
    try:
        await add(request, sent)
    except CommandError as error:
        return data({"error": str(error)}, 409)
    return await draft_data(request)


async def act(request: web.Request) -> web.Response:
    """Publish or drop a draft, and go to its page, which says what was done, why it cannot be, or how its cases run."""
    status, told = await _act(request)
    to = f"/drafts/{quote(request.match_info['account'], safe='')}"
    if status == 202:
        return web.Response(status=303, headers={"Location": to})
    return outcome(request, to, f"teach.{request.match_info['action']}", told, done=status == 200)


async def act_data(request: web.Request) -> web.Response:
    """Publish or drop a draft, and return what was done, as JSON."""
    status, told = await _act(request)
    if status == 202:
        return data({"gate": _gate(request)}, status)
    return data({"done": told} if status == 200 else {"error": " ".join(told)}, status)


async def _is_judged_first(request: web.Request, account: str) -> bool:
    """Begin to run the cases that are demanded of a draft, which is published once they are green; False: none are."""
    desk = await desk_of(request)
    demanded = await desk.demanded(account)
    if demanded is None:
        return False
    sources, accounts = demanded
    publish = partial(desk.publish_judged, account)
    console_of(request).gates.start(account, sources, accounts, person(request).name, publish)
    _log.info("console_acted", action="draft gate", by=person(request).name, account=account)
    return True


def _gate(request: web.Request) -> dict[str, Any] | None:
    run = console_of(request).gates.last(request.match_info["account"])
    return run.as_json() if run else None


async def _act(request: web.Request) -> tuple[int, list[str]]:
    action, account = request.match_info["action"], request.match_info["account"]
    if action not in ACTIONS:
        raise web.HTTPNotFound
    try:
        async with asyncio.timeout(_SECONDS):
            if action == "publish" and await _is_judged_first(request, account):
                return 202, []
            console_of(request).gates.forget(account)
            told = await (await desk_of(request)).act(action, account)
    except NotFound as error:
        return 404, [str(error)]
    except CommandError as error:
        return 409, [str(error)]
    _log.info("console_acted", action=f"draft {action}", by=person(request).name, account=account)
    return 200, told


async def _view(request: web.Request) -> DraftView | None:
    async with asyncio.timeout(_SECONDS):
        return await (await desk_of(request)).view(request.match_info["account"])


async def _page(request: web.Request) -> web.Response:
    account = request.match_info["account"]
    values: dict[str, Any] = {"found": None, "trouble": ""}
    try:
        values["found"] = await _view(request)
    except CommandError as error:
        values["trouble"] = str(error)
    return page(
        request,
        "draft.html",
        account=account,
        company=console_of(request).accounts.name(account),
        gate=_gate(request),
        actions={name: line.format(account=account) for name, line in COMMANDS.items()},
        **values,
    )
