"""What needs no turn and is remembered, what a teammate's word asks for, and whose a conversation is."""

from dataclasses import replace
from typing import Any

import pytest

from chatwootai.channels.incoming.observed import read_observed
from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.model.message.assemble import in_spoken_order
from chatwootai.model.message.delivery import Reason, Role
from chatwootai.model.message.effects import ObservedMessage, RequestedStatus
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Exchange
from workers.chatwoot.records import conversation
from workers.delivery.ownership import OwnershipConflict, ownership_conflict
from workers.turn_signals import TurnSignals

AT = 1_800_000_000.0
USER = {"type": "user", "id": 3, "name": "Ana"}


def message(status: str = "pending", **changes: Any) -> dict[str, Any]:
    about = {"id": 25, "inbox_id": 17, "status": status}
    return {
        "id": 7,
        "content": "Oi, sou a Ana",
        "message_type": "outgoing",
        "sender": USER,
        "conversation": about,
    } | changes


def read(payload: dict[str, Any], reason: Reason) -> ObservedMessage | None:
    return read_observed(payload, payload["conversation"] or {}, Receipt("1", AT), reason)


@pytest.mark.parametrize(
    ("payload", "reason", "role", "text", "wish"),
    [
        (message(), Reason.OUTGOING_TEAMMATE, "teammate", "Oi, sou a Ana", RequestedStatus.OPEN),
        (message("open"), Reason.OUTGOING_TEAMMATE, "teammate", "Oi, sou a Ana", None),
        (message("resolved"), Reason.OUTGOING_TEAMMATE, "teammate", "Oi, sou a Ana", None),
        (
            message(attachments=[{"file_type": "image"}]),
            Reason.OUTGOING_TEAMMATE, "teammate", "Oi, sou a Ana\n[image]", RequestedStatus.OPEN,
        ),
        (message("open", message_type="incoming"), Reason.NOT_PENDING, "contact", "Oi, sou a Ana", None),
        (message(sender=None), Reason.OUTGOING_AUTOMATION, "teammate", "Oi, sou a Ana", None),
        (message(sender=None), Reason.TEMPLATE, "teammate", "Oi, sou a Ana", None),
        (message(private=True, content="/stop"), Reason.PRIVATE_NOTE, "teammate", "", RequestedStatus.OPEN),
        (message(private=True, content=" /STOP eu falo"), Reason.PRIVATE_NOTE, "teammate", "", RequestedStatus.OPEN),
        (message("open", private=True, content="/bot"), Reason.PRIVATE_NOTE, "teammate", "", RequestedStatus.PENDING),
        (
            message("snoozed", private=True, content="/bot"),
            Reason.PRIVATE_NOTE, "teammate", "", RequestedStatus.PENDING,
        ),
    ],
)  # fmt: skip
def test_what_is_heard(
    payload: dict[str, Any], reason: Reason, role: str, text: str, wish: RequestedStatus | None
) -> None:
    found = read(payload, reason)
    assert found is not None
    assert (found.role, found.text, found.wish) == (role, text, wish)
    assert (found.account, found.conversation, found.inbox, found.message, found.at) == ("1", 25, 17, 7, AT)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (message(private=True, content="a cliente é difícil"), Reason.PRIVATE_NOTE),
        (message(private=True, content="não use /stop aqui"), Reason.PRIVATE_NOTE),
        (message(private=True, content="/stopped"), Reason.PRIVATE_NOTE),
        (message(private=True, content="/bot"), Reason.PRIVATE_NOTE),  # it has it already
        (message("open", private=True, content="/stop"), Reason.PRIVATE_NOTE),
        (message(private=True, content="/stop", sender={"type": "agent_bot"}), Reason.PRIVATE_NOTE),
        (message(content_attributes={"chatwootai": {"turn": "t"}}), Reason.OUTGOING_OWN),
        (message(content_type="input_csat"), Reason.TEMPLATE),
        (message(content=None), Reason.OUTGOING_AUTOMATION),
        (message(content="x", message_type="activity"), Reason.ACTIVITY),
        (message(id="7"), Reason.OUTGOING_TEAMMATE),
        (message(conversation=None), Reason.OUTGOING_TEAMMATE),
    ],
)
def test_what_is_not(payload: dict[str, Any], reason: Reason) -> None:
    assert read(payload, reason) is None


