"""Whose an outgoing message is, at the door and in the look before posting; groups; and what is too old."""

import json
from typing import Any

import pytest

from chatwootai.channels.incoming.authors import author_of
from chatwootai.channels.incoming.groups import is_group
from chatwootai.channels.incoming.receipt import DEFAULT_RULES, ReadingRules
from chatwootai.model.message.delivery import Delivery, Reason
from chatwootai.model.message.effects import Ignored, ObservedMessage, RequestedStatus, Signal, SignalKind
from chatwootai.model.message.outbox import Action, ActionKind
from config.settings.mail_media_template import Messages
from ingress.payload import RequestInfo, parse
from workers.chatwoot.records import conversation
from workers.delivery.ownership import OwnershipConflict, ownership_conflict

NOW = 1_795_200_000.0
PERSON, RULE, OURS = Reason.OUTGOING_TEAMMATE, Reason.OUTGOING_AUTOMATION, Reason.OUTGOING_OWN
TYPED: list[tuple[str, dict[str, Any], Reason]] = [
    ("nothing at all", {}, PERSON),
    ("Chatwoot's echo", {"content_attributes": {"external_echo": True}}, PERSON),
    ("a fork's echo", {"content_attributes": {"external_sender_name": "WhatsApp"}}, PERSON),
    ("a bridge's echo", {"content_attributes": {"sent_from_device": "android"}}, PERSON),
    ("a bot's echo", {"content_attributes": {"sent_from_device": True}, "sender": {"type": "agent_bot"}}, PERSON),
    ("no echo, as text", {"content_attributes": {"external_echo": "false"}, "sender": {"type": "agent_bot"}}, OURS),
    ("no echo", {"content_attributes": {"external_echo": False}, "sender": {"type": "agent_bot"}}, OURS),
    ("a provider's id alone", {"source_id": "wamid.1"}, PERSON),
    ("an empty sender", {"sender": {}}, PERSON),
    ("the contact as sender", {"sender": {"id": 9, "name": "Ana"}}, PERSON),
    ("a teammate", {"sender": {"type": "user"}}, PERSON),
    ("a teammate's template", {"sender": {"type": "user"}, "additional_attributes": {"template_params": {}}}, PERSON),
    ("a rule", {"content_attributes": {"automation_rule_id": 12}}, RULE),
    ("a campaign", {"additional_attributes": {"campaign_id": 3}}, RULE),
    ("a teammate's campaign", {"additional_attributes": {"campaign_id": 3}, "sender": {"type": "user"}}, RULE),
    ("a template without a sender", {"additional_attributes": {"template_params": {"name": "x"}}}, RULE),
    ("our mark", {"content_attributes": {"chatwootai": {"turn": "t"}, "external_echo": True}}, OURS),
    ("another bot", {"sender": {"type": "agent_bot"}}, OURS),
    ("Captain", {"sender": {"type": "captain_assistant"}}, OURS),
    ("Captain, later", {"sender_type": "Captain::Assistant"}, OURS),
    ("attributes that are none", {"content_attributes": "x", "additional_attributes": [], "sender": 7}, PERSON),
]  # fmt: skip


@pytest.mark.parametrize(("said", "whose"), [case[1:] for case in TYPED], ids=[case[0] for case in TYPED])
def test_whose_an_outgoing_message_is_at_the_door_and_before_posting(said: dict[str, Any], whose: Reason) -> None:
    got = door({"message_type": "outgoing", "sender": None, **said})
    assert isinstance(got, Ignored)
    assert got.reason is whose
    assert (signal.kind if (signal := got.effect(Signal)) else None) is (
        SignalKind.TAKEOVER if whose is PERSON else None
    )
    assert (seen.wish if (seen := got.effect(ObservedMessage)) else None) is (
        RequestedStatus.OPEN if whose is PERSON else None
    )
    look = ownership_conflict(shown({"message_type": 1, "content_attributes": {}, **said}), ACTION)
    assert look == (OwnershipConflict("a teammate has answered", open_it=True) if whose is PERSON else None)


def test_attributes_that_a_chatwoot_gives_back_as_text_say_the_same() -> None:
    rule = shown({"message_type": 1, "content_attributes": json.dumps({"automation_rule_id": 12})})
    assert ownership_conflict(rule, ACTION) is None


def test_an_inbox_may_say_that_what_nobody_signed_is_no_persons() -> None:
    rules = Messages(unsigned="automation").reading_rules
    for said, whose in ((TYPED[0][1], RULE), (TYPED[1][1], PERSON), (TYPED[2][1], PERSON)):
        got = door({"message_type": "outgoing", "sender": None, **said}, rules)
        assert isinstance(got, Ignored)
        assert got.reason is whose
    unsigned = shown({"message_type": 1})
    assert ownership_conflict(unsigned, ACTION, unsigned_is_person=False) is None
    assert author_of({"sender_type": "User"}, unsigned_is_person=False) is PERSON


