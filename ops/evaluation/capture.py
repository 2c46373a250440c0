"""Captures a conversation as a draft of a case: read live from Chatwoot, redacted, and run only once reviewed."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from chatwootai.channels.incoming.channel_names import channel_of
from chatwootai.channels.registry import names
from chatwootai.model.message.delivery import Role
from config.snapshot import Account
from ops.access import ChatwootRefused, CommandError, chatwoot_clients
from ops.evaluation.redaction.redactor import KnownContact, Redactor
from workers.chatwoot.errors import ChatwootError
from workers.chatwoot.records import Conversation, Message

_MOST_PAST: Final = 12
_USUAL: Final = "webchat"
"""Channel of a case whose inbox is of a kind that has no name here."""
Said = tuple[Role, str]


async def capture(account: Account, conversation: int) -> dict[str, Any]:
    """Return a conversation's last answered burst as the fields of a draft, redacted.

    Raises:
        CommandError: the tenant has not said that it may be, the conversation has no answer, or a second look at the
            redacted texts still finds something.
        ChatwootRefused: Chatwoot does not show the conversation.
    """
    leave = account.settings.evals.capture
    if leave is None:
        raise CommandError(
            f"account {account.key} does not allow it: `evals: {{capture: {{purpose: ...}}}}` in its config.yaml does"
        )
    shown, messages = await _read(account, conversation)
    redactor = Redactor(known_contact(shown.raw), secrets.token_hex(16))
    case = draft_case(said_in(messages), _channel(shown), leave.purpose, redactor)
    case |= {"conversation": f"{account.key}:{conversation}"}
    if shown.contact is not None:
        case |= {"contact": f"{account.key}:{shown.contact}"}
    return case


def write_draft(case: Mapping[str, Any], folder: Path) -> Path:
    """Write a draft into a set's folder, and return the file.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / f"{str(case['name']).replace(' ', '_')}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump([dict(case)], allow_unicode=True, sort_keys=False, width=110), encoding="utf-8")
    return path


def draft_case(said: Sequence[Said], channel: str, purpose: str, redactor: Redactor) -> dict[str, Any]:
    """Return the last answered burst as a case's fields, redacted; what was said before it is its past.

    Raises:
        CommandError: nothing was answered, or a second look still finds something.
    """
    end = max((at for at, (role, _) in enumerate(said) if role is not Role.CONTACT), default=0)
    begin = end
    while begin and said[begin - 1][0] is Role.CONTACT:
        begin -= 1
    burst = [redactor.redact(text) for _, text in said[begin:end]]
    if not burst:
        raise CommandError("nothing in this conversation was asked and answered")
    past = [(role, redactor.redact(text)) for role, text in said[max(0, begin - _MOST_PAST) : begin]]
    role, answer = said[end][0], redactor.redact(said[end][1])
    if found := redactor.residual([*burst, answer, *(text for _, text in past)]):
        raise CommandError(f"nothing was written: a second look still finds {', '.join(found)}")
    case: dict[str, Any] = {
        "name": f"captured {secrets.token_hex(4)}",
        "reviewed": False,
        "purpose": purpose,
        "channel": channel,
        "history": [{"role": str(each), "text": text} for each, text in past],
        "say": [burst],
        "expect": {"outcome": "reply"},
    }
    if role is Role.CREW:
        case["recorded"] = {"model": [answer]}
    else:  # a teammate's words: what the crew should have said
        case["expect"] = {"outcome": "reply", "same_facts_as": answer}
    return case


def said_in(messages: Sequence[Message]) -> list[Said]:
    """Return what was said to each other, oldest first: no notes, no activities, nothing without words."""
    return list(_said(messages))


def _said(messages: Sequence[Message]) -> Iterator[Said]:
    for each in messages:
        if each.private or not each.content.strip() or each.type not in {"incoming", "outgoing"}:
            continue
        ours = Role.CREW if each.mark is not None else Role.TEAMMATE
        yield (Role.CONTACT if each.type == "incoming" else ours), each.content


def known_contact(raw: Mapping[str, Any]) -> KnownContact:
    """Return what a conversation tells of its contact."""
    meta = raw.get("meta")
    sender = meta.get("sender") if isinstance(meta, dict) else None
    told: Mapping[str, Any] = sender if isinstance(sender, dict) else {}
    more = [told.get("identifier")]
    for name in ("custom_attributes", "additional_attributes"):
        held = told.get(name)
        more += list(held.values()) if isinstance(held, dict) else []
    others = tuple(str(each) for each in more if isinstance(each, str | int) and not isinstance(each, bool))
    name, phone, mail = (str(told.get(key) or "") for key in ("name", "phone_number", "email"))
    return KnownContact(name, phone, mail, others)


def _channel(shown: Conversation) -> str:
    """Return our word for the channel of a conversation."""
    word = channel_of(shown.channel, conversation_attributes=shown.attributes)
    return word if word in names() else _USUAL


async def _read(account: Account, conversation: int) -> tuple[Conversation, tuple[Message, ...]]:
    if account.user_token is None:
        raise CommandError("a user_token is needed: a bot may not read a transcript")
    try:
        async with chatwoot_clients() as client:
            chatwoot = client(account)
            shown = await chatwoot.conversation(conversation)
            return shown, await chatwoot.messages(conversation)
    except ChatwootError as error:
        raise ChatwootRefused(str(error)) from None
