"""Actions of teammates and of Chatwoot itself in a conversation."""

from typing import Any

from aiohttp import web

from sandbox.chatwoot.driver_api import state
from sandbox.chatwoot.driver_api.request import Ask, Wrong, drive
from sandbox.chatwoot.world import arrivals, threads, writing
from sandbox.chatwoot.world.records import OUTGOING, STATUSES, Conversation, Json
from sandbox.chatwoot.world.writing import Words


def routes() -> list[web.RouteDef]:
    """Return all routes of teammates."""
    verbs = {
        "reply": reply, "note": note, "takeover": take_over, "handback": hand_back, "resolve": resolve,
        "snooze": snooze, "status": set_status, "assign": assign, "teammate_type": type_, "echo": echo,
        "template": template, "automation": automation, "close_window": close_window, "fail": fail,
    }  # fmt: skip
    one = "/accounts/{account}/conversations/{conversation}"
    return [drive("POST", f"{one}/{verb}", handler) for verb, handler in verbs.items()]


def _write(ask: Ask, sender: tuple[str, int] | None, **fields: Any) -> Json:
    thread = ask.thread()
    words = Words(message_type=OUTGOING, content=ask.text(), sender=sender, **fields)
    return state.message(ask.world, thread, writing.write(ask.world, thread, words))


def _summary(ask: Ask, thread: Conversation) -> Json:
    return state.summary(ask.app_context, thread)


async def reply(ask: Ask) -> Json:
    """Let a teammate answer the customer; the status stays as it is."""
    return _write(ask, ("User", ask.teammate(ask.thread().account_id)))


async def note(ask: Ask) -> Json:
    """Let a teammate leave a private note."""
    return _write(ask, ("User", ask.teammate(ask.thread().account_id)), private=True)


async def take_over(ask: Ask) -> Json:
    """Let a teammate open the conversation and take it."""
    thread = ask.thread()
    threads.take_over(ask.world, thread, ask.teammate(thread.account_id))
    return _summary(ask, thread)


async def hand_back(ask: Ask) -> Json:
    """Let a teammate set it pending; with `assign_bot` the bot is named as assignee too."""
    thread = ask.thread()
    assign_bot = bool(ask.body.get("assign_bot"))
    threads.hand_back(ask.world, thread, ask.teammate(thread.account_id), assign_bot=assign_bot)
    return _summary(ask, thread)


async def resolve(ask: Ask) -> Json:
    """Let a teammate resolve it; an inbox with a survey then asks for a rating."""
    thread = ask.thread()
    by = ask.world.users[ask.teammate(thread.account_id)].name
    threads.set_status(ask.world, thread, "resolved", by)
    if ask.world.inboxes[thread.inbox_id].csat:
        writing.template(ask.world, thread, "Please rate this conversation", "input_csat")
    return _summary(ask, thread)


async def snooze(ask: Ask) -> Json:
    """Let a teammate lay it aside, `seconds` long (an hour without)."""
    thread = ask.thread()
    by = ask.world.users[ask.teammate(thread.account_id)].name
    until = ask.world.clock() + float(ask.body.get("seconds", 3600))
    threads.set_status(ask.world, thread, "snoozed", by, until)
    return _summary(ask, thread)


async def set_status(ask: Ask) -> Json:
    """Let a teammate set `status`."""
    thread = ask.thread()
    status = next((known for known in STATUSES if known == ask.body.get("status")), None)
    if status is None:
        raise Wrong(f"status is one of {', '.join(STATUSES)}")
    threads.set_status(ask.world, thread, status, ask.world.users[ask.teammate(thread.account_id)].name)
    return _summary(ask, thread)


async def assign(ask: Ask) -> Json:
    """Assign it to teammate `user` (null: nobody); the status stays as it is."""
    thread = ask.thread()
    wanted = ask.body.get("user")
    user = ask.world.user(thread.account_id, int(wanted)).id if wanted is not None else None
    threads.update(ask.world, thread, assignee_id=user, assignee_bot_id=None)
    return _summary(ask, thread)


async def type_(ask: Ask) -> Json:
    """Let a teammate begin or stop (`on`: false) typing."""
    thread = ask.thread()
    actor = ("User", ask.teammate(thread.account_id))
    arrivals.type_(ask.world, thread, actor, on=bool(ask.body.get("on", True)), private=bool(ask.body.get("private")))
    return _summary(ask, thread)


async def echo(ask: Ask) -> Json:
    """Let a teammate answer in the channel's own app.

    No sender, `attributes` or `external_echo`, a provider's id.
    """
    attributes = ask.body.get("attributes", {"external_echo": True})
    return _write(ask, None, content_attributes=attributes, source_id=f"echo.{ask.world.uuid()}")


async def template(ask: Ask) -> Json:
    """Have Chatwoot send a template: greeting, out of office, or `content_type` input_csat or input_email."""
    thread = ask.thread()
    content_type = str(ask.body.get("content_type", "text"))
    return state.message(ask.world, thread, writing.template(ask.world, thread, ask.text(), content_type))


async def automation(ask: Ask) -> Json:
    """Let an automation rule answer."""
    return _write(ask, None, content_attributes={"automation_rule_id": int(ask.body.get("rule", 12))})


async def close_window(ask: Ask) -> Json:
    """End the channel's messaging window now (`closed`: false opens it again)."""
    thread = ask.thread()
    thread.window_closed = bool(ask.body.get("closed", True))
    return _summary(ask, thread)


async def fail(ask: Ask) -> Json:
    """Let the provider report that `message` did not arrive."""
    thread = ask.thread()
    message = ask.world.message(thread, int(ask.body.get("message") or 0))
    writing.fail(ask.world, thread, message, str(ask.body.get("error", "The number does not exist.")))
    return state.message(ask.world, thread, message)
