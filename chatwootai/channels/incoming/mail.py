"""Reads a mail beside its text: who had a copy, and whether a machine sent it. Pure."""

import re
from typing import Final

from chatwootai.model.message.fields import EMPTY, Object, items, line, mapping

_ADDRESS: Final = re.compile(r"[^\s@<>,;\"()]{1,64}@[^\s@<>,;\"()]{1,255}")
_MACHINE: Final = re.compile(
    r"(?:mailer-daemon|postmaster|(?:no|do-?not|nao)[-_.]?reply|nao[-_.]?responda|bounces?)(?:[+=-].*)?"
)
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_MOST: Final = 20


def mail_of(message: Object) -> Object:
    """Return the mail in a message, or an empty object."""
    attributes = message.get("content_attributes")
    return mapping(attributes.get("email")) if attributes and isinstance(attributes, dict) else EMPTY


def copied_addresses(message: Object, contact: str | None) -> tuple[str, ...]:
    """Return the addresses that had a copy, in the order given, without the contact and without machines."""
    attributes = mapping(message.get("content_attributes"))
    named = _addresses(mail_of(message).get("cc")) or _addresses(attributes.get("cc_email"))
    sender = {(contact or "").lower(), *_addresses(mail_of(message).get("from"))}
    return tuple(each for each in dict.fromkeys(named) if each not in sender and not _is_machine(each))


def is_automatic(mail: Object, sender: Object) -> bool:
    """Return whether no person waits for an answer to a mail: bounces, lists, and what goes only to its sender.

    `sender`: the contact, who an answer would go to. A form on a site sends as `noreply@`, with a customer to reply to.
    """
    if not mail:
        return False
    senders = set(_addresses(sender.get("email")) or _addresses(mail.get("from")))
    to = set(_addresses(mail.get("to")))
    alone = bool(to) and to <= senders
    return alone or any(map(_is_machine, senders)) or _headers_say_automatic(mapping(mail.get("headers")))


def _is_machine(address: str) -> bool:
    return _MACHINE.fullmatch(address.partition("@")[0]) is not None


def _headers_say_automatic(headers: Object) -> bool:
    said = {str(name).lower().replace("_", "-"): str(value).strip().lower() for name, value in headers.items()}
    automatic = said.get("auto-submitted", "no").partition(";")[0].strip() not in ("no", "", "none")
    return automatic or said.get("precedence") in _BULK or "x-autoreply" in said


def _addresses(value: object) -> list[str]:
    """Return addresses from a list or a text, lower case."""
    given = [value] if isinstance(value, str) else items(value, _MOST)
    found = [_ADDRESS.findall(line(one, 1000) or "") for one in given]
    return [each.lower() for several in found for each in several][:_MOST]
