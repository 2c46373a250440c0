"""JSON of Chatwoot's REST API: other keys and other types than its webhooks."""

from sandbox.chatwoot.world import payloads
from sandbox.chatwoot.world.records import (
    AgentBot,
    Contact,
    ContactInbox,
    Conversation,
    Inbox,
    Json,
    Message,
    User,
    Webhook,
)
from sandbox.chatwoot.world.world import World


def message(world: World, entry: Message, echo_id: str | None = None) -> Json:
    """Return a message as create and list answer it."""
    body: Json = {"id": entry.id, "content": entry.content, "inbox_id": entry.inbox_id}
    if echo_id is not None:
        body["echo_id"] = echo_id
    body |= {
        "conversation_id": entry.conversation_id,
        "message_type": entry.message_type,
        "content_type": entry.content_type,
        "status": entry.status,
        "content_attributes": entry.content_attributes,
        "created_at": int(entry.created_at),
        "private": entry.private,
        "source_id": entry.source_id,
    }
    sender = payloads.pushed_sender(world, entry)
    body |= {"sender": sender} if sender else {}
    return body | ({"attachments": entry.attachments} if entry.attachments else {})


def conversation(world: World, thread: Conversation) -> Json:
    """Return a conversation as GET answers it."""
    last, place = thread.last_message, world.contact_inboxes[thread.contact_inbox_id]
    newest = thread.messages[-1:]
    return {
        "meta": _meta(world, thread, place),
        "id": thread.id,
        "messages": [payloads.pushed_message(world, thread, entry) for entry in newest],
        "account_id": thread.account_id,
        "uuid": thread.uuid,
        "additional_attributes": thread.additional_attributes,
        "agent_last_seen_at": 0,
        "assignee_last_seen_at": 0,
        "can_reply": payloads.can_reply(world, thread),
        "contact_last_seen_at": 0,
        "custom_attributes": thread.custom_attributes,
        "inbox_id": thread.inbox_id,
        "labels": list(thread.labels),
        "muted": world.contacts[place.contact_id].blocked,
        "snoozed_until": payloads.iso(thread.snoozed_until) if thread.snoozed_until else None,
        "status": thread.status,
        "created_at": int(thread.created_at),
        "updated_at": round(thread.updated_at, 3),
        "timestamp": int(thread.last_activity_at),
        "first_reply_created_at": int(thread.first_reply_at or 0),
        "unread_count": thread.unread,
        "last_non_activity_message": payloads.pushed_message(world, thread, last) if last else None,
        "last_activity_at": int(thread.last_activity_at),
        "priority": thread.priority,
        "waiting_since": int(thread.waiting_since),
        "sla_policy_id": None,
    }


def _meta(world: World, thread: Conversation, place: ContactInbox) -> Json:
    body: Json = {
        "sender": contact(world.contacts[place.contact_id]),
        "channel": world.medium(thread.inbox_id).chatwoot,
    }
    if thread.assignee_id is not None:
        body |= {"assignee": agent(world.users[thread.assignee_id]), "assignee_type": "User"}
    elif thread.assignee_bot_id is not None:
        body |= {"assignee": bot_in_short(world.agent_bots[thread.assignee_bot_id]), "assignee_type": "AgentBot"}
    if team := world.teams.get(thread.team_id or 0):
        body["team"] = {"id": team.id, "name": team.name}
    return body | {"hmac_verified": place.hmac_verified}


def contact(person: Contact) -> Json:
    """Return a contact as the API shows it."""
    return {
        "additional_attributes": person.additional_attributes,
        "availability_status": "offline",
        "email": person.email,
        "id": person.id,
        "name": person.name,
        "phone_number": person.phone_number,
        "blocked": person.blocked,
        "identifier": person.identifier,
        "thumbnail": "",
        "custom_attributes": person.custom_attributes,
        "last_activity_at": int(person.last_activity_at or person.created_at),
        "created_at": int(person.created_at),
    }


def contact_with_inboxes(world: World, person: Contact) -> Json:
    """Return a contact with its addresses."""
    places = (place for place in world.contact_inboxes.values() if place.contact_id == person.id)
    listed = [{"source_id": place.source_id, "inbox": inbox(world, place.inbox_id)} for place in places]
    return contact(person) | {"contact_inboxes": listed}


def agent(user: User) -> Json:
    """Return a teammate as the API shows one."""
    return {
        "id": user.id,
        "account_id": user.account_id,
        "availability_status": user.availability,
        "auto_offline": True,
        "confirmed": True,
        "email": user.email,
        "available_name": user.name.split()[0],
        "name": user.name,
        "role": user.role,
        "thumbnail": "",
        "custom_role_id": None,
    }


def bot_in_short(bot: AgentBot) -> Json:
    """Return an agent bot without its secrets."""
    return {
        "id": bot.id,
        "name": bot.name,
        "description": bot.description,
        "thumbnail": "",
        "outgoing_url": bot.outgoing_url,
        "bot_type": "webhook",
    }


def agent_bot(bot: AgentBot, *, admin: bool) -> Json:
    """Return an agent bot; its secret is for administrators, and a system bot hides all of it."""
    body: Json = bot_in_short(bot) | {"bot_config": bot.bot_config, "account_id": bot.account_id}
    if bot.account_id is None:
        return body | {"outgoing_url": None, "system_bot": True}
    body["access_token"] = bot.token
    return body | ({"secret": bot.secret} if admin else {}) | {"system_bot": False}


def inbox(world: World, inbox_id: int, *, admin: bool = False) -> Json:
    """Return an inbox."""
    entry = world.inboxes[inbox_id]
    body: Json = {
        "id": entry.id,
        "avatar_url": "",
        "channel_id": entry.id,
        "name": entry.name,
        "channel_type": world.medium(entry.id).chatwoot,
        "greeting_enabled": entry.greeting is not None,
        "greeting_message": entry.greeting,
        "working_hours_enabled": entry.working_hours_enabled,
        "enable_email_collect": False,
        "csat_survey_enabled": entry.csat,
        "enable_auto_assignment": False,
        "auto_assignment_config": {},
        "out_of_office_message": None,
        "working_hours": _working_hours(),
        "timezone": entry.timezone,
        "callback_webhook_url": None,
        "allow_messages_after_resolved": True,
        "lock_to_single_conversation": entry.lock_to_single,
        "sender_name_type": "friendly",
        "business_name": None,
    }
    return body | _channel_fields(entry, admin=admin)


def _channel_fields(entry: Inbox, *, admin: bool) -> Json:
    if entry.medium != "api":
        return {}
    body: Json = {"webhook_url": entry.webhook_url, "inbox_identifier": f"sandbox-{entry.id}"}
    return body | ({"secret": entry.secret} if admin else {})


def _working_hours() -> list[Json]:
    return [
        {
            "day_of_week": day,
            "closed_all_day": day in (0, 6),
            "open_hour": 9,
            "open_minutes": 0,
            "close_hour": 18,
            "close_minutes": 0,
            "open_all_day": False,
        }
        for day in range(7)
    ]


def webhook(entry: Webhook) -> Json:
    """Return an account's webhook, with the secret that Chatwoot chose."""
    return {
        "id": entry.id,
        "name": entry.name,
        "url": entry.url,
        "account_id": entry.account_id,
        "subscriptions": list(entry.subscriptions),
        "secret": entry.secret,
    }
