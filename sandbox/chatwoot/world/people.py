"""Contacts and their addresses: found or made, changed, blocked."""

from typing import Any, Final

from sandbox.chatwoot.world import payloads, threads
from sandbox.chatwoot.world.records import Contact, ContactInbox, Conversation, Event, Inbox, Json
from sandbox.chatwoot.world.world import World

_FIRST: Final = ("Ana", "Bruna", "Carla", "Diego", "Elisa", "Fábio", "Gabriela", "Heitor", "Isabela", "João", "Lucas")
_LAST: Final = ("Almeida", "Barbosa", "Cardoso", "Duarte", "Esteves", "Ferreira", "Gonçalves", "Lima", "Moreira")

# How a channel writes a phone number ("#+": without its plus).
_PHONES: Final = {"whatsapp": "#{}", "twilio_whatsapp": "whatsapp:{}", "sms": "{}", "bandwidth_sms": "{}"}


def meet(world: World, inbox: Inbox, who: str | Json | int | None) -> tuple[ContactInbox, bool]:
    """Find or make the contact who writes, and their address in this inbox.

    Args:
        world: the records.
        inbox: where they write.
        who: an address or name to recognise them by, the id of a contact, fields of one, or None for somebody new.

    Returns:
        The address, and whether the contact is new to the account.
    """
    if isinstance(who, int):
        return place(world, inbox, world.contact(inbox.account_id, who)), False
    fields = {"key": who} if isinstance(who, str) else dict(who or {})
    key = fields.pop("key", None)
    if known := _recognise(world, inbox, key):
        return known, False
    person = create(world, inbox.account_id, **(_invent_contact(world, inbox, key) | fields))
    return place(world, inbox, person, source_id=key if key and _is_address(key) else None), True


def _recognise(world: World, inbox: Inbox, key: str | None) -> ContactInbox | None:
    if key is None:
        return None
    for found in world.contact_inboxes.values():
        names = (found.source_id, world.contacts[found.contact_id].name)
        if found.inbox_id == inbox.id and key in names:
            return found
    return None


def _is_address(key: str) -> bool:
    return any(character.isdigit() or character == "@" for character in key)


def _invent_contact(world: World, inbox: Inbox, key: str | None) -> Json:
    draw = world.random
    name = key if key and not _is_address(key) else f"{draw.choice(_FIRST)} {draw.choice(_LAST)}"
    fields: Json = {"name": name}
    match inbox.medium:
        case "whatsapp" | "twilio_whatsapp" | "sms" | "bandwidth_sms":
            digits = "".join(character for character in key or "" if character.isdigit())
            fields["phone_number"] = "+" + (digits or f"55119{draw.randrange(10**7, 10**8)}")
        case "email":
            fields["email"] = key if key and "@" in key else _address(world, name)
        case "webchat":
            fields["additional_attributes"] = {
                "country": "Brazil",
                "country_code": "BR",
                "created_at_ip": "203.0.113.9",
            }
        case "telegram":
            nick = name.split()[0].lower()
            fields["additional_attributes"] = _telegram(draw.randrange(10**8, 10**9), nick)
        case _:
            pass
    return fields


def _address(world: World, name: str) -> str:
    plain = name.lower().encode("ascii", "ignore").decode().replace(" ", ".")
    return f"{plain}.{world.random.randrange(100, 1000)}@example.com"


def _telegram(number: int, nick: str) -> Json:
    return {
        "username": nick,
        "language_code": "pt-br",
        "social_telegram_user_id": number,
        "social_telegram_user_name": nick,
    }


def remove(world: World, person: Contact) -> None:
    """Delete a contact with their addresses and conversations."""
    for place, thread in list(world.conversations.items()):
        if world.contact_of(thread).id == person.id:
            del world.conversations[place]
    for found in [one for one in world.contact_inboxes.values() if one.contact_id == person.id]:
        del world.contact_inboxes[found.id]
    del world.contacts[person.id]


def merge(world: World, base: Contact, other: Contact) -> None:
    """Give a contact another's addresses and conversations, and delete the other."""
    for found in world.contact_inboxes.values():
        if found.contact_id == other.id:
            found.contact_id = base.id
    del world.contacts[other.id]


def create(world: World, account_id: int, **fields: Any) -> Contact:
    """Make a contact and tell of it."""
    now = world.clock()
    person = Contact(id=world.next_id("contact", 89), account_id=account_id, created_at=now, **({"name": ""} | fields))
    world.contacts[person.id] = person
    world.emit(Event("contact_created", account_id, contact=person))
    return person


def place(world: World, inbox: Inbox, person: Contact, source_id: str | None = None) -> ContactInbox:
    """Find or give a contact's address in an inbox."""
    for known in world.contact_inboxes.values():
        if known.inbox_id == inbox.id and known.contact_id == person.id:
            return known
    id_ = world.next_id("contact_inbox", 547)
    made = ContactInbox(
        id=id_, contact_id=person.id, inbox_id=inbox.id, source_id=source_id or _source_id(world, inbox, person),
        created_at=world.clock(), pubsub_token=world.token("pubsub", id_),
    )  # fmt: skip
    world.contact_inboxes[id_] = made
    return made


def _source_id(world: World, inbox: Inbox, person: Contact) -> str:
    if (form := _PHONES.get(inbox.medium)) is not None:
        return form.format(person.phone_number or f"+55119{world.random.randrange(10**7, 10**8)}").replace("#+", "")
    match inbox.medium:
        case "email":
            return person.email or _address(world, person.name)
        case "telegram":
            number = person.additional_attributes.get("social_telegram_user_id")
            return str(number or world.random.randrange(10**8, 10**9))
        case "facebook" | "instagram" | "line" | "tiktok" | "twitter":
            return str(world.random.randrange(10**15, 10**16))
        case _:
            return world.uuid()


def change(world: World, person: Contact, **fields: Any) -> Contact:
    """Change a contact (attribute hashes are merged, as Chatwoot does) and tell of what changed."""
    for name in ("additional_attributes", "custom_attributes"):
        if name in fields:
            fields[name] = getattr(person, name) | fields[name]
    pairs = tuple((name, getattr(person, name), new) for name, new in fields.items() if getattr(person, name) != new)
    for name, _, new in pairs:
        setattr(person, name, new)
    if pairs:
        now = payloads.iso(world.clock())
        moved = (("updated_at", payloads.iso(person.last_activity_at or person.created_at), now),)
        world.emit(Event("contact_updated", person.account_id, contact=person, changed=pairs + moved))
    return person


def mute(world: World, thread: Conversation) -> None:
    """Block the contact and resolve the conversation, as the mute button does."""
    thread.muted = True
    change(world, world.contact_of(thread), blocked=True)
    threads.set_status(world, thread, "resolved", "Mute")
