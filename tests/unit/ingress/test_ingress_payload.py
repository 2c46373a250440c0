"""parse(): every payload that Chatwoot is known to send, and what it means."""

import json
from typing import Any

import pytest

from chatwootai.model.message import assemble
from chatwootai.model.message.delivery import Attachment, Delivery, Reason
from chatwootai.model.message.effects import Ignored, Signal, SignalKind
from ingress.payload import InvalidPayload, RequestInfo, parse
from tests.data import PAYLOADS, example

RECEIVED = 1_795_200_000.0
ARRIVAL = RequestInfo("shop", 1, RECEIVED, "0b2f4c1e")

ACCEPTED = "accepted"
EXPECTED: dict[str, tuple[str, SignalKind | None]] = {
    "contact_created": (Reason.CONTACT_EVENT, None),
    "contact_updated": (Reason.CONTACT_EVENT, None),
    "conversation_created.account_webhook": (Reason.CONVERSATION_EVENT, None),
    "conversation_opened.agent_bot_only": (Reason.CONVERSATION_EVENT, SignalKind.TAKEOVER),
    "conversation_resolved.agent_bot_only": (Reason.CONVERSATION_EVENT, SignalKind.RESOLVED),
    "conversation_status_changed.pending_to_open_handoff": (Reason.CONVERSATION_EVENT, SignalKind.TAKEOVER),
    "conversation_status_changed.resolved": (Reason.CONVERSATION_EVENT, SignalKind.RESOLVED),
    "conversation_typing_off.agent_bot": (Reason.TYPING, None),
    "conversation_typing_on.contact": (Reason.TYPING, SignalKind.TYPING),
    "conversation_updated.assignee_set_human": (Reason.CONVERSATION_EVENT, SignalKind.TAKEOVER),
    "conversation_updated.label_list": (Reason.CONVERSATION_EVENT, None),
    "conversation_updated.waiting_since_cleared_by_bot_reply": (Reason.CONVERSATION_EVENT, None),
    "message_created.incoming.api_inbox": (ACCEPTED, None),
    "message_created.incoming.email": (ACCEPTED, None),
    "message_created.incoming.telegram_photo_reply": (ACCEPTED, None),
    "message_created.incoming.twilio_sms": (ACCEPTED, None),
    "message_created.incoming.webwidget": (ACCEPTED, None),
    "message_created.incoming.whatsapp": (ACCEPTED, None),
    "message_created.incoming.whatsapp_document": (ACCEPTED, None),
    "message_created.incoming.whatsapp_image_caption": (ACCEPTED, None),
    "message_created.incoming.whatsapp_location": (ACCEPTED, None),
    "message_created.incoming.whatsapp_unsupported": (ACCEPTED, None),
    "message_created.incoming.whatsapp_voice_note": (ACCEPTED, None),
    "message_created.outgoing.agent_bot": (Reason.OUTGOING_OWN, None),
    "message_created.outgoing.agent_bot_input_select": (Reason.OUTGOING_OWN, None),
    "message_created.outgoing.automation_rule": (Reason.OUTGOING_AUTOMATION, None),
    "message_created.outgoing.human_agent": (Reason.OUTGOING_TEAMMATE, SignalKind.TAKEOVER),
    "message_created.outgoing.human_agent_in_pending_bot_conversation": (
        Reason.OUTGOING_TEAMMATE,
        SignalKind.TAKEOVER,
    ),
    "message_created.outgoing.private_note": (Reason.PRIVATE_NOTE, None),
    "message_created.outgoing.whatsapp_template": (Reason.OUTGOING_TEAMMATE, SignalKind.TAKEOVER),
    "message_created.template.greeting": (Reason.TEMPLATE, None),
    "message_created.template.input_csat": (Reason.TEMPLATE, None),
    "message_created.template.out_of_office": (Reason.TEMPLATE, None),
    "message_updated.audio_transcribed_by_captain": (ACCEPTED, None),
    "message_updated.csat_answered": (Reason.EDIT_WITHOUT_NEW_CONTENT, None),
    "message_updated.delivery_failed": (Reason.EDIT_WITHOUT_NEW_CONTENT, None),
    "message_updated.source_id_and_delivered": (Reason.EDIT_WITHOUT_NEW_CONTENT, None),
    "message_updated.widget_input_email_answered": (Reason.EDIT_WITHOUT_NEW_CONTENT, None),
    "message_updated.widget_input_select_answered": (ACCEPTED, None),
    "webwidget_triggered": (Reason.WIDGET_OPENED, None),
}


