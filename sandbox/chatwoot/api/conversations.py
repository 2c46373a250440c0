"""Conversations: read, move, label, assign."""

from typing import Any, Final

from aiohttp import web

from sandbox.chatwoot.api import views
from sandbox.chatwoot.api.guard import Call, route
from sandbox.chatwoot.world import arrivals, people, threads, writing
from sandbox.chatwoot.world.records import OUTGOING, PRIORITIES, STATUSES, Conversation, Json, Status
from sandbox.chatwoot.world.world import NotFound
from sandbox.chatwoot.world.writing import Refused, Words

_PAGE: Final = 25


def routes() -> list[web.RouteDef]:
    """Return all routes of conversations."""
    one = "/conversations/{conversation}"
    return [
        route("GET", "/conversations", "conversations#index", index),
        route("POST", "/conversations", "conversations#create", create),
        route("GET", one, "conversations#show", show),
        route("PATCH", one, "conversations#update", change),
        route("POST", f"{one}/toggle_status", "conversations#toggle_status", toggle_status),
        route("POST", f"{one}/toggle_typing_status", "conversations#toggle_typing_status", toggle_typing),
        route("POST", f"{one}/toggle_priority", "conversations#toggle_priority", toggle_priority),
        route("POST", f"{one}/custom_attributes", "conversations#custom_attributes", custom_attributes),
        route("POST", f"{one}/assignments", "assignments#create", assign),
        route("GET", f"{one}/labels", "labels#index", labels),
        route("POST", f"{one}/labels", "labels#create", label),
        route("POST", f"{one}/mute", "conversations#mute", mute),
        route("POST", f"{one}/update_last_seen", "conversations#update_last_seen", seen),
    ]


async def index(call: Call) -> web.Response:
    """GET: a page of conversations, newest activity first, by status, inbox, assignee and labels."""
    query = call.request.query
    found = [thread for thread in call.world.conversations_of(call.account_id) if _matches(thread, query)]
    counts = {
        "mine_count": sum(1 for t in found if t.assignee_id == call.caller.id),
        "assigned_count": sum(1 for t in found if t.assignee_id is not None),
        "unassigned_count": sum(1 for t in found if t.assignee_id is None),
        "all_count": len(found),
    }
    found = [t for t in found if _is_assigned(t, query.get("assignee_type", "all"), call.caller.id)]
    found.sort(key=lambda thread: thread.last_activity_at, reverse=True)
    page = max(int(query.get("page", "1")), 1) if query.get("page", "1").isdigit() else 1
    shown = found[(page - 1) * _PAGE : page * _PAGE]
    listed = [views.conversation(call.world, thread) for thread in shown]
    return web.json_response({"data": {"meta": counts, "payload": listed}})


def _matches(thread: Conversation, query: Any) -> bool:
    status = query.get("status", "open")
    labels = set(query.getall("labels[]", []) + query.getall("labels", []))
    return (
        status in ("all", thread.status)
        and query.get("inbox_id", str(thread.inbox_id)) == str(thread.inbox_id)
        and query.get("team_id", str(thread.team_id)) == str(thread.team_id)
        and (not labels or bool(labels & set(thread.labels)))
    )


def _is_assigned(thread: Conversation, kind: str, me: int) -> bool:
    match kind:
        case "me":
            return thread.assignee_id == me
        case "unassigned":
            return thread.assignee_id is None
        case "assigned":
            return thread.assignee_id is not None
        case _:
            return True


async def create(call: Call) -> web.Response:
    """POST: begin a conversation with a contact."""
    body = await call.body()
    inbox = call.world.inbox(call.account_id, _int(body.get("inbox_id")))
    place = next((p for p in call.world.contact_inboxes.values()
                  if p.inbox_id == inbox.id and p.source_id == body.get("source_id")), None)  # fmt: skip
    if place is None:
        person = call.world.contact(call.account_id, _int(body.get("contact_id")))
        place = people.place(call.world, inbox, person, body.get("source_id"))
    thread = threads.begin(call.world, place, body.get("additional_attributes"), _status(body.get("status")))
    thread.custom_attributes = _object(body.get("custom_attributes"))
    threads.announce(call.world, thread)
    if content := _object(body.get("message")).get("content"):
        writing.write(call.world, thread, Words(message_type=OUTGOING, content=str(content), sender=call.caller.sender))
    return web.json_response(views.conversation(call.world, thread))


async def show(call: Call) -> web.Response:
    """GET: one conversation."""
    return web.json_response(views.conversation(call.world, call.thread()))


async def change(call: Call) -> web.Response:
    """PATCH: its priority."""
    thread, body = call.thread(), await call.body()
    if "priority" in body:
        _set_priority(call, thread, body["priority"])
    return web.json_response(views.conversation(call.world, thread))


async def toggle_priority(call: Call) -> web.Response:
    """POST: its priority, and nothing in answer."""
    _set_priority(call, call.thread(), (await call.body()).get("priority"))
    return web.Response()


