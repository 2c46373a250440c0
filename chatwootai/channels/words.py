"""Our word for a channel, from what Chatwoot calls it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEFAULT: Final = "default"

# Chatwoot's class names (PROTOCOL.md 2.5). Twilio carries two media and says which only in the contact's address.
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Channel::Whatsapp": "whatsapp",
        "Channel::WebWidget": "webchat",
        "Channel::Email": "email",
        "Channel::Instagram": "instagram",
        "Channel::FacebookPage": "facebook",
        "Channel::Telegram": "telegram",
        "Channel::TwilioSms": "sms",
        "Channel::Sms": "sms",
        "Channel::Line": "line",
        "Channel::Api": "api",
    }
)


def channel_of(
    chatwoot_channel: object, source_id: str | None = None, conversation_attributes: Mapping[str, object] | None = None
) -> str:
    """Name the medium behind an inbox.

    Args:
        chatwoot_channel: the conversation's `channel`, like "Channel::Whatsapp"; anything else is tolerated.
        source_id: the contact's address in the inbox (`contact_inbox.source_id`, not the message's).
        conversation_attributes: the conversation's `additional_attributes`.

    Returns:
        One of whatsapp, webchat, email, instagram, facebook, telegram, sms, line, api; "default" for the unknown.
    """
    word = _WORDS.get(chatwoot_channel, DEFAULT) if isinstance(chatwoot_channel, str) else DEFAULT
    if chatwoot_channel == "Channel::TwilioSms" and _starts(source_id, "whatsapp:"):
        return "whatsapp"
    if word == "facebook" and isinstance(conversation_attributes, Mapping):
        # Instagram connected through a Facebook page, as Chatwoot did it before Channel::Instagram.
        kind = conversation_attributes.get("type")
        return "instagram" if kind == "instagram_direct_message" else word
    return word


def _starts(value: object, prefix: str) -> bool:
    return isinstance(value, str) and value.lower().startswith(prefix)