def test_the_future_is_not_believed() -> None:
    found = read(message(created_at="2999-01-01T00:00:00Z"), Reason.OUTGOING_TEAMMATE)
    assert found is not None
    assert found.at == AT


def test_a_teammate_who_was_heard_at_once_stands_behind_what_he_answered() -> None:
    asked, answered, later = (
        Exchange(Role.CONTACT, "q", 1.0),
        Exchange(Role.TEAMMATE, "a", 2.0),
        Exchange(Role.CONTACT, "r", 3.0),
    )
    crew = Exchange(Role.CREW, "c", 9.0)  # our clock: never compared
    assert in_spoken_order([answered, asked, later]) == (asked, answered, later)
    assert in_spoken_order([crew, asked]) == (crew, asked)
    assert in_spoken_order([]) == ()


REPLY = Action(kind=ActionKind.REPLY, turn="t", part=1, after=10, assignee=None)


def shown(*last: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": 25, "status": "pending", "meta": {"sender": {}}, "messages": list(last)} | changes


def said(number: int, kind: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": number, "message_type": kind, "content": "x", "sender": {"type": "user"}} | changes


OPEN = OwnershipConflict("the conversation is open")
ANSWERED = OwnershipConflict("a teammate has answered", open_it=True)
NAMED = {"assignee": {"id": 3}, "assignee_type": "User", "sender": {}}


@pytest.mark.parametrize(
    ("body", "action", "reason"),
    [
        (shown(), REPLY, None),
        (shown(said(10, 0)), REPLY, None),
        (shown(said(11)), REPLY, ANSWERED),
        (shown(said(9)), REPLY, None),  # before what we answer
        (shown(said(11, private=True)), REPLY, None),  # a note
        (shown(said(11, content_attributes={"chatwootai": {"turn": "t", "part": 1}})), REPLY, None),  # ours
        (shown(said(11, sender={"type": "agent_bot"})), REPLY, None),
        (shown(said(11, sender=None)), REPLY, ANSWERED),  # typed on a phone whose bridge marks nothing
        (shown(said(11, sender=None, content_attributes={"automation_rule_id": 1})), REPLY, None),
        (
            shown(said(11, sender=None, content_attributes={"external_echo": True})),
            REPLY,
            ANSWERED,
        ),
        (shown(said(12, 2), last_non_activity_message=said(11)), REPLY, ANSWERED),
        (shown(status="open"), REPLY, OPEN),
        (shown(status="snoozed"), REPLY, OwnershipConflict("the conversation is snoozed")),
        (shown(muted=True), REPLY, OwnershipConflict("the contact is blocked")),
        (shown(meta={"sender": {"blocked": True}}), REPLY, OwnershipConflict("the contact is blocked")),
        (shown(meta=NAMED), REPLY, OwnershipConflict("a teammate was named", open_it=True)),
        (shown(meta=NAMED), replace(REPLY, assignee=3), None),  # the old one, from before it was handed back
        (shown(meta=NAMED | {"assignee_type": "AgentBot"}), REPLY, None),
        (shown(meta=NAMED | {"assignee_type": "Captain::Assistant"}), REPLY, None),
        (shown(said(11, 0)), REPLY, None),
        (shown(said(11, 0)), replace(REPLY, alone=True), OwnershipConflict("the contact has written")),
        (shown(said(11)), replace(REPLY, kind=ActionKind.STATUS, text="open"), None),
        (shown(status="open"), replace(REPLY, kind=ActionKind.STATUS, text="open"), OPEN),
        (shown(status="open"), replace(REPLY, kind=ActionKind.STATUS, text="pending"), None),
        (shown(), replace(REPLY, kind=ActionKind.STATUS, text="resolved"), None),
        (shown(said(11)), replace(REPLY, kind=ActionKind.STATUS, text="resolved"), ANSWERED),
    ],
)  # fmt: skip
def test_whose_it_is(body: dict[str, Any], action: Action, reason: OwnershipConflict | None) -> None:
    found = conversation(body)
    assert found is not None
    assert ownership_conflict(found, action) == reason


def test_attention_keeps_the_latest_and_ignores_unknown_words() -> None:
    signals = TurnSignals()
    signals.receive("takeover", 5.0)
    signals.receive("takeover", 3.0)
    signals.receive("resolved", 4.0)
    assert (signals.takeover_at, signals.resolved_at, signals.changed.is_set()) == (5.0, 4.0, True)
    signals.settle()
    signals.receive("dance", 9.0)
    assert not signals.changed.is_set()
