"""message_updated by its content: chosen buttons, edits, deletions, delivery states, and all that is nothing."""

import json
from typing import Any

import pytest

from chatwootai.model.message.delivery import Change, Delivery, Reason
from chatwootai.model.message.effects import DeletedMessage, DeliveryState, FailedMessage, Ignored, ObservedMessage
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.policy.outcome import failure_actions
from ingress.payload import RequestInfo, parse
from tests.data import example

RECEIVED = 1_795_200_000.0
ARRIVAL = RequestInfo("shop", 1, RECEIVED, "0b2f4c1e")


def updated(**changes: Any) -> dict[str, Any]:
    """The least that an update of a contact's message has."""
    return {
        "event": "message_updated",
        "id": 7,
        "message_type": "incoming",
        "content": "hi",
        "created_at": RECEIVED - 60,
        "sender": {"id": 9},
        "conversation": {
            "id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Telegram",
            "meta": {"sender": {"id": 9}},
        },
        **changes,
    }  # fmt: skip


def own(attributes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An update of a message of the bot's."""
    sender = {"id": 7, "type": "agent_bot"}
    return updated(message_type="outgoing", sender=sender, content_attributes=attributes, **changes)


def read(payload: object) -> Delivery | Ignored:
    return parse(json.dumps(payload).encode(), ARRIVAL)


def stored(name: str) -> dict[str, Any]:
    return example(f"message_updated.{name}")


def test_a_chosen_button_is_a_message_of_the_contact() -> None:
    chosen = read(stored("widget_input_select_answered"))
    assert isinstance(chosen, Delivery)
    assert chosen.change is Change.CHOICE
    assert chosen.message.text == "Talk to a human"
    assert (chosen.message.id, chosen.contact.id, chosen.conversation) == (20030, 89, 25)
    assert chosen.message.at == pytest.approx(1_795_183_443.319)  # when it was chosen, not when it was asked


@pytest.mark.parametrize(
    ("content_type", "attributes", "said"),
    [
        ("input_email", {"submitted_email": "ana@example.com"}, "ana@example.com"),
        ("form", {"submitted_values": [{"name": "pedido", "value": "8812"}, {"name": "cep", "value": 80610}]},
         "pedido: 8812\ncep: 80610"),
        ("form", {"submitted_values": {"pedido": "8812"}}, "pedido: 8812"),
        ("input_select", {"submitted_values": [{"value": "track"}]}, "track"),
    ],
)  # fmt: skip
def test_forms_are_read_too(content_type: str, attributes: dict[str, Any], said: str) -> None:
    chosen = read(own(attributes, content_type=content_type))
    assert isinstance(chosen, Delivery)
    assert chosen.message.text == said


def test_a_choice_while_people_have_it_is_remembered() -> None:
    payload = own({"submitted_values": [{"title": "Trocar", "value": "t"}]}, content_type="input_select")
    payload["conversation"]["status"] = "open"
    found = read(payload)
    assert isinstance(found, Ignored)
    assert found.reason is Reason.NOT_PENDING
    observed = found.effect(ObservedMessage)
    assert observed is not None
    assert (observed.role, observed.text) == ("contact", "Trocar")


@pytest.mark.parametrize("name", ["csat_answered", "widget_input_email_answered"])
def test_forms_that_are_not_the_bots_need_no_turn(name: str) -> None:
    assert read(stored(name)) == Ignored(reason=Reason.EDIT_WITHOUT_NEW_CONTENT)


def test_an_edit_has_the_new_words_under_the_old_id() -> None:
    edit = read(updated(content="oi, mudei"))
    assert isinstance(edit, Delivery)
    assert (edit.change, edit.message.id, edit.message.text) == (Change.EDIT, 7, "oi, mudei")


def test_a_transcription_of_captains_is_an_edit() -> None:
    edit = read(stored("audio_transcribed_by_captain"))
    assert isinstance(edit, Delivery)
    assert edit.message.attachments[0].transcript == "Oi, queria saber do meu pedido oito oito um dois"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"created_at": RECEIVED - 90_000}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"content": None}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"id": None}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"message_type": None}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"message_type": "template"}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"private": True}, Reason.EDIT_WITHOUT_NEW_CONTENT),
        ({"sender": {"id": 9, "blocked": True}}, Reason.CONTACT_BLOCKED),
    ],
)
def test_what_is_no_edit_of_ours_to_answer(changes: dict[str, Any], reason: Reason) -> None:
    assert read(updated(**changes)) == Ignored(reason=reason)


def test_mails_are_never_edited() -> None:
    payload = updated()
    payload["conversation"]["channel"] = "Channel::Email"
    assert read(payload) == Ignored(reason=Reason.EDIT_WITHOUT_NEW_CONTENT)


@pytest.mark.parametrize("payload", [updated(), own({})], ids=["contact", "bot"])
def test_a_deleted_message_is_withdrawn_whoever_wrote_it(payload: dict[str, Any]) -> None:
    payload["content_attributes"] = {"deleted": True}
    found = read(payload)
    assert isinstance(found, Ignored)
    assert found.reason is Reason.MESSAGE_DELETED
    deleted = found.effect(DeletedMessage)
    assert deleted is not None
    assert (deleted.conversation, deleted.message, deleted.at) == (25, 7, RECEIVED - 60)


def test_delivery_states_are_counted_and_no_more() -> None:
    found = read(stored("source_id_and_delivered"))
    assert found == Ignored(reason=Reason.EDIT_WITHOUT_NEW_CONTENT, effects=(DeliveryState("delivered"),))


def test_people_are_told_why_a_message_did_not_arrive() -> None:
    found = read(stored("delivery_failed"))
    assert isinstance(found, Ignored)
    assert found.effect(DeliveryState) == DeliveryState("failed")
    failure = found.effect(FailedMessage)
    assert failure is not None
    note, opened = failure_actions(failure, "pt-BR")
    assert note.kind is ActionKind.NOTE
    assert "24-hour customer service window" in note.text
    assert "> Oi Ana! Encontrei o pedido 8812" in note.text
    assert (opened.kind, opened.text) == (ActionKind.STATUS, "open")


def test_a_teammates_message_that_failed_is_theirs_to_see() -> None:
    teammate = {"id": 3, "type": "user"}
    found = read(updated(message_type="outgoing", sender=teammate, content_attributes={"external_error": "no"}))
    assert isinstance(found, Ignored)
    assert found.effect(FailedMessage) is None


@pytest.mark.parametrize("event", ["message_created", "message_updated"])
def test_a_content_type_that_is_none_is_borne(event: str) -> None:
    assert isinstance(read({**own({}, content_type=["input_select"]), "event": event}), Ignored)
