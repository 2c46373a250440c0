"""Who owns a conversation, and what each message and each hand does to it."""

from typing import Any

import pytest

from sandbox.chatwoot.world import arrivals, people, seed, snapshot, threads, writing
from sandbox.chatwoot.world.arrivals import Arrival
from sandbox.chatwoot.world.records import OUTGOING, Conversation, Event, Inbox, Message
from sandbox.chatwoot.world.world import NotFound, World
from sandbox.chatwoot.world.writing import Refused, Words


class Scene:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0
        self.world = seed.plant(World(clock=lambda: self.now))
        self.events: list[Event] = []
        self.world.listen(self.events.append)

    def inbox(self, channel: str, account: int = 1) -> Inbox:
        return next(i for i in self.world.inboxes_of(account) if i.medium == channel)

    def write(self, channel: str = "whatsapp", **fields: Any) -> tuple[Conversation, Message]:
        message = arrivals.arrive(self.world, self.inbox(channel), Arrival(**({"text": "Oi"} | fields)))
        return self.world.conversation(1, message.conversation_id), message

    def bot_says(self, thread: Conversation, text: str = "Olá", **fields: Any) -> Message:
        bot = next(iter(self.world.agent_bots))
        return writing.write(
            self.world, thread, Words(message_type=OUTGOING, content=text, sender=("AgentBot", bot), **fields)
        )

    @property
    def human(self) -> int:
        return next(u.id for u in self.world.users_of(1) if u.role == "agent")

    def names(self) -> list[str]:
        return [event.name for event in self.events if event.message is None or event.message.message_type != 2]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_new_conversation_in_a_bots_inbox_is_pending_and_the_bots(scene: Scene) -> None:
    thread, _ = scene.write()
    assert (thread.status, thread.assignee_bot_id, thread.assignee_id) == ("pending", 7, None)
    assert scene.names() == ["contact_created", "conversation_created", "message_created"]


def test_before_4_16_2_nobody_was_named(scene: Scene) -> None:
    scene.world.assigns_bot = False
    thread, _ = scene.write()
    assert (thread.status, thread.assignee_bot_id) == ("pending", None)


def test_without_a_bot_it_is_open(scene: Scene) -> None:
    scene.inbox("whatsapp").agent_bot_id = None
    assert scene.write()[0].status == "open"


def test_a_blocked_contacts_conversation_begins_and_stays_resolved(scene: Scene) -> None:
    thread, message = scene.write()
    people.mute(scene.world, thread)
    assert thread.status == "resolved"
    again, _ = scene.write(contact=message.sender_id)
    assert again is thread
    assert thread.status == "resolved"
    fresh, _ = scene.write(contact=message.sender_id, new=True)
    assert fresh.status == "resolved"


def test_a_bot_reply_ends_the_waiting_and_is_no_first_reply(scene: Scene) -> None:
    thread, _ = scene.write()
    scene.now += 2
    scene.bot_says(thread)
    assert (thread.waiting_since, thread.first_reply_at) == (0.0, None)
    assert scene.names()[-2:] == ["message_created", "conversation_updated"]


def test_a_teammates_reply_leaves_a_pending_conversation_pending(scene: Scene) -> None:
    thread, _ = scene.write()
    writing.write(scene.world, thread, Words(message_type=OUTGOING, content="Oi", sender=("User", scene.human)))
    assert thread.status == "pending"
    assert thread.first_reply_at == scene.now


def test_the_second_message_begins_the_waiting_anew(scene: Scene) -> None:
    thread, first = scene.write()
    scene.bot_says(thread)
    scene.events.clear()
    scene.now += 60
    again, _ = scene.write(contact=first.sender_id)
    assert again is thread
    assert thread.waiting_since == scene.now
    assert scene.names() == ["message_created", "conversation_updated"]


def test_a_message_into_a_resolved_thread_is_the_bots_again_with_the_old_assignee(scene: Scene) -> None:
    thread, message = scene.write("webchat")
    threads.take_over(scene.world, thread, scene.human)
    threads.set_status(scene.world, thread, "resolved", "Bruno")
    scene.write("webchat", contact=message.sender_id)
    assert (thread.status, thread.assignee_id) == ("pending", scene.human)


def test_where_one_conversation_is_not_kept_a_new_one_begins(scene: Scene) -> None:
    thread, message = scene.write("telegram")
    threads.set_status(scene.world, thread, "resolved", "Bruno")
    fresh, _ = scene.write("telegram", contact=message.sender_id, conversation=thread.id)
    assert fresh.id != thread.id
    assert thread.status == "resolved"


