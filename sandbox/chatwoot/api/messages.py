"""Messages: the one call that answers a customer, and the list that a bot may not read."""

import json
from typing import Any, Final

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox.chatwoot.api import views
from sandbox.chatwoot.api.guard import Call, route
from sandbox.chatwoot.world import payloads, writing
from sandbox.chatwoot.world.records import ACTIVITY, INCOMING, MESSAGE_TYPES, OUTGOING, Conversation, Json, Message
from sandbox.chatwoot.world.writing import Refused, Words

_MOST_FILES: Final = 15
_PAGE, _NEWER, _BETWEEN = 20, 100, 1000


def routes() -> list[web.RouteDef]:
    """Return all routes of messages."""
    base = "/conversations/{conversation}/messages"
    return [
        route("POST", base, "messages#create", create),
        route("GET", base, "messages#index", index),
        route("PATCH", f"{base}/{{id}}", "messages#update", change),
        route("DELETE", f"{base}/{{id}}", "messages#destroy", destroy),
    ]


async def create(call: Call) -> web.Response:
    """POST: store a message; the answer says nothing yet about its delivery."""
    thread = call.thread()
    body = await call.body()
    files = await _files(call)
    words = _words(call, thread, body)
    words.attachments = files
    message = writing.write(call.world, thread, words)
    echo = body.get("echo_id")
    return web.json_response(views.message(call.world, message, str(echo) if echo is not None else None))


def _words(call: Call, thread: Conversation, body: Json) -> Words:
    name = str(body.get("message_type") or "outgoing")
    if name not in MESSAGE_TYPES:
        raise Refused(f"'{name}' is not a valid message_type")
    kind = MESSAGE_TYPES[name]
    if kind == INCOMING and call.world.medium(thread.inbox_id).key != "api":
        raise Refused("Incoming messages are only allowed in Api inboxes")
    content = body.get("content")
    return Words(
        message_type=kind, content=None if content is None else str(content), sender=_sender(call, thread, body, kind),
        private=_truth(body.get("private")), content_type=str(body.get("content_type") or "text"),
        content_attributes=_hash(body.get("content_attributes")) | _mail_addresses(body),
        additional_attributes=_additional(body), source_id=body.get("source_id"),
    )  # fmt: skip


def _sender(call: Call, thread: Conversation, body: Json, kind: int) -> tuple[str, int]:
    if kind != OUTGOING:  # through the API, everything but an outgoing message is the contact's
        return ("Contact", call.world.contact_of(thread).id)
    if body.get("sender_type") == "AgentBot" and call.caller.kind != "bot":
        bot = call.world.agent_bot(call.account_id, int(body.get("sender_id") or 0))
        return ("AgentBot", bot.id)
    return call.caller.sender


def _additional(body: Json) -> Json:
    fields = {"campaign_id": body.get("campaign_id"), "template_params": _hash(body.get("template_params")) or None}
    return {name: value for name, value in fields.items() if value is not None}


def _mail_addresses(body: Json) -> Json:
    """Return who else a mail goes to: given as text, kept as lists."""
    given = {name: body[name] for name in ("cc_emails", "bcc_emails", "to_emails") if body.get(name)}
    return {name: [each.strip() for each in str(value).split(",")] for name, value in given.items()}


def _hash(value: Any) -> Json:
    """Return content attributes, which come as an object or as a JSON string of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Refused("Invalid JSON in content_attributes") from error
    return value if isinstance(value, dict) else {}


def _truth(value: Any) -> bool:
    return value in (True, "true", "1", 1)


async def _files(call: Call) -> list[Json]:
    if call.request.content_type != "multipart/form-data":
        return []
    fields = (await call.request.post()).getall("attachments[]", [])
    if len(fields) > _MOST_FILES:
        raise Refused(f"Attachments exceed the maximum of {_MOST_FILES}")
    return [_store_upload(call, field) for field in fields if isinstance(field, FileField)]


def _store_upload(call: Call, upload: FileField) -> Json:
    data = upload.file.read()
    return keep(call, upload.filename, upload.content_type or "application/octet-stream", data)


def keep(call: Call, name: str, content_type: str, data: bytes) -> Json:
    """Keep an uploaded file and describe it as an attachment."""
    blob = call.world.uuid()
    call.app_context.blobs[blob] = (name, content_type, data)
    main = content_type.partition("/")[0]
    origin = f"{call.request.scheme}://{call.request.host}"
    return {
        "file_type": main if main in ("image", "audio", "video") else "file",
        "extension": name.rpartition(".")[2],
        "content_type": content_type,
        "data_url": f"{origin}/rails/active_storage/blobs/redirect/{blob}/{name}",
        "thumb_url": "",
        "file_size": len(data),
        "width": None,
        "height": None,
    }


async def index(call: Call) -> web.Response:
    """GET: older than `before` (20), newer than `after` (100), between both (1000), or the latest 20."""
    thread = call.thread()
    meta: Json = {
        "labels": list(thread.labels),
        "additional_attributes": thread.additional_attributes,
        "contact": payloads.pushed_contact(call.world.contact_of(thread)),
    }
    if thread.assignee_id is not None:
        meta["assignee"] = views.agent(call.world.users[thread.assignee_id])
    meta |= {"agent_last_seen_at": None, "assignee_last_seen_at": None}
    found = _select_messages(call, thread)
    return web.json_response({"meta": meta, "payload": [views.message(call.world, message) for message in found]})


def _select_messages(call: Call, thread: Conversation) -> list[Message]:
    query = call.request.query
    before, after = _parse_bound(query.get("before")), _parse_bound(query.get("after"))
    found = thread.messages
    if _truth(query.get("filter_internal_messages")):
        found = [m for m in found if not m.private and m.message_type != ACTIVITY]
    if before is not None and after is not None:
        return [m for m in found if after <= m.id < before][:_BETWEEN]
    if before is not None:
        return [m for m in found if m.id < before][-_PAGE:]
    if after is not None:
        return [m for m in found if m.id > after][:_NEWER]
    return found[-_PAGE:]


def _parse_bound(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


async def change(call: Call) -> web.Response:
    """PATCH: report a delivery, in API inboxes only."""
    thread = call.thread()
    if call.world.medium(thread.inbox_id).key != "api":
        return web.json_response({"error": "Message status update is only allowed for API inboxes"}, status=403)
    message = call.world.message(thread, call.number())
    body = await call.body()
    if body.get("status") == "failed":
        writing.fail(call.world, thread, message, str(body.get("external_error") or ""))
    elif body.get("status") in ("sent", "delivered", "read"):
        writing.edit(call.world, thread, message, status=body["status"])
    else:
        raise Refused("Invalid status")
    return web.json_response(views.message(call.world, message))


async def destroy(call: Call) -> web.Response:
    """DELETE: blank a message out."""
    thread = call.thread()
    writing.delete(call.world, thread, call.world.message(thread, call.number()))
    return web.Response()
