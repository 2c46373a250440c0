"""What the sandbox tells webhooks and callers has the shape of Chatwoot's own examples: keys, their order, types."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.chatwoot.api import views
from sandbox.chatwoot.sending.signature import sign
from sandbox.chatwoot.sending.webhooks import encode
from sandbox.chatwoot.world import arrivals, payloads, people, seed, threads, writing
from sandbox.chatwoot.world.arrivals import Arrival
from sandbox.chatwoot.world.records import OUTGOING, Conversation, Event, Message
from sandbox.chatwoot.world.world import World
from sandbox.chatwoot.world.writing import Words
from tests.data import PAYLOADS, example

# Hashes whose keys are the writer's own, not Chatwoot's.
FREE = {"content_attributes", "additional_attributes", "custom_attributes", "template_params", "event_info"}


class Stage:
    """A world whose last event of each name is kept, as its body."""

    def __init__(self) -> None:
        self.world = seed.plant(World())
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.world.listen(self._keep)

    def _keep(self, event: Event) -> None:
        if event.message is not None and event.message.message_type == 2:
            return
        body = json.loads(encode(payloads.build(self.world, event)))
        self.told.setdefault(event.name, []).append(body)

    def last(self, name: str) -> dict[str, Any]:
        return self.told[name][-1]

    def incoming(self, channel: str, **fields: Any) -> tuple[Conversation, Message]:
        inbox = next(i for i in self.world.inboxes_of(1) if i.medium == channel)
        message = arrivals.arrive(self.world, inbox, Arrival(**({"text": "Oi, meu pedido 8812 não chegou"} | fields)))
        return self.world.conversation(1, message.conversation_id), message

    def outgoing(self, channel: str, sender: tuple[str, int] | None, **fields: Any) -> tuple[Conversation, Message]:
        thread, message = self.incoming(channel)
        attributes = {"in_reply_to": message.id} if channel == "whatsapp" and "content_attributes" not in fields else {}
        words = Words(
            message_type=OUTGOING, sender=sender, **({"content": "Oi!", "content_attributes": attributes} | fields)
        )
        return thread, writing.write(self.world, thread, words)

    @property
    def bot(self) -> tuple[str, int]:
        return ("AgentBot", next(iter(self.world.agent_bots)))

    @property
    def human(self) -> tuple[str, int]:
        return ("User", next(u.id for u in self.world.users_of(1) if u.role == "agent"))


def shape(value: Any, path: str = "") -> dict[str, str]:
    """Every path of a body, in order, with the kind of value found there."""
    if isinstance(value, dict):
        found = {}
        for key, inner in value.items():
            found[f"{path}.{key}"] = "object" if key in FREE else kind(inner)
            if key not in FREE:
                found |= shape(inner, f"{path}.{key}")
        return found
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return shape(value[0], f"{path}[]")
    return {}


def kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return type(value).__name__


def assert_alike(ours: Any, theirs: Any) -> None:
    """Same keys in the same order; same types wherever both have a value."""
    mine, example = shape(ours), shape(theirs)
    assert list(mine) == list(example)
    differing = {
        p: (mine[p], example[p]) for p in mine if mine[p] != example[p] and "NoneType" not in (mine[p], example[p])
    }
    assert differing == {}


def photo(**more: Any) -> dict[str, Any]:
    base = {"file_type": "image", "extension": "jpg", "content_type": "image/jpeg", "data_url": "http://x/photo.jpg",
            "thumb_url": "http://x/t.jpg", "file_size": 3, "width": 1, "height": 1}  # fmt: skip
    return base | more


def voice(transcript: str = "") -> dict[str, Any]:
    return photo(file_type="audio", extension="ogg", content_type="audio/ogg", transcribed_text=transcript)


def _transcribed(stage: Stage) -> None:
    thread, message = stage.incoming("whatsapp", text=None, attachments=[voice()])
    writing.edit(stage.world, thread, message, attachments=[message.attachments[0] | {"transcribed_text": "Oi"}])
    threads.update(stage.world, thread, assignee_bot_id=None)
    writing.edit(stage.world, thread, message)


def _delivered(stage: Stage) -> None:
    thread, message = stage.outgoing("whatsapp", stage.bot)
    writing.edit(stage.world, thread, message, source_id="wamid.X", status="delivered")


def _failed(stage: Stage) -> None:
    thread, message = stage.outgoing("whatsapp", stage.bot)
    writing.fail(stage.world, thread, message, "closed")


def _note(stage: Stage) -> None:
    thread, _ = stage.incoming("whatsapp")
    threads.take_over(stage.world, thread, stage.human[1])
    writing.write(stage.world, thread, Words(message_type=OUTGOING, content="nota", sender=stage.human, private=True))


def _human(stage: Stage) -> None:
    thread, _ = stage.incoming("whatsapp")
    threads.take_over(stage.world, thread, stage.human[1])
    writing.write(stage.world, thread, Words(message_type=OUTGOING, content="Olá", sender=stage.human))


def _template(
    channel: str, content_type: str = "text", *, answered: dict[str, Any] | None = None
) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        thread, _ = stage.incoming(channel)
        threads.update(stage.world, thread, assignee_bot_id=stage.bot[1] if content_type == "input_email" else None)
        message = writing.template(stage.world, thread, "Hi!", content_type)
        if answered:
            writing.edit(stage.world, thread, message, content_attributes=message.content_attributes | answered)

    return act


def _human_template(stage: Stage) -> None:
    thread, _ = stage.incoming("whatsapp")
    threads.take_over(stage.world, thread, stage.human[1])
    params = {"template_params": {"name": "order_shipped"}}
    words = Words(message_type=OUTGOING, content="Enviado", sender=stage.human, additional_attributes=params)
    writing.write(stage.world, thread, words)


def _select(*, answered: bool) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        items = {"items": [{"title": "Rastrear", "value": "track"}]}
        thread, message = stage.outgoing("webchat", stage.bot, content_type="input_select", content_attributes=items)
        if answered:
            writing.edit(stage.world, thread, message, content_attributes=items | {"submitted_values": items["items"]})

    return act


def _resolve(stage: Stage) -> None:
    _human(stage)
    thread = stage.world.conversation(1, 1)
    threads.set_status(stage.world, thread, "resolved", "Bruno")


def _hand_off(stage: Stage) -> None:
    thread, _ = stage.outgoing("whatsapp", stage.bot)
    threads.hand_off(stage.world, thread, "bot")


def _type(who: str, *, on: bool, channel: str) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        thread, _ = stage.incoming(channel)
        actor = stage.bot if who == "bot" else ("Contact", stage.world.contact_of(thread).id)
        arrivals.type_(stage.world, thread, actor, on=on)

    return act


def _label(stage: Stage) -> None:
    threads.update(stage.world, stage.incoming("whatsapp")[0], labels=["billing"])


def _assign(stage: Stage) -> None:
    threads.update(stage.world, stage.incoming("whatsapp")[0], assignee_id=stage.human[1], assignee_bot_id=None)


def _change_contact(stage: Stage) -> None:
    thread, _ = stage.incoming("whatsapp")
    people.change(stage.world, stage.world.contact_of(thread), email="ana@example.com")


def _widget(stage: Stage) -> None:
    arrivals.open_widget(stage.world, next(i for i in stage.world.inboxes_of(1) if i.medium == "webchat"), None)


def _in(channel: str, **fields: Any) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        stage.incoming(channel, **fields)

    return act


def _out(channel: str, who: str | None, **fields: Any) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        sender = {"bot": stage.bot, "human": stage.human}[who] if who else None
        stage.outgoing(channel, sender, **fields)

    return act


PLACE = {
    "file_type": "location",
    "coordinates_lat": -23.5,
    "coordinates_long": -46.6,
    "fallback_title": "Sé",
    "data_url": None,
}
CASES: dict[str, Callable[[Stage], None]] = {
    "message_created.incoming.api_inbox": _in("api", source_id="ext-1"),
    "message_created.incoming.email": _in("email", subject="Pedido 8812", quoted="Em quinta escreveram:\n> Olá"),
    "message_created.incoming.telegram_photo_reply": _in("telegram", attachments=[photo()]),
    "message_created.incoming.twilio_sms": _in("sms"),
    "message_created.incoming.webwidget": _in("webchat"),
    "message_created.incoming.whatsapp": _in("whatsapp"),
    "message_created.incoming.whatsapp_document": _in(
        "whatsapp", text=None, attachments=[photo(file_type="file", extension="pdf", content_type="application/pdf")]
    ),
    "message_created.incoming.whatsapp_image_caption": _in("whatsapp", attachments=[photo()]),
    "message_created.incoming.whatsapp_location": _in("whatsapp", text=None, attachments=[PLACE]),
    "message_created.incoming.whatsapp_unsupported": _in("whatsapp", unsupported=True),
    "message_created.incoming.whatsapp_voice_note": _in("whatsapp", text=None, attachments=[voice()]),
    "message_created.outgoing.agent_bot": _out("whatsapp", "bot"),
    "message_created.outgoing.agent_bot_input_select": _select(answered=False),
    "message_created.outgoing.automation_rule": _out("whatsapp", None, content_attributes={"automation_rule_id": 12}),
    "message_created.outgoing.human_agent": _human,
    "message_created.outgoing.human_agent_in_pending_bot_conversation": _out("whatsapp", "human"),
    "message_created.outgoing.private_note": _note,
    "message_created.outgoing.whatsapp_template": _human_template,
    "message_created.template.greeting": _template("webchat"),
    "message_created.template.input_csat": _template("whatsapp", "input_csat"),
    "message_created.template.out_of_office": _template("whatsapp"),
    "message_updated.audio_transcribed_by_captain": _transcribed,
    "message_updated.csat_answered": _template("webchat", "input_csat", answered={"submitted_values": {"csat": 5}}),
    "message_updated.delivery_failed": _failed,
    "message_updated.source_id_and_delivered": _delivered,
    "message_updated.widget_input_email_answered": _template(
        "webchat", "input_email", answered={"submitted_email": "a@b.c"}
    ),
    "message_updated.widget_input_select_answered": _select(answered=True),
    "contact_created": _in("whatsapp"),
    "contact_updated": _change_contact,
    "conversation_created.account_webhook": _in("whatsapp"),
    "conversation_opened.agent_bot_only": _hand_off,
    "conversation_resolved.agent_bot_only": _resolve,
    "conversation_status_changed.pending_to_open_handoff": _hand_off,
    "conversation_status_changed.resolved": _resolve,
    "conversation_typing_off.agent_bot": _type("bot", on=False, channel="whatsapp"),
    "conversation_typing_on.contact": _type("contact", on=True, channel="webchat"),
    "conversation_updated.assignee_set_human": _assign,
    "conversation_updated.label_list": _label,
    "conversation_updated.waiting_since_cleared_by_bot_reply": _out("whatsapp", "bot"),
    "webwidget_triggered": _widget,
}


@pytest.mark.parametrize("name", CASES)
def test_a_webhook_has_the_shape_of_the_example(name: str) -> None:
    stage = Stage()
    CASES[name](stage)
    assert_alike(stage.last(name.partition(".")[0]), example(f"{name}"))


def test_every_example_of_a_webhook_is_compared() -> None:
    named = {path.stem for path in PAYLOADS.glob("*.json") if not path.name.startswith(("_", "api."))}
    assert named == set(CASES)


def test_what_changed_is_listed_in_chatwoots_order() -> None:
    for name in ("assignee_set_human", "label_list", "waiting_since_cleared_by_bot_reply"):
        stage = Stage()
        CASES[f"conversation_updated.{name}"](stage)
        expected = example(f"conversation_updated.{name}")["changed_attributes"]
        ours = stage.last("conversation_updated")["changed_attributes"]
        assert [list(entry) for entry in ours] == [list(entry) for entry in expected]


def test_the_signature_is_the_one_of_the_test_vector() -> None:
    expected = example("_http_envelope_example")
    headers = expected["headers"]
    made = sign(expected["secret_used"], headers["X-Chatwoot-Timestamp"], expected["raw_body"].encode())
    assert made == headers["X-Chatwoot-Signature"]


def test_answers_have_the_shape_of_the_examples() -> None:
    stage = Stage()
    thread, _ = stage.incoming("whatsapp")
    expected = example("api.get_conversation")["response_200"]
    assert_alike(views.conversation(stage.world, thread), expected)
    thread, message = stage.outgoing("whatsapp", stage.bot)
    expected = example("api.create_message")["response_200"]
    assert_alike(views.message(stage.world, message, "run_01JD-1"), expected)
    expected = example("api.agent_bot")["response_200"]
    assert_alike(views.agent_bot(next(iter(stage.world.agent_bots.values())), admin=True), expected)
    hook = seed.plant(World(), "http://127.0.0.1:1").webhooks[1]
    expected = example("api.webhook")["response_200"]["payload"]["webhook"]
    assert_alike(views.webhook(hook), expected)


def test_bodies_are_written_as_rails_writes_them() -> None:
    assert encode({"a": "<é&>\u2028", "b": None}) == '{"a":"\\u003cé\\u0026\\u003e\\u2028","b":null}'.encode()
