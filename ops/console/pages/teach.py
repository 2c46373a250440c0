"""Teach: a corrected answer for an account's draft, and what people answered after handoffs, grouped by meaning."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.stores.operators.worker_requests import RequestFailed
from chatwootai.telemetry import log
from config.settings.answers import Answer, normalise_question
from ops.access import CommandError
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, person
from ops.console.notices import outcome
from ops.console.pages import drafts
from ops.console.pages.account_requests import account_chooser, read_sent
from ops.console.pages.drafts import desk_of
from ops.console.pages.kept_results import kept_result, to_result
from ops.console.pages.turn_words import words_of_turn
from ops.versions.draft_records import record_sources

_FIELDS = ("name", "questions", "answer", "language", "source", "record", "title")
_MOST_DAYS = 30
choose_account = account_chooser("/teach")
_log = log.get("console")


async def teach_page(request: web.Request) -> web.Response:
    """Return the page, its form filled as the address says, or with the turn that it names."""
    if kept := kept_result(request, request.match_info["account"]):
        return await _page(request, {}, result=kept)
    words = await words_of_turn(request)
    filled = {"questions": words.question, "answer": words.answered} if words else {}
    form, cited = {**filled, **request.query}, words.cited if words else ()
    return await _page(request, form, trouble=words.trouble if words else "", cited=cited)


async def add_answer(request: web.Request) -> web.Response:
    """Write a curated answer, or with `kind=record` a record of knowledge, into the account's draft, and go to it."""
    account, form = request.match_info["account"], await request.post()
    try:
        await (drafts.add_record if form.get("kind") == "record" else drafts.add_answer)(request, form)
    except CommandError as error:
        return await _page(request, form, status=409, wrong=str(error))
    return web.Response(status=303, headers={"Location": f"/drafts/{quote(account, safe='')}"})


async def suggest(request: web.Request) -> web.Response:
    """Have handoffs looked through, and go to the page with what was found."""
    account, form = request.match_info["account"], await request.post()
    if not person(request).words:
        return refuse(request, 403)
    to, days = f"/teach/{quote(account, safe='')}", form.get("days")
    try:
        found = await _suggestions(request, account, days)
    except RequestFailed as error:
        return outcome(request, to, "teach.look", [str(error)], done=False)
    return to_result(request, account, {"found": found, "days": str(days or "")}, to)


async def suggestions_data(request: web.Request) -> web.Response:
    """Have handoffs of an account looked through, and return what was found as JSON."""
    sent = await read_sent(request, "account and days")
    if isinstance(sent, web.Response):
        return sent
    if not person(request).words:
        return refuse(request, 403)
    try:
        return data(await _suggestions(request, sent["account"], sent.get("days")))
    except RequestFailed as error:
        return data({"error": str(error)}, 409)


async def _suggestions(request: web.Request, account: str, days: Any) -> dict[str, Any]:
    text = str(days or 7)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= _MOST_DAYS):
        raise RequestFailed(f"days: from 1 to {_MOST_DAYS}")
    found = await console_of(request).requests.ask("suggest", {"account": account, "days": int(text)})
    _log.info("console_suggested", by=person(request).name, account=account, groups=len(found["groups"]))
    return found


async def _page(
    request: web.Request,
    form: Mapping[str, Any],
    *,
    status: int = 200,
    wrong: str = "",
    trouble: str = "",
    result: Mapping[str, Any] | None = None,
    cited: Sequence[tuple[str, str]] = (),
) -> web.Response:
    console, account = console_of(request), request.match_info["account"]
    accounts = await console.accounts.all()
    answers = accounts[account].settings.answers if account in accounts else {}
    sources = record_sources(accounts[account]) if account in accounts else []
    asked = {name: str(form.get(name, "")) for name in _FIELDS}
    if not asked["record"]:  # the record that the answer was made from is the one to put right
        asked["source"], asked["record"] = next((one for one in cited if one[0] in sources), (asked["source"], ""))
    return page(
        request,
        "teach.html",
        status,
        account=account,
        company=console.accounts.name(account),
        asked=asked,
        already=_already(asked["questions"], answers),
        answers=answers,
        sources=sources,
        cited=cited,
        drafted=await (await desk_of(request)).has_draft(account),
        wrong=wrong,
        trouble=trouble,
        found=(result or {}).get("found"),
        days=(result or {}).get("days"),
        gone="gone" in (result or {}),
    )


def _already(questions: str, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers in force that one of the questions has already."""
    wanted = {normalise_question(line) for line in questions.splitlines()} - {""}
    return {name: one for name, one in answers.items() if wanted & {normalise_question(each) for each in one.questions}}