def message(**changes: Any) -> dict[str, Any]:
    """The least that a message_created event needs."""
    return {
        "event": "message_created",
        "id": 7,
        "message_type": "incoming",
        "content": "hi",
        "sender": {"id": 9},
        "conversation": {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::WebWidget"},
        **changes,
    }


def about(**changes: Any) -> dict[str, Any]:
    return message(conversation={**message()["conversation"], **changes})


def read(payload: object) -> Delivery | Ignored:
    return parse(json.dumps(payload).encode(), ARRIVAL)


def delivery(payload: object) -> Delivery:
    result = read(payload)
    assert isinstance(result, Delivery)
    return result


def ignored(payload: object) -> Ignored:
    result = read(payload)
    assert isinstance(result, Ignored)
    return result


def test_no_stored_payload_is_left_out() -> None:
    files = {path.stem for path in PAYLOADS.glob("*.json") if not path.name.startswith(("_", "api."))}
    assert files == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_every_stored_payload(name: str) -> None:
    expected, kind = EXPECTED[name]
    result = read(example(name))
    if expected == ACCEPTED:
        assert isinstance(result, Delivery)
    else:
        assert isinstance(result, Ignored)
        assert result.reason == expected
        signal = result.effect(Signal)
        assert (signal.kind if signal else None) == kind
        assert signal is None or (signal.account, signal.conversation) == ("shop", 25)


def test_a_whatsapp_message_in_full() -> None:
    got = delivery(example("message_created.incoming.whatsapp"))
    assert (got.account, got.conversation, got.inbox, got.channel) == ("shop", 25, 17, "whatsapp")
    assert (got.message.id, got.message.text, got.message.at) == (
        17547,
        "Oi, meu pedido 8812 não chegou",
        1795183401.319,
    )
    assert (got.contact.id, got.contact.name, got.contact.phone) == (89, "Ana Souza", "+5511999990001")
    assert got.contact.verified
    assert (got.received_at, got.delivery_id, got.waiting_since) == (RECEIVED, "0b2f4c1e", 1795183401.0)
    assert (got.labels, got.subject, got.language, got.can_reply) == ((), None, None, True)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("api_inbox", "api"),
        ("email", "email"),
        ("telegram_photo_reply", "telegram"),
        ("twilio_sms", "sms"),
        ("webwidget", "webchat"),
    ],
)
def test_channels(name: str, channel: str) -> None:
    assert delivery(example(f"message_created.incoming.{name}")).channel == channel


def test_a_mail_without_its_quoted_thread() -> None:
    got = delivery(example("message_created.incoming.email"))
    assert got.message.text == "My order 8812 is late"
    assert got.subject == "Order 8812 not delivered"
    assert got.contact.email == "ana@example.com"
    assert not got.contact.verified


def test_a_mail_of_html_alone_one_trimmed_by_chatwoot_and_one_by_us() -> None:
    mail = example("message_created.incoming.email")
    mail["content_attributes"]["email"]["text_content"] = None
    assert delivery(mail).message.text == "My order **8812** is late"
    mail["content_attributes"]["email"]["html_content"] = None
    assert delivery(mail).message.text == "My order 8812 is late"
    mail["conversation"]["messages"][0]["id"] += 1  # then it is another message's
    assert mail["content"].endswith("> Your order shipped")
    assert delivery(mail).message.text == "My order 8812 is late"


@pytest.mark.parametrize(
    ("name", "text", "attachment"),
    [
        (
            "whatsapp_image_caption",
            "Chegou assim",
            {"kind": "image", "content_type": "image/jpeg", "title": "photo.jpg"},
        ),
        ("whatsapp_document", "", {"kind": "file", "content_type": "application/pdf", "title": "boleto.pdf"}),
        ("whatsapp_voice_note", "", {"kind": "audio", "transcript": None}),
        (
            "whatsapp_location",
            "",
            {"kind": "location", "title": "Praça da Sé, São Paulo", "latitude": -23.55052, "url": None},
        ),
        ("whatsapp_unsupported", "", {"kind": "unsupported", "url": None}),
    ],
)
def test_attachments_with_and_without_text(name: str, text: str, attachment: dict[str, Any]) -> None:
    got = delivery(example(f"message_created.incoming.{name}")).message
    assert got.text == text
    (one,) = got.attachments
    assert {key: getattr(one, key) for key in attachment} == attachment