GROUPS = [
    "120363041234567890@g.us", "5511999990000-1612345678@g.us", "5511999990000-1612345678", "120363041234567890",
    "status@broadcast", "1612345678@broadcast", "120363041234567890@newsletter", "whatsapp:120363041234567890@g.us",
    "-1001234567890", "telegram:-1001234567890", "-412345678", "!room1234:matrix.example.org",
    "group.bGVuZ3RoeS1ncm91cC1pZC1vZi1zaWduYWw=", "120363041234567890@G.US",
    "tg://-1001234567890", "#room:matrix.example.org", "19:abc123def@thread.v2", "19:abc-def@thread.tacv2",
    "signal:group.bGVuZ3RoeS1ncm91cC1pZC1vZi1zaWduYWw=",
]  # fmt: skip
PEOPLE = [
    "5511999990000@s.whatsapp.net", "5511999990000@c.us", "5511999990000@lid", "123456789012345@lid", "+5511999990000",
    "5511999990000", "0f8c1a2b-1234-5678-9abc-def012345678", "ana@example.com", "ana@groups.example.us", "user-42",
    "55-11-99999-0000", "1001234567890", "ana-1", "BR.120363", "customer-1612345678", "2024-1234567890", "group.1",
]  # fmt: skip


@pytest.mark.parametrize("where", ["sender", "meta", "source"])
@pytest.mark.parametrize(("name", "group"), [*((name, True) for name in GROUPS), *((name, False) for name in PEOPLE)])
def test_groups_are_told_from_people(name: str, group: bool, where: str) -> None:
    places = {
        "sender": ({"sender": {"id": 9, "identifier": name}}, {}),
        "meta": ({}, {"meta": {"sender": {"id": 9, "identifier": name}}}),
        "source": ({}, {"contact_inbox": {"source_id": name}}),
    }
    said, about = places[where]
    got = door(said, **about)
    assert (got.reason if isinstance(got, Ignored) else None) is (Reason.GROUP if group else None)
    assert isinstance(door(said, Messages(groups=True).reading_rules, **about), Delivery)


def test_a_group_of_line_and_of_telegram_by_number() -> None:
    assert is_group({}, {"channel": "Channel::Line", "contact_inbox": {"source_id": "C" + "0f" * 16}})
    assert not is_group({}, {"channel": "Channel::Line", "contact_inbox": {"source_id": "U" + "0f" * 16}})
    assert is_group({}, {"additional_attributes": {"chat_id": -1001234567890}})
    assert not is_group({}, {"additional_attributes": {"chat_id": 1001234567890}})


DAY, HOUR = 86_400, 3600
AGES: list[tuple[dict[str, Any], bool]] = [
    ({"created_at": NOW - 5 * DAY}, True),
    ({"created_at": "2026-11-10T14:03:21.319Z"}, True),
    ({"created_at": NOW - 5, "content_attributes": {"external_created_at": NOW - 5 * DAY}}, True),
    ({"created_at": NOW - 5, "content_attributes": {"external_created_at": int((NOW - 5 * DAY) * 1000)}}, True),
    ({"created_at": "2026-11-10 14:03:21 UTC"}, True),
    ({"created_at": "Tue, 10 Nov 2026 14:03:21 GMT"}, True),
    ({"created_at": int((NOW - 5 * DAY) * 1000)}, True),
    ({"created_at": NOW - 5, "content_attributes": {"external_created_at": str(int(NOW - 5 * DAY))}}, True),
    ({"created_at": NOW - 25 * HOUR}, True),
    ({"created_at": NOW - 23 * HOUR}, False),
    ({"created_at": NOW + HOUR}, False),
    ({"created_at": "yesterday", "content_attributes": {"external_created_at": "soon"}}, False),
    ({}, False),
]


@pytest.mark.parametrize(("said", "old"), AGES)
def test_what_is_imported_is_remembered_and_answered_by_nobody(said: dict[str, Any], old: bool) -> None:
    got = door(said, Messages().reading_rules)
    assert isinstance(got, Ignored if old else Delivery)
    if isinstance(got, Ignored):
        assert (got.reason, got.effect(Signal)) == (Reason.TOO_OLD, None)
        seen = got.effect(ObservedMessage)
        assert seen
        assert (seen.role, seen.text, seen.wish) == ("contact", "hi", None)
    assert isinstance(door(said, Messages(most_hours=0).reading_rules), Delivery)
    assert isinstance(door(said, Messages(most_hours=8760).reading_rules), Delivery)


def test_a_teammates_old_answer_that_is_imported_opens_nothing() -> None:
    old = {"message_type": "outgoing", "sender": {"type": "user"}, "created_at": NOW - 5 * DAY}
    got = door(old, Messages().reading_rules)
    assert isinstance(got, Ignored)
    seen = got.effect(ObservedMessage)
    assert seen
    assert (got.reason, seen.wish) == (PERSON, None)
    signal = got.effect(Signal)
    assert signal
    assert signal.at == NOW - 5 * DAY  # settled by whatever the contact wrote since


ACTION = Action(turn="t", kind=ActionKind.REPLY, part=0, text="Oi", inbox=17, due=NOW, after=6)


def door(said: dict[str, Any], rules: ReadingRules = DEFAULT_RULES, **about: Any) -> Delivery | Ignored:
    conversation = {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Api", **about}
    base = {"event": "message_created", "id": 7, "message_type": "incoming", "content": "hi", "sender": {"id": 9}}
    body = json.dumps({**base, "conversation": conversation, **said}).encode()
    return parse(body, RequestInfo("shop", 1, NOW, rules=lambda inbox: rules if inbox == 17 else DEFAULT_RULES))


def shown(message: dict[str, Any]) -> Any:
    """A conversation as Chatwoot's API shows it, with this newest message."""
    return conversation({"id": 25, "status": "pending", "messages": [{"id": 7, "content": "Oi", **message}]})
