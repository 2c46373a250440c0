"""One conversation: why each turn ended as it did, and what may be done about it."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.stores.operators.thumbs import REASONS
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from config.snapshot import Account
from ops.access import CommandError, NotFound
from ops.console.access.identity import Identity, Role
from ops.console.answers import data, page, refuse
from ops.console.context import QUERY_SECONDS, Console, console_of, consoles_of, person
from ops.console.data.actions import ACTIONS, COMMANDS, Desk
from ops.console.data.conversation import Known, as_json, read_conversation
from ops.console.data.transcript import read_transcript
from ops.console.notices import outcome
from ops.console.view.reasons import reason_sentence
from ops.console.view.texts import DEFAULT, texts
from ops.jobs.lookup import Target, find_target

_ACTION_SECONDS = 20.0
_FIND_SECONDS = 6.0
"""A contact, or a message by its address, is looked for in Chatwoot."""
_LONGEST, _DIGITS = 64, 15
"""Characters of an account's key, and digits of a display id."""
_log = log.get("console")


async def conversation_data(request: web.Request) -> web.Response:
    """Return what is known of a conversation, in ids, counts and moments."""
    known = await _known(request)
    return refuse(request, 404) if known is None else data(shown_conversation(request, known, "en"))


async def conversation_page(request: web.Request) -> web.Response:
    """Return the page of a conversation."""
    console, who = console_of(request), person(request)
    account, _, digits = conv_of(request).rpartition(":")
    number = int(digits)
    accounts = await console.accounts.all()
    found, transcript = await asyncio.gather(
        _known(request),
        read_transcript(accounts.get(account), number, words=who.words and who.role is not Role.VIEWER),
    )
    if found is None and transcript.status is None:
        return refuse(request, 404)
    shown = shown_conversation(request, found, console.pages.language(request)) if found else None
    return page(
        request,
        "conversation.html",
        conv=conv_of(request),
        account=account,
        number=number,
        company=console.accounts.name(account),
        known=shown,
        transcript=transcript,
        owner=_OWNERS.get(transcript.status or "") or (shown or {}).get("owner"),
        actions={name: line.format(conv=conv_of(request)) for name, line in COMMANDS.items()} if _may(who) else {},
        thumb_reasons=REASONS,
    )


async def act_data(request: web.Request) -> web.Response:
    """Do something about a conversation, and return what was done, as JSON."""
    status, told = await _act(request, hand_back=request.query.get("hand_back") == "1")
    return data({"done": told} if status == 200 else {"error": " ".join(told)}, status)


async def act(request: web.Request) -> web.Response:
    """Do something about a conversation, and go to its page, which says what was done, or why it cannot be."""
    form = await request.post()
    status, told = await _act(request, hand_back=form.get("hand_back") == "1")
    account, _, number = conv_of(request).rpartition(":")
    to = f"/conversations/{quote(account, safe='')}/{number}"
    return outcome(request, to, f"action.{request.match_info['action']}", told, done=status == 200)


async def find(request: web.Request) -> web.Response:
    """Go to the conversation that a word names, as `jobs show` takes it: 1:25, a turn, a delivery, a contact."""
    console, who = console_of(request), person(request)
    word = request.query.get("what", "").strip()[:200]
    accounts = {key: one for key, one in (await console.accounts.all()).items() if who.sees(key)}
    try:
        async with asyncio.timeout(_FIND_SECONDS):
            target = await _find_on_shards(consoles_of(request), word, accounts)
    except CommandError:
        return refuse(request, 404)
    account, _, conversation = target.conv.rpartition(":")
    if not who.sees(account) or not conversation.isdigit():
        return refuse(request, 404)
    anchor = f"#{quote(target.turn)}" if target.turn else ""
    address = f"/conversations/{quote(account, safe='')}/{conversation}{anchor}"
    return web.Response(status=303, headers={"Location": address})


async def _find_on_shards(consoles: Sequence[Console], word: str, accounts: Mapping[str, Account]) -> Target:
    """Look a word up on each shard until it is found.

    Raises:
        CommandError: it is on none that answers.
        StoreUnavailable: none of them answers.
    """
    missing: list[NotFound] = []
    away: list[StoreUnavailable] = []
    for console in consoles:
        try:
            return await find_target(console.connection, word, lambda: accounts, one=False)
        except NotFound as error:
            missing.append(error)
        except StoreUnavailable as error:
            away.append(error)
    raise missing[0] if missing else away[0]


def conv_of(request: web.Request) -> str:
    """Return the name of the conversation that a path names; one that can be none is not found."""
    account, number = request.match_info["account"], request.match_info["id"]
    if len(account) > _LONGEST or not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise web.HTTPNotFound
    return f"{account}:{int(number)}"


async def _known(request: web.Request) -> Known | None:
    async with asyncio.timeout(QUERY_SECONDS):
        return await read_conversation(console_of(request).connection, conv_of(request))


def shown_conversation(request: web.Request, known: Known, language: str) -> dict[str, Any]:
    """Return a conversation with each turn's reason in a sentence."""
    text = partial(console_of(request).pages.text, language)
    shown = as_json(known)
    for turn in shown["turns"]:
        turn["reason"] = reason_sentence(turn, language, text, lambda key: key in texts(DEFAULT))
    return shown


_OWNERS = {"pending": "bot", "open": "people", "snoozed": "people", "resolved": "nobody"}
"""Owners by a conversation's status at Chatwoot."""


def _may(who: Identity) -> bool:
    return who.role is not Role.VIEWER


async def _act(request: web.Request, *, hand_back: bool) -> tuple[int, list[str]]:
    """Do what the path names; the status, and what was done or why it cannot be."""
    console, who = console_of(request), person(request)
    action = request.match_info["action"]
    if action not in ACTIONS:
        raise web.HTTPNotFound
    desk = Desk(console.connection, console.environment.config, await console.accounts.all(), f"{who.name} (console)")
    try:
        async with asyncio.timeout(_ACTION_SECONDS):
            told = await desk.act(action, conv_of(request), hand_back=hand_back)
    except NotFound as error:
        return 404, [str(error)]
    except CommandError as error:
        return 409, [str(error)]
    _log.info("console_acted", action=action, by=who.name, conversation=conv_of(request))
    return 200, told