def test_a_reply_to_a_message() -> None:
    assert delivery(example("message_created.incoming.telegram_photo_reply")).message.in_reply_to == 20190


def test_the_least_that_is_a_message() -> None:
    got = delivery(message())
    assert (got.channel, got.message.at, got.contact.name, got.can_reply) == ("webchat", RECEIVED, None, True)


def test_the_contact_may_stand_in_the_conversation_alone() -> None:
    payload = about(meta={"sender": {"id": 9, "name": "Ana"}})
    payload["sender"] = None
    assert (delivery(payload).contact.id, delivery(payload).contact.name) == (9, "Ana")


@pytest.mark.parametrize("where", [{"meta": {"hmac_verified": True}}, {"contact_inbox": {"hmac_verified": True}}])
def test_an_identity_vouched_for(where: dict[str, Any]) -> None:
    assert delivery(about(**where)).contact.verified
    assert not delivery(message()).contact.verified


def test_what_else_a_conversation_says() -> None:
    got = delivery(
        about(
            labels=["vip", 3, "", "billing"],
            can_reply=False,
            waiting_since=0,
            additional_attributes={"conversation_language": "pt", "browser_language": "en"},
            custom_attributes={"plan": "gold", "orders": 3, "tags": ["x"], "none": None},
        )
    )
    assert got.labels == ("vip", "billing")
    assert not got.can_reply
    assert got.waiting_since is None
    assert got.language == "pt"
    assert got.custom == {"plan": "gold", "orders": "3"}


@pytest.mark.parametrize(
    ("channel", "changes", "said"),
    [
        ("Channel::Whatsapp", {"content": None}, "[something that this channel cannot pass on]"),  # a failed download
        ("Channel::Telegram", {"content": None, "attachments": []}, "[something that this channel cannot pass on]"),
        ("Channel::Whatsapp", {"content": None, "content_attributes": {"whatsapp_flow_response": {"cep": 80610}}},
         "cep: 80610"),
        ("Channel::Whatsapp", {"content_attributes": {"referral": {"headline": "Sofá", "body": "-20%", "x": 1}}},
         "hi\n[written after clicking the ad: Sofá: -20%]"),
        ("Channel::Instagram", {"content_attributes": {"story_id": "1", "story_url": "https://x"}},
         "hi\n[an answer to a story of the company]"),
        ("Channel::Email", {"content": None, "content_attributes": {"email": {"subject": "Pedido 8812?"}}},
         "Pedido 8812?"),
    ],
)  # fmt: skip
def test_what_a_contact_did_not_put_into_words(channel: str, changes: dict[str, Any], said: str) -> None:
    payload = about(channel=channel) | changes
    assert assemble.delivery_text(delivery(payload)) == said


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (message(private=True), Reason.PRIVATE_NOTE),
        (message(message_type="activity"), Reason.ACTIVITY),
        (message(message_type=2), Reason.ACTIVITY),
        (message(message_type="something_new"), Reason.UNKNOWN_EVENT),
        (message(content_type="voice_call", content="Voice Call"), Reason.ACTIVITY),
        (message(content_attributes={"deleted": True}), Reason.MESSAGE_DELETED),
        (message(sender={"id": 9, "blocked": True}), Reason.CONTACT_BLOCKED),
        (about(meta={"sender": {"blocked": True}}), Reason.CONTACT_BLOCKED),
        (about(meta={"sender": {"blocked": True}}, status="resolved"), Reason.CONTACT_BLOCKED),
        (about(status="open"), Reason.NOT_PENDING),
        (about(status="snoozed"), Reason.NOT_PENDING),
        (about(status="resolved"), Reason.NOT_PENDING),
        (about(status=None), Reason.NOT_PENDING),
        (message(content=None), Reason.EMPTY),
        (message(content=" \n"), Reason.EMPTY),
        (message(content="\u0000"), Reason.EMPTY),
        (message(content=None, attachments=[]), Reason.EMPTY),
        (message(content_attributes={"email": {"auto_reply": True}}), Reason.AUTOMATIC_MAIL),
        (about(additional_attributes={"auto_reply": True}), Reason.AUTOMATIC_MAIL),
        (message(message_type="outgoing", sender={"type": "captain_assistant"}), Reason.OUTGOING_OWN),
        (
            message(message_type="outgoing", sender=None, additional_attributes={"template_params": {"name": "x"}}),
            Reason.OUTGOING_AUTOMATION,
        ),
        (
            message(message_type="outgoing", additional_attributes={"campaign_id": 3}, sender={"type": "user"}),
            Reason.OUTGOING_AUTOMATION,
        ),
        ({"event": "automation_event.message_created"}, Reason.AUTOMATION_EVENT),
        ({"event": "macro.executed"}, Reason.AUTOMATION_EVENT),
        ({"event": "inbox_updated"}, Reason.INBOX_EVENT),
        ({"event": "account_created"}, Reason.UNKNOWN_EVENT),
        ({"event": "conversation_typing_off"}, Reason.TYPING),
    ],
)
def test_what_needs_no_turn(payload: dict[str, Any], reason: Reason) -> None:
    got = ignored(payload)
    assert (got.reason, got.effect(Signal)) == (reason, None)


