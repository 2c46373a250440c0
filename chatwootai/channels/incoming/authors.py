"""Tells the author of an outgoing message: we, another bot, a rule or campaign, or a person, also by phone. Pure.

Read in both shapes that Chatwoot has: that of a webhook, and that of `conversation.messages` and of its API.
"""

import re
from typing import Final

from chatwootai.model.message.delivery import Reason
from chatwootai.model.message.fields import Object, line, mapping
from chatwootai.model.message.outbox import MARK

_OF_A_DEVICE: Final = ("external_echo", "sent_from_device", "external_sender_name")
"""How Chatwoot, its forks and bridges mark what somebody typed in the channel's own app."""

_NO_SIGN: Final = (None, False, 0, "", "false", "False", "0")

_BOT: Final = re.compile(r"bot|captain|assistant|copilot|(?:^|[_:\s])ai(?:$|[_:\s])", re.IGNORECASE)


def author_of(message: Object, *, unsigned_is_person: bool = True) -> Reason:
    """Return whose outgoing message this is: OUTGOING_OWN, OUTGOING_AUTOMATION or OUTGOING_TEAMMATE.

    Our mark goes first: a reply of ours that was posted with a person's token is ours. What no bot, rule, campaign or
    template has signed is a person's, unless `unsigned_is_person` says that something else in this inbox writes so.
    """
    attributes, about = mapping(message.get("content_attributes")), mapping(message.get("additional_attributes"))
    if MARK in attributes:
        return Reason.OUTGOING_OWN
    if any(attributes.get(sign) not in _NO_SIGN for sign in _OF_A_DEVICE):
        return Reason.OUTGOING_TEAMMATE
    if attributes.get("automation_rule_id") or about.get("campaign_id"):
        return Reason.OUTGOING_AUTOMATION
    kind = line(mapping(message.get("sender")).get("type")) or line(message.get("sender_type")) or ""
    if _BOT.search(kind):
        return Reason.OUTGOING_OWN
    by_person = kind.lower() == "user" or (unsigned_is_person and not about.get("template_params"))
    return Reason.OUTGOING_TEAMMATE if by_person else Reason.OUTGOING_AUTOMATION
