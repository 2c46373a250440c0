"""Tells whether a conversation is a group's, a list's or a status feed: many read what is said there. Pure.

Chatwoot's own channels have no groups; bridges behind an API inbox bring them as one contact each.
"""

import re
from typing import Final

from chatwootai.model.message.fields import Object, line, mapping

_GROUP: Final = re.compile(
    r".*@(?:g\.us|broadcast|newsletter)"  # WhatsApp's groups, lists, status feed and channels
    r"|(?:.*\D)?[1-9]\d{6,14}-1\d{9}(?:@.*)?"  # its older groups: who made it, and when
    r"|(?:.*\D)?120363\d{10,14}(?:@.*)?"  # its newer ones and channels, where a bridge cuts the rest off
    r"|(?:telegram|tg|chat)?[:_/]{0,3}-(?:100)?\d{6,13}"  # Telegram's groups and channels have negative numbers
    r"|(?:signal[:_/]{1,3})?group\.[A-Za-z0-9+/_=-]{20,}"  # Signal's
    r"|![A-Za-z0-9_/+=-]{6,}:[\w.-]+|#[^:@\s]{1,100}:[\w.-]+\.\w+"  # a room of Matrix, by its number or its name
    r"|19:[\w.-]{3,80}@thread\.(?:v2|tacv2|skype)",  # a chat or channel of Teams
    re.IGNORECASE,
)
_BARE: Final = "120363"
_LINE_GROUP: Final = re.compile(r"[CR][0-9a-f]{32}")
_MOST: Final = 200


def is_group(sender: Object, conversation: Object) -> bool:
    """Return whether more than one person reads this conversation, in which `sender` has written."""
    meta = mapping(conversation.get("meta"))
    chat = mapping(conversation.get("additional_attributes")).get("chat_id")
    of_line = conversation.get("channel") == "Channel::Line"
    for said in (
        mapping(conversation.get("contact_inbox")).get("source_id"),
        str(chat) if type(chat) is int else chat,
        sender.get("identifier"),
        mapping(meta.get("sender")).get("identifier"),
    ):
        name = line(said, _MOST) if said is not None else None
        if name and (_names_group(name) or (of_line and _LINE_GROUP.fullmatch(name))):
            return True
    return False


def _names_group(name: str) -> bool:
    if name.isalnum() and _BARE not in name:  # a number or a user's id, as nearly all are: every group's has a sign
        return False
    return _GROUP.fullmatch(name) is not None