def test_a_person_who_answers_afterwards_is_no_automatic_mail() -> None:
    payload = about(additional_attributes={"auto_reply": True})
    payload["content_attributes"] = {"email": {"auto_reply": False}}
    assert delivery(payload).message.text == "hi"


def test_a_reply_typed_on_the_paired_phone_is_a_takeover() -> None:
    echo = message(message_type="outgoing", sender=None, content_attributes={"external_echo": True})
    got = ignored(echo)
    assert got.reason is Reason.OUTGOING_TEAMMATE
    signal = got.effect(Signal)
    assert signal
    assert signal.kind is SignalKind.TAKEOVER


def test_our_mark_makes_a_reply_ours_whoever_posted_it() -> None:
    marked = message(message_type="outgoing", sender={"type": "user"}, content_attributes={"chatwootai": {"turn": "t"}})
    assert ignored(marked) == Ignored(reason=Reason.OUTGOING_OWN)


def conversation(**changes: Any) -> dict[str, Any]:
    return {"event": "conversation_updated", "id": 25, "status": "pending", **changes}


CHANGED_ASSIGNEE = [{"assignee_id": {"previous_value": None, "current_value": 3}}]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (conversation(status="open", changed_attributes=[{"status": {}}]), SignalKind.TAKEOVER),
        (conversation(status="snoozed", changed_attributes=[{"status": {}}]), SignalKind.TAKEOVER),
        (conversation(status="resolved", changed_attributes={"status": {}}), SignalKind.RESOLVED),
        (conversation(status="pending", changed_attributes=[{"status": {}}]), None),
        (conversation(status="open", changed_attributes=[{"label_list": {}}]), None),
        (conversation(meta={"assignee_type": "User"}), None),  # handed back, the old assignee kept
        (conversation(meta={"assignee_type": "User"}, changed_attributes=CHANGED_ASSIGNEE), SignalKind.TAKEOVER),
        (conversation(meta={"assignee_type": "AgentBot"}, changed_attributes=CHANGED_ASSIGNEE), None),
        (conversation(meta={"assignee_type": "Captain::Assistant"}, changed_attributes=CHANGED_ASSIGNEE), None),
        (
            conversation(meta={"assignee_type": "User"}, changed_attributes=[{"assignee_id": {"current_value": None}}]),
            None,
        ),
        (conversation(event="conversation_status_changed", status="snoozed"), SignalKind.TAKEOVER),
        (conversation(event="conversation_status_changed", status="pending"), None),
        (conversation(event="conversation_status_changed", status=["open"]), None),
        (conversation(event="conversation_status_changed", status="open", id="25"), None),
    ],
)
def test_signals_of_conversation_events(payload: dict[str, Any], kind: SignalKind | None) -> None:
    signal = ignored(payload).effect(Signal)
    assert (signal.kind if signal else None) == kind


@pytest.mark.parametrize(
    ("updated_at", "at"),
    [
        (1_795_183_443.319, 1_795_183_443.319),
        (None, RECEIVED),
        ("soon", RECEIVED),
        (RECEIVED + 900, RECEIVED),
        (1e300, RECEIVED),
    ],
)
def test_a_signal_says_when_it_happened_and_never_the_future(updated_at: object, at: float) -> None:
    signal = ignored(conversation(event="conversation_resolved", status="resolved", updated_at=updated_at)).effect(
        Signal
    )
    assert signal
    assert signal.at == at


