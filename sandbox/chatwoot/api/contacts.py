"""Contacts: for user tokens only."""

from typing import Any, Final

from aiohttp import web

from sandbox.chatwoot.api import views
from sandbox.chatwoot.api.guard import Call, route
from sandbox.chatwoot.world import people
from sandbox.chatwoot.world.records import Contact, Json

_FIELDS: Final = (
    "name",
    "email",
    "phone_number",
    "identifier",
    "blocked",
    "additional_attributes",
    "custom_attributes",
)
_PAGE: Final = 15


def routes() -> list[web.RouteDef]:
    """Return all routes of contacts."""
    return [
        route("GET", "/contacts", "contacts#index", index),
        route("POST", "/contacts", "contacts#create", create),
        route("GET", "/contacts/search", "contacts#search", index),
        route("GET", "/contacts/{id}", "contacts#show", show),
        route("PUT", "/contacts/{id}", "contacts#update", change),
        route("PATCH", "/contacts/{id}", "contacts#update", change),
        route("DELETE", "/contacts/{id}", "contacts#destroy", remove, admin=True),
        route("POST", "/actions/contact_merge", "contact_merges#create", merge),
        route("GET", "/contacts/{id}/conversations", "contacts/conversations#index", conversations),
        route("GET", "/contacts/{id}/labels", "contacts/labels#index", labels),
        route("POST", "/contacts/{id}/labels", "contacts/labels#create", label),
        route("GET", "/contacts/{id}/notes", "contacts/notes#index", notes),
        route("POST", "/contacts/{id}/notes", "contacts/notes#create", note),
    ]


def _person(call: Call) -> Contact:
    return call.world.contact(call.account_id, call.number())


async def index(call: Call) -> web.Response:
    """GET: a page of contacts; `q` looks in name, mail, phone and identifier."""
    wanted = call.request.query.get("q", "").lower()
    found = [p for p in call.world.contacts.values() if p.account_id == call.account_id and _mentions(p, wanted)]
    text = call.request.query.get("page", "1")
    page = max(int(text), 1) if text.isdigit() else 1
    shown = [views.contact_with_inboxes(call.world, p) for p in found[(page - 1) * _PAGE : page * _PAGE]]
    return web.json_response({"meta": {"count": len(found), "current_page": page}, "payload": shown})


def _mentions(person: Contact, wanted: str) -> bool:
    fields = (person.name, person.email, person.phone_number, person.identifier)
    return any(wanted in (field or "").lower() for field in fields)


async def create(call: Call) -> web.Response:
    """POST: a new contact, with an address where `inbox_id` is given."""
    body = await call.body()
    person = people.create(call.world, call.account_id, **_fields(body))
    place: Any = None
    if body.get("inbox_id"):
        inbox = call.world.inbox(call.account_id, int(body["inbox_id"]))
        found = people.place(call.world, inbox, person, body.get("source_id"))
        place = {"source_id": found.source_id, "inbox": views.inbox(call.world, inbox.id)}
    return web.json_response(
        {"payload": {"contact": views.contact_with_inboxes(call.world, person), "contact_inbox": place}}
    )


async def show(call: Call) -> web.Response:
    """GET: one contact."""
    return web.json_response({"payload": views.contact_with_inboxes(call.world, _person(call))})


async def change(call: Call) -> web.Response:
    """PUT: change a contact; attribute hashes are merged."""
    person = people.change(call.world, _person(call), **_fields(await call.body()))
    return web.json_response({"payload": views.contact_with_inboxes(call.world, person)})


async def remove(call: Call) -> web.Response:
    """DELETE: a contact with their conversations; no webhook tells of it."""
    people.remove(call.world, _person(call))
    return web.Response(status=200)


async def merge(call: Call) -> web.Response:
    """POST: a contact takes another's conversations; the other is no more, and no webhook tells of it."""
    body = await call.body()
    base, other = (call.world.contact(call.account_id, int(body[f"{name}_contact_id"])) for name in ("base", "mergee"))
    people.merge(call.world, base, other)
    return web.json_response(views.contact_with_inboxes(call.world, base))


def _fields(body: Json) -> Json:
    return {name: body[name] for name in _FIELDS if name in body}


async def conversations(call: Call) -> web.Response:
    """GET: all conversations of a contact."""
    person = _person(call)
    threads = (t for t in call.world.conversations_of(call.account_id) if call.world.contact_of(t).id == person.id)
    return web.json_response({"payload": [views.conversation(call.world, thread) for thread in threads]})


async def labels(call: Call) -> web.Response:
    """GET: a contact's labels."""
    return web.json_response({"payload": _person(call).labels})


async def label(call: Call) -> web.Response:
    """POST: replace a contact's labels."""
    person, wanted = _person(call), (await call.body()).get("labels")
    person.labels = [str(name) for name in wanted] if isinstance(wanted, list) else []
    return web.json_response({"payload": person.labels})


async def notes(call: Call) -> web.Response:
    """GET: notes about a contact."""
    return web.json_response(_person(call).notes)


async def note(call: Call) -> web.Response:
    """POST: write a note about a contact."""
    person, body = _person(call), await call.body()
    inner = body.get("note") if isinstance(body.get("note"), dict) else body
    content = str(inner.get("content", "")) if isinstance(inner, dict) else ""
    entry = {
        "id": call.world.next_id("note"),
        "content": content,
        "account_id": call.account_id,
        "contact_id": person.id,
        "user": views.agent(call.world.users[call.caller.id]),
        "created_at": int(call.world.clock()),
        "updated_at": int(call.world.clock()),
    }
    person.notes.append(entry)
    return web.json_response(entry)
