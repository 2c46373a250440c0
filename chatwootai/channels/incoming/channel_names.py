"""Our word for a channel, from what Chatwoot calls it."""

from collections.abc import Mapping
from functools import cache

from chatwootai.channels.registry import DEFAULT, all_capabilities


@cache
def _words() -> Mapping[str, str]:
    """Chatwoot's class names to our words (docs/reference/chatwoot.md), as each channel's file tells them."""
    return {name: word for word, medium in all_capabilities().items() for name in medium.chatwoot}


def channel_of(
    chatwoot_channel: object, source_id: str | None = None, conversation_attributes: Mapping[str, object] | None = None
) -> str:
    """Name the medium behind an inbox.

    Args:
        chatwoot_channel: the conversation's `channel`, like "Channel::Whatsapp"; anything else is tolerated.
        source_id: the contact's address in the inbox (`contact_inbox.source_id`, not the message's).
        conversation_attributes: the conversation's `additional_attributes`.

    Returns:
        The name of a file in `media`, as whatsapp; "default" for the unknown.
    """
    word = _words().get(chatwoot_channel, DEFAULT) if isinstance(chatwoot_channel, str) else DEFAULT
    # Twilio carries two media and says which only in the contact's address.
    if chatwoot_channel == "Channel::TwilioSms" and _starts(source_id, "whatsapp:"):
        return "whatsapp"
    if word == "facebook" and isinstance(conversation_attributes, Mapping):
        # Instagram connected through a Facebook page, as Chatwoot did it before Channel::Instagram.
        kind = conversation_attributes.get("type")
        return "instagram" if kind == "instagram_direct_message" else word
    return word


def _starts(value: object, prefix: str) -> bool:
    return isinstance(value, str) and value.lower().startswith(prefix)