@pytest.mark.parametrize(
    ("user", "told"), [({}, True), ({"type": "contact"}, True), ({"type": "user"}, False), (None, True)]
)
def test_only_a_contact_who_types_is_waited_for(user: object, told: bool) -> None:
    payload = {"event": "conversation_typing_on", "user": user, "conversation": {"id": 25}}
    assert (ignored(payload).effect(Signal) is not None) is told
    assert ignored({**payload, "is_private": True}).effect(Signal) is None


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"{", "not_json"),
        (b"[" * 50_000, "not_json"),
        (b'{"event":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "not_json"),
        (b'{"event":"message_created","id":' + b"9" * 6000 + b"}", "not_json"),
        (b'{"event":NaN}', "not_json"),
        (b'{"event":"\\ud800"}', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"event"', "not_an_object"),
        (b"7", "not_an_object"),
        (b"{}", "no_event"),
        (b'{"event":null}', "no_event"),
        (b'{"event":7}', "no_event"),
        (b'{"event":""}', "no_event"),
        (b'{"event":["message_created"]}', "no_event"),
        (b'{"event":"message_created"}', "incomplete"),
        (b'{"event":"message_created","event":"nothing"}', None),
    ],
)
def test_bodies_that_mean_nothing(body: bytes, cause: str | None) -> None:
    if cause is None:  # of a key twice the last counts, as in Ruby
        assert parse(body, ARRIVAL) == Ignored(reason=Reason.UNKNOWN_EVENT)
        return
    with pytest.raises(InvalidPayload) as raised:
        parse(body, ARRIVAL)
    assert raised.value.cause == cause


@pytest.mark.parametrize("bad", [None, "7", -7, 0, 7.0, 1e300, True, [7], {"id": 7}, 2**53, 10**30])
@pytest.mark.parametrize("where", ["id", "conversation", "inbox", "sender"])
def test_an_id_is_a_positive_whole_number(where: str, bad: object) -> None:
    payload = message()
    if where == "id":
        payload["id"] = bad
    elif where == "sender":
        payload["sender"] = {"id": bad}
    else:
        payload["conversation"]["id" if where == "conversation" else "inbox_id"] = bad
    with pytest.raises(InvalidPayload) as raised:
        read(payload)
    assert raised.value.cause == "incomplete"


@pytest.mark.parametrize("named", [2, "1", 1.5, "", [], {}])
def test_another_accounts_id_is_refused(named: object) -> None:
    for payload in (
        message(account={"id": named}),
        about(account={"id": named}),
        conversation(account={"id": named}),
        {"event": "contact_updated", "account": {"id": named}},
    ):
        with pytest.raises(InvalidPayload) as raised:
            read(payload)
        assert raised.value.cause == "foreign_account"


@pytest.mark.parametrize("account", [None, {}, {"id": None}, {"id": 1}, 7, "1"])
def test_an_account_that_is_named_rightly_or_not_at_all(account: object) -> None:
    assert delivery(message(account=account)).account == "shop"


@pytest.mark.parametrize(
    ("created_at", "at"),
    [
        ("2026-11-20T14:03:21.319Z", 1795183401.319),
        ("2026-11-20T14:03:21", 1795183401.0),
        ("2026-11-20T11:03:21-03:00", 1795183401.0),
        (1795183401, 1795183401.0),
        ("yesterday", RECEIVED),
        ("0001-01-01T00:00:00+23:59", RECEIVED),
        ("9999-12-31T23:59:59-23:59", RECEIVED),
        (1e300, RECEIVED),
        (-5, RECEIVED),
        (True, RECEIVED),
        ({}, RECEIVED),
    ],
)
def test_moments(created_at: object, at: float) -> None:
    assert delivery(message(created_at=created_at)).message.at == at


@pytest.mark.parametrize(
    "changes",
    [
        {"content": "\u200b\u200d\ufeff"},
        {"content": " \u2800\u3164\n"},
        {"private": "true"},
        {"content_attributes": {"deleted": "true"}},
        {"sender": {"id": 3, "blocked": "true"}},
    ],
)
def test_what_says_nothing_or_is_not_for_us_in_another_spelling(changes: dict[str, Any]) -> None:
    assert isinstance(read(message(**changes)), Ignored)


