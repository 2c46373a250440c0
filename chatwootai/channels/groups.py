"""Whether a conversation is a group's, a list's or a status feed: many read what is said there. Pure.

Chatwoot's own channels have no groups; bridges behind an API inbox bring them as one contact each.
"""

import re
from typing import Final

from chatwootai.model.fields import Object, line, mapping

_GROUP: Final = re.compile(
    r".*@(?:g\.us|broadcast|newsletter)"  # WhatsApp's groups, lists, status feed and channels
    r"|(?:.*\D)?[1-9]\d{6,14}-1\d{9}(?:@.*)?"  # its older groups: who made it, and when
    r"|(?:.*\D)?120363\d{10,14}(?:@.*)?"  # its newer ones and channels, where a bridge cuts the rest off
    r"|(?:telegram|tg|chat)?[:_/]?-(?:100)?\d{6,13}"  # Telegram's groups and channels have negative numbers
    r"|group\.[A-Za-z0-9+/_=-]{20,}"  # Signal's
    r"|![A-Za-z0-9_/+=-]{6,}:[\w.-]+",  # a room of Matrix
    re.IGNORECASE,
)
_LINE_GROUP: Final = re.compile(r"[CR][0-9a-f]{32}")
_MOST: Final = 200


def is_group(payload: Object, conversation: Object) -> bool:
    """Return whether a message stands in a conversation that more than one person reads."""
    about, meta = mapping(conversation.get("additional_attributes")), mapping(conversation.get("meta"))
    source = mapping(conversation.get("contact_inbox")).get("source_id")
    people = [mapping(payload.get("sender")), mapping(meta.get("sender"))]
    chat = about.get("chat_id")
    if type(chat) is int:
        chat = str(chat)
    said = [source, chat, *(one.get("identifier") for one in people)]
    names = [name for each in said if (name := line(each, _MOST))]
    of_line = conversation.get("channel") == "Channel::Line"
    return any(_GROUP.fullmatch(name) or (of_line and _LINE_GROUP.fullmatch(name)) for name in names)
