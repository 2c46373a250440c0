"""Captures a conversation as a draft of a case: read live from Chatwoot, redacted, and run only once reviewed."""

import re
import secrets
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from chatwootai.channels.incoming.channel_names import channel_of
from chatwootai.channels.registry import names
from chatwootai.model.message.delivery import Role
from config.snapshot import Account
from ops.access import ChatwootRefused, CommandError, chatwoot_clients
from ops.evaluation.origins import Origin
from ops.evaluation.redaction.redactor import KnownContact, Redactor
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import ChatwootError
from workers.chatwoot.records import Conversation, Message

_MOST_PAST: Final = 12
_MOST_PAGES: Final = 10
"""Pages of 20 messages that are read of a conversation, to find an earlier turn."""
_USUAL: Final = "webchat"
"""Channel of a case whose inbox is of a kind that has no name here."""


class Said(NamedTuple):
    """Something that was said. `message`: its id in Chatwoot; `turn`: the turn whose answer it is, else empty."""

    role: Role
    text: str
    message: int = 0
    turn: str = ""


class NothingToCapture(CommandError):
    """Nothing in a conversation was asked and answered, or not what was looked for; or it is a case already."""


async def capture(
    account: Account,
    origin: Origin,
    known: Container[tuple[str, int]] = (),
    *,
    chatwoot: Chatwoot | None = None,
) -> dict[str, Any]:
    """Return a burst of a conversation and its answer as the fields of a draft, redacted.

    Args:
        account: whose conversation it is.
        origin: which of its bursts.
        known: conversation and last message of the cases there are.
        chatwoot: the account's client; None: one is made for this call.

    Raises:
        CommandError: the tenant has not said that it may be, or a second look at the redacted texts still finds
            something.
        NothingToCapture: see there.
        ChatwootRefused: Chatwoot does not show the conversation.
    """
    leave = purpose_of(account)
    shown, messages = await _read(account, origin, chatwoot)
    burst = burst_in(said_in(messages), origin)
    conversation = f"{account.key}:{origin.conversation}"
    if (conversation, burst.last) in known:
        raise NothingToCapture("it is a case already")
    redactor = Redactor(known_contact(shown.raw), secrets.token_hex(16))
    case = draft_case(burst, _channel(shown), leave, redactor, source=origin.source)
    case |= {"conversation": conversation, "message": burst.last}
    if shown.contact is not None:
        case |= {"contact": f"{account.key}:{shown.contact}"}
    return case


def purpose_of(account: Account) -> str:
    """Return what an account's conversations may become cases for.

    Raises:
        CommandError: its tenant has not said that they may.
    """
    leave = account.settings.evals.capture
    if leave is None:
        raise CommandError(
            f"account {account.key} does not allow it: `evals: {{capture: {{purpose: ...}}}}` in its config.yaml does"
        )
    return leave.purpose


def write_draft(case: Mapping[str, Any], folder: Path) -> Path:
    """Write a draft into a set's folder, and return the file.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / draft_file(case)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(draft_text(case), encoding="utf-8")
    return path


def draft_file(case: Mapping[str, Any]) -> str:
    """Return the name of a draft's file."""
    return f"{re.sub(r'[^a-z0-9]+', '_', str(case['name']).casefold())}.yaml"