def test_a_snoozed_thread_reopens_to_people(scene: Scene) -> None:
    thread, message = scene.write()
    threads.set_status(scene.world, thread, "snoozed", "Bruno", scene.now + 60)
    scene.write(contact=message.sender_id)
    assert (thread.status, thread.snoozed_until) == ("open", None)


def test_a_handoff_opens_lets_go_and_waits(scene: Scene) -> None:
    thread, _ = scene.write()
    scene.bot_says(thread)
    scene.events.clear()
    threads.hand_off(scene.world, thread, "bot")
    assert (thread.status, thread.assignee_bot_id, thread.waiting_since) == ("open", None, scene.now)
    assert scene.names() == ["conversation_opened", "conversation_status_changed", "conversation_updated"]


def test_handing_back_keeps_the_teammate_unless_the_bot_is_named(scene: Scene) -> None:
    thread, _ = scene.write()
    threads.take_over(scene.world, thread, scene.human)
    threads.hand_back(scene.world, thread, scene.human)
    assert (thread.status, thread.assignee_id) == ("pending", scene.human)
    threads.take_over(scene.world, thread, scene.human)
    threads.hand_back(scene.world, thread, scene.human, assign_bot=True)
    assert (thread.status, thread.assignee_id, thread.assignee_bot_id) == ("pending", None, 7)


def test_nothing_is_told_of_what_did_not_change(scene: Scene) -> None:
    thread, _ = scene.write()
    scene.events.clear()
    assert threads.update(scene.world, thread, priority=None, labels=[]) is False
    assert scene.events == []


def test_liquid_is_rendered_in_what_goes_out_only(scene: Scene) -> None:
    thread, message = scene.write(text="{{ contact.name }}")
    assert message.content == "{{ contact.name }}"
    assert (
        scene.bot_says(thread, "Oi {{ contact.name }}{{ nada }}").content == f"Oi {scene.world.contact_of(thread).name}"
    )


def test_two_hundred_messages_a_minute_and_no_more(scene: Scene) -> None:
    thread, _ = scene.write()
    for _ in range(199):
        scene.bot_says(thread)
    with pytest.raises(Refused, match="Too many messages"):
        scene.bot_says(thread)
    scene.now += 61
    scene.bot_says(thread)


def test_content_has_a_limit(scene: Scene) -> None:
    thread, _ = scene.write()
    scene.bot_says(thread, "x" * 150_000)
    with pytest.raises(Refused, match="too long"):
        scene.bot_says(thread, "x" * 150_001)


def test_records_of_another_account_are_not_found(scene: Scene) -> None:
    thread, message = scene.write()
    for lookup in (
        lambda: scene.world.conversation(2, thread.id),
        lambda: scene.world.inbox(2, thread.inbox_id),
        lambda: scene.world.contact(2, message.sender_id or 0),
        lambda: scene.world.agent_bot(2, 7),
    ):
        with pytest.raises(NotFound):
            lookup()


def test_display_ids_count_per_account_and_message_ids_over_all(scene: Scene) -> None:
    scene.write()
    other = arrivals.arrive(scene.world, scene.inbox("whatsapp", account=2), Arrival(text="Oi"))
    assert (other.conversation_id, other.id) == (1, 2)


def test_the_same_seed_makes_the_same_secrets() -> None:
    assert seed.environ(seed.plant(World())) == seed.environ(seed.plant(World()))
    assert seed.environ(seed.plant(World(seed=8))) != seed.environ(seed.plant(World()))


def test_the_mapping_names_every_secret_and_holds_none() -> None:
    world = seed.plant(World())
    mapping, environ = seed.mapping(world), seed.environ(world, "http://127.0.0.1:1")
    for name, value in environ.items():
        assert f"${{{name}}}" in mapping
        assert value not in mapping


def test_a_world_comes_back_from_its_file(scene: Scene, tmp_path: Any) -> None:
    thread, message = scene.write(attachments=[{"file_type": "location", "data_url": None}])
    scene.bot_says(thread, content_attributes={"chatwootai": {"turn": "t", "part": 0}})
    path = tmp_path / "state.json"
    assert snapshot.load(World(), path) is None
    snapshot.save(scene.world, path)
    back = snapshot.load(World(clock=scene.world.clock), path)
    assert back is not None
    assert snapshot.dump(back) == snapshot.dump(scene.world)
    again = arrivals.arrive(back, back.inbox(1, thread.inbox_id), Arrival(text="E aí?", contact=message.sender_id))
    assert (again.conversation_id, again.id) == (thread.id, message.id + 2)
    path.write_text("{")
    with pytest.raises(snapshot.Unreadable, match="remove it"):
        snapshot.load(World(), path)