def test_what_forks_write_in_another_type_is_read() -> None:
    assert delivery(message(content=42)).message.text == "42"
    assert delivery(message(message_type="Incoming")).message.text
    assert delivery(message(message_type="0")).message.text
    place = {"file_type": "location", "coordinates_lat": "-19.9", "coordinates_long": "-43.9"}
    assert delivery(message(attachments=[place])).message.attachments[0].latitude == -19.9


def test_text_is_bounded_and_free_of_nul() -> None:
    assert delivery(message(content="a\u0000b")).message.text == "ab"
    assert len(delivery(message(content="x" * 900_000)).message.text) == 150_000
    assert len(delivery(message(attachments=[{"file_type": "image"}] * 1000)).message.attachments) == 30


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, [None], {"file_type": 7, "data_url": [], "coordinates_lat": 1e9}]
)
def test_odd_attachments_are_borne(odd: object) -> None:
    got = delivery(message(attachments=[odd])).message.attachments
    assert got == (Attachment(kind="file"),)


def mail(**changes: Any) -> dict[str, Any]:
    letter = {"from": ["ana@example.com"], "to": ["shop@example.com"], "subject": "Pedido 8812", "headers": None}
    letter["text_content"] = {"quoted": "Oi", "full": "Oi"}  # type: ignore[assignment]  # as Chatwoot has it
    sender = {"id": 9, "email": changes.pop("sender", "ana@example.com")}
    return about_mail(sender, {**letter, **changes})


def about_mail(sender: dict[str, Any], letter: dict[str, Any]) -> dict[str, Any]:
    return message(content="Oi", content_type="incoming_email", sender=sender, content_attributes={"email": letter})


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Resposta automática: Pedido 8812"},
        {"subject": "Automatic reply: Order"},
        {"subject": "Respuesta automática: Pedido"},
        {"subject": "Abwesenheitsnotiz: Bestellung"},
        {"subject": "自动回复: 订单"},
        {"subject": "Undeliverable: Order 8812"},
        {"subject": "Delivery Status Notification (Failure)"},
        {"subject": "Accepted: Visita @ Mon 23 Nov 2026 10:00"},
        {"content_type": "multipart/report; report-type=delivery-status"},
        {"content_type": "text/calendar; method=REPLY"},
        {"headers": {"X-Autorespond": "yes"}},
        {"headers": {"Return-Path": "<>"}},
        {"headers": {"X-Failed-Recipients": "a@example.com"}},
        {"sender": "orders.noreply@example.com"},
        {"sender": "no-reply-12@example.com"},
        {"sender": "notifications@example.com"},
        {"auto_reply": True},
    ],
)
def test_what_a_machine_mails_is_answered_by_nobody(changes: dict[str, Any]) -> None:
    got = read(mail(**changes))
    assert isinstance(got, Ignored)
    assert got.reason is Reason.AUTOMATIC_MAIL


@pytest.mark.parametrize(
    "subject",
    ["Re: Resposta automática: Pedido", "Undelivered parcel", "Não foi possível entregar meu pedido?",
     "Delivery failed", "Fora do ar", "Automatic umbrella broken", "Accepted: my return"],
)  # fmt: skip
def test_what_a_customer_mails_is_answered(subject: str) -> None:
    assert isinstance(read(mail(subject=subject)), Delivery)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"content": None, "content_attributes": {"whatsapp_flow_response": {"address": {"street": "A", "no": 10}}}},
            "address: A, 10",
        ),
        ({"content": None, "content_attributes": {"whatsapp_flow_response": '{"cep": "01310"}'}}, "cep: 01310"),
        (
            {"content": None, "content_attributes": {"whatsapp_flow_response": {"items": ["x", {"title": "y"}]}}},
            "items: x, y",
        ),
    ],
)
def test_a_form_is_read_whatever_is_in_it(changes: dict[str, Any], said: str) -> None:
    assert delivery(message(**changes)).message.text == said


def test_attributes_as_text_are_read() -> None:
    assert ignored(message(content_attributes='{"deleted": true}')).reason is Reason.MESSAGE_DELETED
    assert delivery(message(content_attributes='{"deleted": ')).message.text == "hi"


@pytest.mark.parametrize("unseen", ["\U000e0041\U000e0042", "\ufff9\ufffb", "\u180b\u180c", "\U000e0100", "\U0001d173"])
def test_what_nobody_sees_says_nothing(unseen: str) -> None:
    assert ignored(message(content=unseen)).reason is Reason.EMPTY