def draft_text(case: Mapping[str, Any]) -> str:
    """Return a draft as the YAML that its file holds."""
    return yaml.safe_dump([dict(case)], allow_unicode=True, sort_keys=False, width=110)


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages of a contact with what was said before and after. `answer`: None where nobody answered.

    `correction`: what teammates wrote below the crew's answer, before the contact wrote on.
    """

    past: Sequence[Said]
    asked: Sequence[Said]
    answer: Said | None
    correction: str = ""

    @property
    def last(self) -> int:
        """The id of its last message."""
        return self.asked[-1].message


def burst_in(said: Sequence[Said], origin: Origin) -> Burst:
    """Return the burst that an origin means, the last answered one where it names none.

    Raises:
        NothingToCapture: there is none.
    """
    origin = _one_way(said, origin)
    end = _end(said, origin)
    begin = end
    while begin and said[begin - 1].role is Role.CONTACT:
        begin -= 1
    if begin == end:
        raise NothingToCapture("nothing in this conversation was asked and answered")
    past = said[max(0, begin - _MOST_PAST) : begin]
    if origin.messages:
        return Burst(past, said[begin:end], None)
    after = takewhile(lambda one: one.role is not Role.CONTACT, said[end + 1 :])
    teammates = [one.text for one in after if one.role is Role.TEAMMATE] if said[end].role is Role.CREW else []
    return Burst(past, said[begin:end], said[end], "\n".join(teammates))


def _one_way(said: Sequence[Said], origin: Origin) -> Origin:
    """Return an origin that names a turn and messages by the turn alone where that has an answer, else by these."""
    if not (origin.turn and origin.messages):
        return origin
    if any(one.turn == origin.turn for one in said):
        return replace(origin, messages=frozenset())
    return replace(origin, turn="")


def _end(said: Sequence[Said], origin: Origin) -> int:
    """Return the place behind a burst: that of its answer, where it has one; 0: there is no such burst."""
    if origin.messages:
        return max((at + 1 for at, one in enumerate(said) if one.message in origin.messages), default=0)
    if origin.turn:
        return next((at for at, one in enumerate(said) if one.turn == origin.turn), 0)
    answered = (
        at for at in range(1, len(said)) if said[at].role is not Role.CONTACT and said[at - 1].role is Role.CONTACT
    )
    return max(answered, default=0)


def draft_case(
    burst: Burst, channel: str, purpose: str, redactor: Redactor, *, source: str = "captured"
) -> dict[str, Any]:
    """Return a burst as a case's fields, redacted; what was said before it is its past.

    Raises:
        CommandError: a second look still finds something.
    """
    asked = [redactor.redact(one.text) for one in burst.asked]
    past = [(one.role, redactor.redact(one.text)) for one in burst.past]
    answer = redactor.redact(burst.answer.text) if burst.answer else ""
    right = redactor.redact(burst.correction) or (answer if burst.answer and burst.answer.role is not Role.CREW else "")
    if found := redactor.residual([*asked, answer, right, *(text for _, text in past)]):
        raise CommandError(f"nothing was written: a second look still finds {', '.join(found)}")
    case: dict[str, Any] = {
        "name": f"{source} {secrets.token_hex(4)}",
        "reviewed": False,
        "purpose": purpose,
        "channel": channel,
        "history": [{"role": str(role), "text": text} for role, text in past],
        "say": [asked],
        "expect": {"outcome": "reply"},
    }
    if right:  # a teammate's words: what the crew should have said
        case["expect"] = {"outcome": "reply", "same_facts_as": right}
    elif answer:
        case["recorded"] = {"model": [answer]}
    return case


def said_in(messages: Sequence[Message]) -> list[Said]:
    """Return what was said to each other, oldest first: no notes, no activities, nothing without words."""
    return list(_said(messages))


def _said(messages: Sequence[Message]) -> Iterator[Said]:
    for each in messages:
        if each.private or not each.content.strip() or each.type not in {"incoming", "outgoing"}:
            continue
        ours = Role.CREW if each.mark is not None else Role.TEAMMATE
        role = Role.CONTACT if each.type == "incoming" else ours
        yield Said(role, each.content, each.id, each.mark.turn if each.mark else "")


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


async def _read(account: Account, origin: Origin, chatwoot: Chatwoot | None) -> tuple[Conversation, list[Message]]:
    if account.user_token is None:
        raise CommandError("a user_token is needed: a bot may not read a transcript")
    try:
        async with AsyncExitStack() as stack:
            client = chatwoot or (await stack.enter_async_context(chatwoot_clients()))(account)
            return await client.conversation(origin.conversation), await _messages(client, origin)
    except ChatwootError as error:
        raise ChatwootRefused(str(error)) from None


async def _messages(client: Chatwoot, origin: Origin) -> list[Message]:
    """Return a conversation's messages, oldest first, as far back as the origin and its past."""
    found = list(await client.messages(origin.conversation))
    for _ in range(_MOST_PAGES - 1):
        if not found or (_names(found[_MOST_PAST:], origin) and len(found) > _MOST_PAST):
            break
        earlier = await client.messages(origin.conversation, before=found[0].id)
        if not earlier:
            break
        found = [*earlier, *found]
    return found


def _names(messages: Sequence[Message], origin: Origin) -> bool:
    """Tell whether these messages hold what an origin names; the last burst stands among any."""
    if origin.turn and any(one.mark is not None and one.mark.turn == origin.turn for one in messages):
        return True
    if origin.messages:
        return origin.messages <= {one.id for one in messages}
    return not origin.turn