def _set_priority(call: Call, thread: Conversation, value: Any) -> None:
    priority = value or None
    if priority is not None and priority not in PRIORITIES:
        raise Refused(f"'{priority}' is not a valid priority")
    threads.update(call.world, thread, priority=priority)


async def toggle_status(call: Call) -> web.Response:
    """POST: move it; a bot that opens a pending one hands it off, and `success` is then null."""
    thread, body = call.thread(), await call.body()
    status = _status(body.get("status")) or _toggle(thread)
    success: bool | None = True
    if call.caller.kind == "bot" and thread.status == "pending" and status == "open":
        threads.hand_off(call.world, thread, call.caller.name)
        success = None
    else:
        _move(call, thread, status, body)
    until = int(thread.snoozed_until) if thread.snoozed_until else None
    payload = {
        "success": success,
        "conversation_id": thread.id,
        "current_status": thread.status,
        "snoozed_until": until,
    }
    return web.json_response({"meta": {}, "payload": payload})


def _toggle(thread: Conversation) -> Status:
    return "resolved" if thread.status == "open" else "open"


def _move(call: Call, thread: Conversation, status: Status, body: Json) -> None:
    until = body.get("snoozed_until")
    threads.set_status(call.world, thread, status, call.caller.name, float(until) if until else None)
    if call.caller.kind == "bot" or status != "open":
        return
    changes: Json = {"assignee_bot_id": None}
    if call.caller.kind == "user":  # an agent who opens takes it; an administrator does not
        changes["assignee_id"] = call.caller.id
    threads.update(call.world, thread, **changes)


async def toggle_typing(call: Call) -> web.Response:
    """POST: show the widget that somebody types."""
    thread, body = call.thread(), await call.body()
    state = body.get("typing_status")
    if state in ("on", "off"):
        private = body.get("is_private") in (True, "true")
        arrivals.type_(call.world, thread, call.caller.sender, on=state == "on", private=private)
    return web.Response()


async def assign(call: Call) -> web.Response:
    """POST: to a teammate, a bot or a team; the status stays as it is."""
    thread, body = call.thread(), await call.body()
    if "assignee_id" in body:
        return web.json_response(_assign_to(call, thread, body))
    if "team_id" in body:
        team = call.world.team(call.account_id, _int(body["team_id"])) if body["team_id"] else None
        threads.update(call.world, thread, team_id=team.id if team else None)
        return web.json_response({"id": team.id, "name": team.name, "account_id": team.account_id} if team else None)
    return web.json_response(None)


def _assign_to(call: Call, thread: Conversation, body: Json) -> Json | None:
    wanted = body["assignee_id"]
    if body.get("assignee_type") == "AgentBot":
        bot = call.world.agent_bot(call.account_id, _int(wanted))
        threads.update(call.world, thread, assignee_id=None, assignee_bot_id=bot.id)
        return views.bot_in_short(bot)
    user = call.world.users.get(_int(wanted)) if wanted else None
    if user is not None and user.account_id != call.account_id:
        user = None
    threads.update(call.world, thread, assignee_id=user.id if user else None, assignee_bot_id=None)
    return views.agent(user) if user else None


async def labels(call: Call) -> web.Response:
    """GET: its labels."""
    return web.json_response({"payload": list(call.thread().labels)})


async def label(call: Call) -> web.Response:
    """POST: replace all its labels; nobody checks that they exist."""
    thread, body = call.thread(), await call.body()
    wanted = body.get("labels")
    names = [str(name) for name in wanted] if isinstance(wanted, list) else []
    threads.update(call.world, thread, labels=list(dict.fromkeys(names)))
    return web.json_response({"payload": list(thread.labels)})


async def custom_attributes(call: Call) -> web.Response:
    """POST: replace its whole hash of custom attributes."""
    thread, body = call.thread(), await call.body()
    wanted = _object(body.get("custom_attributes"))
    for name, value in wanted.items():
        if isinstance(value, str) and len(value) > 1500:
            raise Refused(f"Validation failed: Custom attributes {name} length should be < 1500")
        if isinstance(value, int) and value > 9_999_999_999:
            raise Refused(f"Validation failed: Custom attributes {name} value should be < 9999999999")
    threads.update(call.world, thread, custom_attributes=wanted)
    return web.json_response({"custom_attributes": thread.custom_attributes})


async def mute(call: Call) -> web.Response:
    """POST: block the contact and resolve."""
    people.mute(call.world, call.thread())
    return web.Response()


async def seen(call: Call) -> web.Response:
    """POST: nothing is unread any more."""
    thread = call.thread()
    thread.unread = 0
    return web.json_response(views.conversation(call.world, thread))


def _status(value: Any) -> Status | None:
    if value in (None, ""):
        return None
    if value not in STATUSES:
        raise Refused(f"'{value}' is not a valid status")
    return next(status for status in STATUSES if status == value)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise NotFound from error
