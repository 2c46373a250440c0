"""Reads what is to be rehearsed, of a form or of JSON, and has a worker do it: as in force, as the draft, or both."""

import asyncio
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chatwootai.stores.operators.worker_requests import RequestFailed, Requests
from ops.console.data.query import BadQuery

CHOICES: Final = ("published", "draft", "both")
LONGEST: Final = 4_000
_MOST_LINES: Final = 20
_NUMBER: Final = 15


def of_form(account: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form asks for. History: a line each, `>` before what the crew said; tools: a line of JSON each.

    Raises:
        BadQuery: a field that means nothing.
    """
    asked = {name: str(form.get(name, "")).strip() for name in ("text", "channel", "inbox", "phone", "config")}
    history = [_exchange(line) for line in str(form.get("history", "")).splitlines() if line.strip(" >")]
    tools = _tools(str(form.get("answers", ""))) if form.get("tools") == "simulated" else None
    return checked({"account": account, "history": history, "tools": tools, **asked})


def _exchange(line: str) -> dict[str, str]:
    said = line.strip()
    return {"role": "crew" if said.startswith(">") else "contact", "text": said.lstrip("> ").strip()}


def _tools(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            colon = ""
        if not (colon and name.strip()):
            raise BadQuery('tools: a line each, as order_status: {"status": "sent"}')
    return found


def checked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked for, as workers take it.

    Raises:
        BadQuery: a value that means nothing.
    """
    text, config = str(asked.get("text") or "").strip(), asked.get("config") or "published"
    if not text or len(text) > LONGEST:
        raise BadQuery(f"text: what a customer writes, at most {LONGEST} characters")
    if config not in CHOICES:
        raise BadQuery(f"config: one of {', '.join(CHOICES)}")
    tools = asked.get("tools")
    if not (tools is None or isinstance(tools, dict)):
        raise BadQuery("tools: an object of answers by the tools' names, or null")
    return {
        "account": str(asked.get("account") or ""),
        "text": text,
        "config": config,
        "tools": tools,
        "history": _history(asked.get("history") or []),
        "channel": str(asked.get("channel") or "webchat")[:20],
        "inbox": _number(asked.get("inbox")),
        "phone": str(asked.get("phone") or "")[:20],
    }


def _history(said: Any) -> list[dict[str, str]]:
    usable = isinstance(said, list) and len(said) <= _MOST_LINES
    if not usable or not all(isinstance(one, dict) and one.get("role") in ("contact", "crew") for one in said):
        raise BadQuery(f"history: at most {_MOST_LINES} of role (contact or crew) and text")
    return [{"role": one["role"], "text": str(one.get("text", ""))[:LONGEST]} for one in said]


def _number(value: Any) -> int:
    text = str(value or 0)
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER):
        raise BadQuery("inbox: a whole number")
    return int(text)


async def rehearse(requests: Requests, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what came of it: once, or as it is in force and as the draft, side by side; `failed` where nothing did.

    Raises:
        StoreUnavailable: Redis is away.
    """
    drafts: Sequence[bool] = {"published": (False,), "draft": (True,), "both": (False, True)}[asked["config"]]
    return list(await asyncio.gather(*(_one(requests, {**asked, "draft": one}) for one in drafts)))


async def _one(requests: Requests, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return await requests.ask("rehearse", asked)
    except RequestFailed as error:
        return {"draft": asked["draft"], "failed": str(error)}


def as_trace(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a rehearsal came to with steps, tools and passages as a turn's page has them."""
    tools = [
        {"name": f"{one['name']} {json.dumps(one['arguments'], ensure_ascii=False)}",
         "outcome": "called" if one["called"] else "not called", "seconds": None}
        for one in told.get("tools", ())
    ]  # fmt: skip
    steps = [{"name": name, "seconds": took} for name, took in told.get("steps", ())]
    return {**told, "tools": tools, "steps": steps}


def command_line(asked: Mapping[str, Any]) -> str:
    """Return the line on a terminal that asks the same, its history aside."""
    words = ["chatwootai", "ask", "--account", asked["account"]]
    words += ["--draft"] if asked["config"] == "draft" else []
    words += ["--channel", asked["channel"]] if asked["channel"] != "webchat" else []
    words += ["--inbox", str(asked["inbox"])] if asked["inbox"] else []
    words += ["--from", asked["phone"]] if asked["phone"] else []
    return shlex.join([*words, asked["text"]])
