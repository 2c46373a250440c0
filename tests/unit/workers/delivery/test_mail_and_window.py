"""Mail as mail, and what is done where no free text may be sent."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatwootai.model.message.delivery import Delivery, Reason
from chatwootai.model.message.effects import Ignored
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.stores.conversation.entries import pack_action, pack_delivery, unpack_action, unpack_delivery
from config.settings.mail_media_template import Mail, Template
from config.settings.settings import Settings
from ingress.payload import RequestInfo, parse
from tests.data import example
from workers.delivery.deliver import part_delay
from workers.delivery.message_body import actions_outside_window, template_params

ARRIVAL = RequestInfo("shop", 1, 1_795_200_000.0)
TEMPLATE = Template(name="continue", text="Posso continuar? {company}", parameters={"1": "Ana"})


def mail(**changes: Any) -> dict[str, Any]:
    email = {"from": ["ana@example.com"], "to": ["loja@acme.test"], "cc": None, **changes}
    return {
        "event": "message_created",
        "id": 7,
        "message_type": "incoming",
        "content": "oi",
        "content_type": "incoming_email",
        "content_attributes": {"email": email},
        "sender": {"id": 9, "email": "ana@example.com"},
        "conversation": {"id": 25, "inbox_id": 14, "status": "pending", "channel": "Channel::Email"},
    }


def read(payload: object) -> Delivery | Ignored:
    return parse(json.dumps(payload).encode(), ARRIVAL)


def copied(**changes: Any) -> tuple[str, ...]:
    found = read(mail(**changes))
    assert isinstance(found, Delivery)
    return found.cc


def test_a_mail_is_its_own_words_subject_and_copies() -> None:
    found = read(example("message_created.incoming.email"))
    assert isinstance(found, Delivery)
    assert found.message.text == "My order 8812 is late"
    assert found.subject == "Order 8812 not delivered"
    assert found.cc == ("boss@example.com",)
    assert unpack_delivery(pack_delivery(found)) == found


def test_copies_go_to_people_once_and_not_back_to_the_sender() -> None:
    named = ["Chefe <Chefe@Example.com>", "ana@example.com", "chefe@example.com", "no-reply@bank.test", "???"]
    assert copied(cc=named) == ("chefe@example.com",)
    assert copied(cc="a@x.test, b@x.test") == ("a@x.test", "b@x.test")
    assert copied(cc={"a": 1}) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_reply": True},
        {"to": ["ana@example.com"]},
        {"headers": {"Auto-Submitted": "auto-replied; owner"}},
        {"headers": {"Precedence": "bulk"}},
    ],
)
def test_machines_are_not_answered(changes: dict[str, Any]) -> None:
    assert read(mail(**changes)) == Ignored(reason=Reason.AUTOMATIC_MAIL)


@pytest.mark.parametrize(
    "address",
    ["MAILER-DAEMON@mx.example.com", "noreply@example.com", "bounces+17@example.com", "nao-responda@loja.test"],
)
def test_an_answer_to_a_machine_is_none(address: str) -> None:
    payload = mail()
    payload["sender"]["email"] = address
    assert read(payload) == Ignored(reason=Reason.AUTOMATIC_MAIL)


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"Auto-Submitted": "no"}},
        {"from": ["noreply@site.test"]},  # a form on a site, with the customer to reply to
        {"to": ["loja@acme.test", "ana@example.com"]},
        {},
    ],
)
def test_people_are(changes: dict[str, Any]) -> None:
    assert isinstance(read(mail(**changes)), Delivery)


def test_ones_own_addresses() -> None:
    own = Mail(own=("Loja@Acme.test",))
    assert own.is_own("loja@acme.test ")
    assert not own.is_own("ana@example.com")
    assert not own.is_own(None)


def reply(part: int = 1, channel: str = "whatsapp") -> Action:
    return Action(kind=ActionKind.REPLY, turn="t1", part=part, text="Chegou **hoje**.", channel=channel, inbox=17)


def test_where_no_free_text_is_taken_people_get_the_reply_and_the_conversation() -> None:
    (note, opened), go_on = actions_outside_window(reply(), Settings(language="pt"), "Chegou **hoje**.\n\n1. Sim")
    assert not go_on
    assert note.kind is ActionKind.NOTE
    assert "> Chegou **hoje**.\n> \n> 1. Sim" in note.text
    assert (opened.kind, opened.text) == (ActionKind.STATUS, "open")
    assert len({note.turn, opened.turn, "t1"}) == 2  # a turn of its own: the reply's is dropped


def test_a_template_stands_for_all_parts_where_the_tenant_has_one() -> None:
    settings = Settings.model_validate({"template": TEMPLATE.model_dump(), "company": {"name": "Acme"}})
    (template,), go_on = actions_outside_window(reply(), settings, "x")
    assert go_on
    assert (template.kind, template.text) == (ActionKind.TEMPLATE, "Posso continuar? Acme")
    assert template.posts
    assert actions_outside_window(reply(part=2), settings, "x") == ((), True)
    assert not actions_outside_window(reply(channel="instagram"), settings, "x")[1]
    params = template_params(settings)
    assert params is not None
    assert params["template_params"]["processed_params"] == {"body": {"1": "Ana"}}
    assert template_params(Settings()) is None


def test_an_action_keeps_its_copies() -> None:
    action = Action(kind=ActionKind.REPLY, turn="t1", part=1, cc=("chefe@example.com",))
    assert unpack_action(pack_action(action)) == action


def test_further_parts_take_their_time_and_nothing_else_does() -> None:
    first, second = reply(), reply(part=2)
    note = replace(first, kind=ActionKind.NOTE, part=0)
    assert 0.6 < part_delay(first, second) < part_delay(first, replace(second, text="a" * 600)) <= 2.0
    assert part_delay(first, replace(second, text="a" * 9000)) == 2.0
    assert part_delay(None, first) == part_delay(note, first) == part_delay(second, note) == 0.0
    assert part_delay(first, replace(second, turn="t2")) == 0.0
