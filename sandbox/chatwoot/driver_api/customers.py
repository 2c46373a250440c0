"""Actions of customers: write, edit, delete, type, open the widget, answer a form."""

import base64
import dataclasses
from typing import Any

from aiohttp import web

from sandbox.chatwoot.driver_api import state
from sandbox.chatwoot.driver_api.request import Ask, Wrong, drive
from sandbox.chatwoot.world import arrivals, people, writing
from sandbox.chatwoot.world.arrivals import Arrival
from sandbox.chatwoot.world.records import INCOMING, Inbox, Json, Message

_FIELDS = frozenset(field.name for field in dataclasses.fields(Arrival))


def routes() -> list[web.RouteDef]:
    """Return all routes of customers."""
    one = "/accounts/{account}/conversations/{conversation}"
    return [
        drive("POST", "/messages", write),
        drive("POST", f"{one}/edit", edit),
        drive("POST", f"{one}/delete", delete),
        drive("POST", f"{one}/type", type_),
        drive("POST", f"{one}/submit", submit),
        drive("POST", f"{one}/block", block),
        drive("POST", "/widget", open_widget),
    ]


async def write(ask: Ask) -> Json:
    """Let a customer write: account, inbox, and any field of `Arrival`. Answers with the ids that came of it."""
    inbox = _inbox(ask)
    fields = {name: value for name, value in ask.body.items() if name in _FIELDS}
    if unknown := set(ask.body) - _FIELDS - {"account", "inbox"}:
        raise Wrong(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(_FIELDS))}")
    if fields.get("text") is not None:
        fields["text"] = ask.text()
    elif not fields.get("attachments") and not fields.get("unsupported"):
        raise Wrong("a message needs text or attachments")
    fields["attachments"] = [_attachment(ask, entry) for entry in fields.get("attachments") or []]
    message = arrivals.arrive(ask.world, inbox, Arrival(**fields))
    return _written_ids(ask, message)


def _written_ids(ask: Ask, message: Message) -> Json:
    thread = ask.world.conversation(message.account_id, message.conversation_id)
    return {
        "account": message.account_id,
        "inbox": message.inbox_id,
        "conversation": message.conversation_id,
        "message": message.id,
        "contact": ask.world.contact_of(thread).id,
        "at": message.created_at,
    }


def _inbox(ask: Ask) -> Inbox:
    """Return the inbox by id, or by the key of its channel within the account."""
    account_id, wanted = int(ask.body.get("account") or 0), ask.body.get("inbox")
    ask.world.account(account_id)
    if isinstance(wanted, int):
        return ask.world.inbox(account_id, wanted)
    found = [inbox for inbox in ask.world.inboxes_of(account_id) if inbox.medium == wanted]
    if not found:
        channels = ", ".join(inbox.medium for inbox in ask.world.inboxes_of(account_id))
        raise Wrong(f"no such inbox: name its id or its channel ({channels})")
    return found[0]


def _attachment(ask: Ask, entry: Any) -> Json:
    """Return an attachment as Chatwoot describes it.

    `name`, `data` (base64) and `content_type` make a file to fetch.
    """
    if not isinstance(entry, dict):
        raise Wrong("an attachment is an object")
    kind = entry.get("file_type", "file")
    if "data" in entry:
        return _file(ask, entry)
    if kind in ("location", "contact", "fallback", "share"):
        return {"file_type": kind} | entry
    base: Json = {"file_type": kind, "extension": None, "content_type": None, "data_url": None, "thumb_url": "",
                  "file_size": 0, "width": None, "height": None}  # fmt: skip
    return base | ({"transcribed_text": ""} if kind == "audio" else {}) | entry


def _file(ask: Ask, entry: Json) -> Json:
    name, content_type = str(entry.get("name", "file")), str(entry.get("content_type", "application/octet-stream"))
    blob = ask.world.uuid()
    data = base64.b64decode(str(entry["data"]))
    ask.app_context.blobs[blob] = (name, content_type, data)
    url = f"{ask.request.scheme}://{ask.request.host}/rails/active_storage/blobs/redirect/{blob}/{name}"
    kind = content_type.partition("/")[0]
    kind = kind if kind in ("image", "audio", "video") else "file"
    base: Json = {"file_type": kind, "extension": name.rpartition(".")[2], "content_type": content_type,
                  "data_url": f"{url}?disposition=inline" if kind == "audio" else url, "thumb_url": "",
                  "file_size": len(data), "width": None, "height": None}  # fmt: skip
    return base | ({"transcribed_text": entry.get("transcribed_text", "")} if kind == "audio" else {})


def _message(ask: Ask) -> Message:
    thread = ask.thread()
    if (wanted := ask.body.get("message")) is not None:
        return ask.world.message(thread, int(wanted))
    found = next((m for m in reversed(thread.messages) if m.message_type == INCOMING), None)
    if found is None:
        raise Wrong("the customer has not written yet")
    return found


async def edit(ask: Ask) -> Json:
    """Let a customer change a message (the last, or `message`), as Telegram allows."""
    message, thread = _message(ask), ask.thread()
    writing.edit(ask.world, thread, message, content=ask.text(), processed=None)
    return state.message(ask.world, thread, message)


async def delete(ask: Ask) -> Json:
    """Let a customer take a message back."""
    message, thread = _message(ask), ask.thread()
    return state.message(ask.world, thread, writing.delete(ask.world, thread, message))


async def type_(ask: Ask) -> Json:
    """Let a customer begin or stop (`on`: false) typing; only the widget and API inboxes let Chatwoot see it."""
    thread = ask.thread()
    if not ask.world.medium(thread.inbox_id).typing:
        return {"seen": False}
    contact = ask.world.contact_of(thread)
    arrivals.type_(ask.world, thread, ("Contact", contact.id), on=bool(ask.body.get("on", True)))
    return {"seen": True}


async def submit(ask: Ask) -> Json:
    """Let a customer answer `message` (a select, a survey, a request for mail) by `values`."""
    thread = ask.thread()
    message = ask.world.message(thread, int(ask.body.get("message") or 0))
    values = ask.body.get("values")
    key = "submitted_email" if message.content_type == "input_email" else "submitted_values"
    writing.edit(ask.world, thread, message, content_attributes=message.content_attributes | {key: values})
    return state.message(ask.world, thread, message)


async def block(ask: Ask) -> Json:
    """Let a teammate mute the customer."""
    thread = ask.thread()
    people.mute(ask.world, thread)
    return state.summary(ask.app_context, thread)


async def open_widget(ask: Ask) -> Json:
    """Let a visitor open the web chat."""
    place = arrivals.open_widget(ask.world, _inbox(ask), ask.body.get("contact"))
    return {"contact": place.contact_id, "contact_inbox": place.id}
