"""A contact's message as each channel delivers it: its ids, its extra attributes, its quoted mail."""

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.chatwoot.world import payloads, people, threads, writing
from sandbox.chatwoot.world.records import INCOMING, ContactInbox, Conversation, Event, Inbox, Json, Message
from sandbox.chatwoot.world.world import World
from sandbox.chatwoot.world.writing import Words

_BROWSER: Final = {
    "device_name": "Unknown",
    "browser_name": "Chrome",
    "platform_name": "macOS",
    "browser_version": "141.0.0.0",
    "platform_version": "10.15.7",
}


@dataclass(slots=True, kw_only=True)
class Arrival:
    """Message of a contact. `conversation` is a display id; without one the channel's own rule picks the thread."""

    text: str | None = None
    contact: str | int | Json | None = None
    conversation: int | None = None
    new: bool = False
    attachments: list[Json] = field(default_factory=list)
    in_reply_to: int | None = None
    source_id: str | None = None
    subject: str | None = None
    quoted: str | None = None
    auto_reply: bool = False
    unsupported: bool = False
    attributes: Json = field(default_factory=dict)


def arrive(world: World, inbox: Inbox, arrival: Arrival) -> Message:
    """Let a contact's message come in: contact, conversation and message are made as needed, and told of."""
    place, chosen = _sender(world, inbox, arrival)
    thread = None if arrival.new else threads.continued(world, place, chosen)
    if thread is None:
        thread = threads.begin(world, place, _about(world, inbox, place, arrival))
    return writing.write(world, thread, _words(world, thread, inbox, place, arrival))


def _sender(world: World, inbox: Inbox, arrival: Arrival) -> tuple[ContactInbox, Conversation | None]:
    if arrival.conversation is None:
        return people.meet(world, inbox, arrival.contact)[0], None
    thread = world.conversation(inbox.account_id, arrival.conversation)
    return world.contact_inboxes[thread.contact_inbox_id], thread


def _about(world: World, inbox: Inbox, place: ContactInbox, arrival: Arrival) -> Json:
    """Return what Chatwoot notes about a conversation as it begins."""
    match inbox.medium:
        case "webchat":
            return {"browser": _BROWSER} | _visit(world)
        case "email":
            stamp = {"timestamp": payloads.iso(world.clock())}
            return {
                "source": "email",
                "in_reply_to": None,
                "auto_reply": arrival.auto_reply,
                "mail_subject": arrival.subject or "",
                "initiated_at": stamp,
            }
        case "telegram":
            return {"chat_id": int(place.source_id), "business_connection_id": None}
        case "sms" | "twilio_whatsapp":
            return {"from_zip_code": "", "from_country": "BR", "from_state": ""}
        case _:
            return {}


def _visit(world: World) -> Json:
    return {
        "referer": "https://shop.example.test/",
        "initiated_at": {"timestamp": payloads.iso(world.clock())},
        "browser_language": "pt",
    }


def _words(world: World, thread: Conversation, inbox: Inbox, place: ContactInbox, arrival: Arrival) -> Words:
    words = Words(
        message_type=INCOMING, content=arrival.text, sender=("Contact", place.contact_id),
        source_id=arrival.source_id or _source_id(world, inbox), attachments=arrival.attachments,
        content_attributes=_attributes(thread, inbox, arrival),
    )  # fmt: skip
    return _as_mail(world, words, place, arrival) if inbox.medium == "email" else words


def _attributes(thread: Conversation, inbox: Inbox, arrival: Arrival) -> Json:
    attributes: Json = {}
    quoted = next((m for m in thread.messages if m.id == arrival.in_reply_to), None)
    if quoted is not None and quoted.source_id:
        attributes["in_reply_to_external_id"] = quoted.source_id
    if quoted is not None or inbox.medium == "webchat":
        attributes["in_reply_to"] = arrival.in_reply_to
    if arrival.unsupported:
        attributes["is_unsupported"] = True
    return attributes | arrival.attributes


def _source_id(world: World, inbox: Inbox) -> str | None:
    draw = world.random
    match inbox.medium:
        case "whatsapp":
            return f"wamid.{draw.getrandbits(96):024X}"
        case "telegram":
            return str(world.next_id("telegram_message", 4119))
        case "facebook" | "instagram":
            return f"m_{draw.getrandbits(96):024x}"
        case "sms" | "twilio_whatsapp" | "bandwidth_sms":
            return f"SM{draw.getrandbits(128):032x}"
        case "email":
            return f"{draw.getrandbits(64):016x}@mail.example.com"
        case _:
            return None


def _as_mail(world: World, words: Words, place: ContactInbox, arrival: Arrival) -> Words:
    reply = arrival.text or ""
    full = f"{reply}\n\n{arrival.quoted}" if arrival.quoted else reply
    words.content_type = "incoming_email"
    words.content = full
    words.processed = reply
    text = {"full": full, "reply": full, "quoted": reply}
    mail: dict[str, Any] = {
        "bcc": None, "cc": None, "content_type": "text/plain; charset=UTF-8", "date": payloads.iso(world.clock()),
        "from": [place.source_id], "headers": None, "html_content": {"full": full, "reply": full, "quoted": reply},
        "in_reply_to": None, "message_id": words.source_id, "multipart": False,
        "number_of_attachments": len(arrival.attachments), "references": [], "subject": arrival.subject or "",
        "text_content": text, "to": ["atendimento@example.test"], "auto_reply": arrival.auto_reply,
    }  # fmt: skip
    words.content_attributes = {"email": mail, "cc_email": None, "bcc_email": None} | arrival.attributes
    return words


def type_(world: World, thread: Conversation, actor: tuple[str, int], *, on: bool, private: bool = False) -> None:
    """Let somebody begin or stop typing."""
    name = f"conversation_typing_{'on' if on else 'off'}"
    world.emit(Event(name, thread.account_id, conversation=thread, actor=actor, is_private=private))


def open_widget(world: World, inbox: Inbox, who: str | Json | int | None) -> ContactInbox:
    """Let a visitor open the web chat without writing yet."""
    place, _ = people.meet(world, inbox, who)
    info = _visit(world) | {"widget_language": "pt_BR", "browser": _BROWSER}
    thread = threads.latest(world, place)
    world.emit(Event("webwidget_triggered", inbox.account_id, contact_inbox=place, conversation=thread, info=info))
    return place
