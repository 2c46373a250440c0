"""Step 10 of a turn, entry by entry: what is asked, marked, posted and given up, whatever Chatwoot says."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from chatwootai.model.message import turn_names
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.stores.conversation.decision import Pending, Post, pending
from config.settings.settings import Settings
from tests.turn_parts import LEASE, Worker, action, conversation, message
from workers.away import AccountClosed, ChatwootAway
from workers.chatwoot.client import MarkPresence
from workers.chatwoot.errors import FateUnknown, Gone, OutOfTime, Refused, TokenRefused, TryAgain
from workers.chatwoot.operations import SHOW, Owner
from workers.chatwoot.records import Mark
from workers.delivery import deliver as module
from workers.delivery.deliver import _retry_pause, deliver, part_delay

TEMPLATE = {"name": "continue", "text": "Posso continuar?", "parameters": {"1": "Ana"}}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker whose tries follow each other at once."""
    monkeypatch.setattr(module, "_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "_LOOK_AFTER", 0.0)
    monkeypatch.setattr(module, "_LEAST_PART_DELAY", 0.0)
    return Worker()


async def deliver_to(worker: Worker, *actions: Action, posted_at: float = 0.0, **settings: Any) -> None:
    entries = [pending(each) for each in actions]
    made = Settings.model_validate(settings)
    await deliver(worker.context, worker.tenant(made), LEASE, entries, posted_at=posted_at)


async def test_each_action_is_asked_for_carried_out_and_noted_in_order(worker: Worker) -> None:
    kinds = [
        action(ActionKind.NOTE, "why", part=0),
        action(ActionKind.LABELS, values=("bot", "vip"), part=0),
        action(ActionKind.PRIORITY, "high", part=0),
        action(ActionKind.TEAM, "3", part=0),
        action(ActionKind.STATUS, "open", part=0),
    ]
    await deliver_to(worker, *kinds)
    done = [call for call in worker.desk.calls if call != "show"]
    assert done == ["create_message", "add_labels bot,vip", "set_priority high", "assign_team 3", "set_status open"]
    assert worker.outbox.done == ["asked", "sent"] * 5
    assert worker.standing.noted.count("posted") == 5


async def test_a_reply_carries_its_mark_what_it_answers_and_who_gets_a_copy(worker: Worker) -> None:
    await deliver_to(worker, action(part=2, reply_to=7, cc=("a@b.test", "c@d.test"), choices=("Sim", "Não")))
    (post,) = worker.desk.posts
    assert (post["text"], post["mark"], post["private"]) == ("Sim.", Mark("t", 2), False)
    assert post["content_attributes"]["in_reply_to"] == 7
    assert [item["value"] for item in post["content_attributes"]["items"]] == ["Sim", "Não"]
    assert post["extra"] == {"cc_emails": "a@b.test,c@d.test", "content_type": "input_select"}
    assert post["begin_by"] == 1e12, "as the store allowed it"


async def test_a_note_is_private(worker: Worker) -> None:
    await deliver_to(worker, action(ActionKind.NOTE, "why", part=0))
    assert (worker.desk.posts[0]["private"], worker.desk.posts[0]["mark"]) == (True, Mark("t", 0))


async def test_what_another_run_has_delivered_is_not_posted(worker: Worker) -> None:
    worker.outbox.rights.append(Post.GONE)
    await deliver_to(worker, action())
    assert (worker.desk.posts, worker.outbox.done) == ([], ["asked"])


async def test_an_entry_that_no_version_can_read_is_taken_out_and_the_next_delivered(worker: Worker) -> None:
    entries = [Pending(b"{", None), pending(action())]
    await deliver(worker.context, worker.tenant(), LEASE, entries)
    assert worker.outbox.done == ["replaced", "asked", "sent"]
    assert worker.outbox.replaced[0]["cause"] == "unreadable"


class TestUnsure:
    """An entry that was marked by an earlier run: it may stand in Chatwoot."""

    async def test_our_mark_is_looked_for_and_found(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        worker.desk.marks.append(MarkPresence.FOUND)
        await deliver_to(worker, action())
        assert (worker.desk.posts, worker.outbox.done) == ([], ["asked", "sent"])

    async def test_unsure_counts_as_found(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        worker.desk.marks.append(MarkPresence.UNSURE)
        await deliver_to(worker, action())
        assert worker.desk.posts == []

    async def test_absent_after_long_it_is_posted_with_a_right_of_its_own(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        await deliver_to(worker, action(), posted_at=time.time() - 60)
        assert worker.outbox.done == ["asked", "surely not sent", "asked", "sent"]
        assert len(worker.desk.posts) == 1

    async def test_absent_but_sent_lately_it_waits(self, worker: Worker) -> None:
        """Chatwoot may still store it: the job is put off until it either has or never will."""
        worker.outbox.rights.append(Post.UNSURE)
        posted_at = time.time() - 1
        with pytest.raises(ChatwootAway) as away:
            await deliver_to(worker, action(), posted_at=posted_at)
        assert away.value.until == pytest.approx(posted_at + 15.0)
        assert worker.desk.posts == []

    async def test_what_may_be_repeated_is_repeated_without_a_look(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        await deliver_to(worker, action(ActionKind.STATUS, "open"))
        assert worker.desk.calls == ["show", "set_status open"]

    async def test_a_refused_user_token_looks_with_the_bots(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        worker.desk.fails("find_mark", TokenRefused("list", Owner.USER, 401, "no"))
        worker.desk.marks.append(MarkPresence.FOUND)
        await deliver_to(worker, action())
        assert "user refused 401" in worker.standing.noted
        assert worker.desk.calls == ["show", "find_mark", "find_mark without history"]

    async def test_a_refused_bot_token_closes_the_account(self, worker: Worker) -> None:
        worker.outbox.rights.append(Post.UNSURE)
        worker.desk.fails("find_mark", TokenRefused("list", Owner.BOT, 401, "no"))
        with pytest.raises(AccountClosed):
            await deliver_to(worker, action())


class TestFails:
    """A post that fails: whether it is repeated, looked for, put off or given up."""

    async def test_what_was_surely_not_stored_is_posted_again_without_a_look(self, worker: Worker) -> None:
        worker.desk.fails("create_message", TryAgain("create", "503", 0.0))
        await deliver_to(worker, action())
        assert worker.outbox.done == ["asked", "surely not sent", "asked", "sent"]
        assert "find_mark" not in worker.desk.calls

    async def test_what_may_have_been_stored_keeps_its_mark(self, worker: Worker) -> None:
        worker.desk.fails("create_message", FateUnknown("create", "500", ended=True))
        worker.outbox.rights.extend([Post.GO, Post.UNSURE])
        worker.desk.marks.append(MarkPresence.FOUND)
        await deliver_to(worker, action())
        assert worker.outbox.done == ["asked", "asked", "sent"]
        assert len(worker.desk.posts) == 0, "the first try failed, the second found it"

    async def test_one_failure_is_no_incident_two_are_and_success_ends_it(self, worker: Worker) -> None:
        worker.desk.fails("create_message", TryAgain("create", "503", 0.0))
        await deliver_to(worker, action())
        assert [note for note in worker.incidents.noted if "fails" in note] == []
        worker.desk.fails("create_message", *[TryAgain("create", "503", 0.0)] * 2)
        await deliver_to(worker, action())
        assert [note.split(" at ")[1] for note in worker.incidents.noted[-2:]] == [
            "inbox 17: create: 503",
            "inbox 17",
        ]

    @pytest.mark.parametrize(
        "error", [TryAgain("create", "503", 0.0), OutOfTime("create", 0.0)], ids=["away", "out of time"]
    )
    async def test_after_four_tries_it_is_put_off(self, worker: Worker, error: Exception) -> None:
        worker.desk.fails("create_message", *[error] * 4)
        due = time.time() - 5
        with pytest.raises(ChatwootAway) as away:
            await deliver_to(worker, action(due=due))
        assert away.value.waiting_since == due
        assert worker.desk.calls.count("create_message") == 4

    async def test_a_pause_that_chatwoot_asks_for_puts_it_off_at_once(self, worker: Worker) -> None:
        again = time.time() + 30
        worker.desk.fails("show", TryAgain(SHOW.name, "429", again))
        with pytest.raises(ChatwootAway) as away:
            await deliver_to(worker, action(due=time.time()))
        assert (away.value.until, worker.desk.calls) == (again, ["show"])

    async def test_a_refused_token_closes_the_account_and_keeps_the_entry_unsent(self, worker: Worker) -> None:
        worker.desk.fails("create_message", TokenRefused("create", Owner.BOT, 401, "no"))
        with pytest.raises(AccountClosed, match="401"):
            await deliver_to(worker, action())
        assert worker.outbox.done == ["asked", "surely not sent"]

    async def test_a_day_late_it_is_given_up(self, worker: Worker) -> None:
        worker.desk.fails("show", *[TryAgain(SHOW.name, "503", 0.0)] * 4)
        await deliver_to(worker, action(due=time.time() - 90_000))
        assert worker.outbox.replaced[0]["dead"] is not None

    @pytest.mark.parametrize(("operation", "given_up"), [("create", True), (SHOW.name, False)])
    async def test_only_what_a_firewall_bars_alone_is_given_up_after_a_quarter_hour(
        self, worker: Worker, operation: str, given_up: bool
    ) -> None:
        place = "create_message" if given_up else "show"
        worker.desk.fails(place, *[TryAgain(operation, "403", 0.0, barred=True)] * 4)
        late = action(due=time.time() - 1000)
        if given_up:
            await deliver_to(worker, late)
            assert len(worker.outbox.replaced) == 1
        else:
            with pytest.raises(ChatwootAway):
                await deliver_to(worker, late)


class TestRefused:
    """What Chatwoot refuses for good: a dead letter, and people are told once."""

    async def test_people_get_the_whole_reply_and_the_conversation(self, worker: Worker) -> None:
        worker.desk.fails("create_message", Refused("create", 422, "too long"))
        await deliver_to(worker, action(text="Um."), action(part=2, text="Dois.", choices=("A", "B")))
        (replaced,) = worker.outbox.replaced
        note, opened = replaced["instead"]
        assert (note.kind, note.turn, note.part) == (ActionKind.NOTE, turn_names.refusal_of("t"), 0)
        assert all(words in note.text for words in ("422", "> Um.", "> Dois.", "> 1. A", "> 2. B"))
        assert (opened.kind, opened.text, replaced["drop_turn"]) == (ActionKind.STATUS, "open", True)
        letter = orjson.loads(replaced["dead"])
        assert (letter["turn"], letter["conv"]) == ("t", "1:25")
        assert "422" in letter["cause"]
        assert worker.desk.calls == ["show", "create_message"], "the second part is dropped with the first"

    async def test_another_turns_actions_follow(self, worker: Worker) -> None:
        worker.desk.fails("create_message", Refused("create", 422, "too long"))
        await deliver_to(worker, action(), action(turn="u", text="Sim!"))
        assert [post["text"] for post in worker.desk.posts] == ["Sim!"]

    async def test_what_no_contact_would_read_has_a_letter_and_no_note(self, worker: Worker) -> None:
        worker.desk.fails("add_labels bot", Refused("labels", 422, "no"))
        await deliver_to(worker, action(ActionKind.LABELS, values=("bot",)))
        (replaced,) = worker.outbox.replaced
        assert (replaced["instead"], replaced["drop_turn"]) == ((), False)
        assert replaced["dead"] is not None

    async def test_what_tells_of_a_refusal_and_is_refused_leaves_nothing(self, worker: Worker) -> None:
        worker.desk.fails("create_message", Refused("create", 422, "no"))
        await deliver_to(worker, action(ActionKind.NOTE, "why", turn=turn_names.refusal_of("t")))
        assert (worker.outbox.replaced[0]["dead"], worker.outbox.replaced[0]["instead"]) == (None, ())

    async def test_a_conversation_that_is_gone_alone_has_nobody_to_tell(self, worker: Worker) -> None:
        worker.desk.fails("show", Gone(SHOW.name, 404, "not found"))
        await deliver_to(worker, action())
        (replaced,) = worker.outbox.replaced
        assert (replaced["instead"], replaced["drop_turn"]) == ((), True)

    async def test_an_account_that_is_gone_waits(self, worker: Worker) -> None:
        worker.standing.lost = AccountClosed("404", None)
        worker.desk.fails("show", Gone(SHOW.name, 404, "not found"))
        with pytest.raises(AccountClosed):
            await deliver_to(worker, action())
        assert worker.outbox.replaced == []

    async def test_a_message_that_is_gone_tells_people(self, worker: Worker) -> None:
        """A 404 of the post, from a conversation that was shown a moment before: people can be told there."""
        worker.desk.fails("create_message", Gone("create", 404, "not found"))
        await deliver_to(worker, action())
        assert len(worker.outbox.replaced[0]["instead"]) == 2


class TestPeople:
    """A conversation that people have."""

    async def test_a_teammates_answer_drops_the_turn_and_opens_the_conversation(self, worker: Worker) -> None:
        worker.desk.shown = conversation(last=(message(8, 1, sender={"type": "user", "id": 3}),))
        await deliver_to(worker, action(), action(part=2))
        (replaced,) = worker.outbox.replaced
        (opened,) = replaced["instead"]
        assert (opened.turn, opened.text) == (turn_names.taken_from("t"), "open")
        assert (replaced["drop_turn"], worker.desk.calls) == (True, ["show"])

    async def test_an_open_conversation_needs_no_opening(self, worker: Worker) -> None:
        worker.desk.shown = conversation(status="open")
        await deliver_to(worker, action())
        assert worker.outbox.replaced[0] == {
            "instead": (), "drop_turn": True, "dead": None, "cause": "the conversation is open",
        }  # fmt: skip


class TestWindow:
    """A channel that takes no free text now."""

    async def test_a_template_stands_for_the_first_part_and_the_turn_goes_on(self, worker: Worker) -> None:
        worker.desk.shown = conversation(can_reply=False)
        await deliver_to(
            worker, action(), action(part=2), action(ActionKind.LABELS, values=("bot",)), template=TEMPLATE
        )
        first, second = worker.outbox.replaced
        assert [each.kind for each in first["instead"]] == [ActionKind.TEMPLATE]
        assert (second["instead"], second["drop_turn"]) == ((), False)
        assert worker.desk.calls[-1] == "add_labels bot"

    async def test_without_one_people_get_the_words_of_all_parts(self, worker: Worker) -> None:
        worker.desk.shown = conversation(can_reply=False)
        await deliver_to(worker, action(text="Um."), action(part=2, text="Dois."))
        (replaced,) = worker.outbox.replaced
        note, opened = replaced["instead"]
        assert "> Um.\n> \n> Dois." in note.text
        assert (opened.text, replaced["drop_turn"]) == ("open", True)

    async def test_a_note_is_posted_all_the_same(self, worker: Worker) -> None:
        worker.desk.shown = conversation(can_reply=False)
        await deliver_to(worker, action(ActionKind.NOTE, "why", part=0))
        assert len(worker.desk.posts) == 1

    async def test_a_template_is_sent_with_its_parameters(self, worker: Worker) -> None:
        worker.desk.shown = conversation(can_reply=False)
        await deliver_to(worker, action(ActionKind.TEMPLATE, "Posso continuar?"), template=TEMPLATE)
        sent = worker.desk.posts[0]["extra"]["template_params"]
        assert (sent["name"], sent["processed_params"]) == ("continue", {"body": {"1": "Ana"}})


@pytest.mark.parametrize(
    ("error", "pause", "wait"),
    [
        (lambda: TryAgain("create", "503", 0.0), None, None),
        (lambda: FateUnknown("create", "cut"), 0.2, 2.0),
        (lambda: FateUnknown("create", "cut"), 2.5, 2.5),
        (lambda: OutOfTime("create", 0.0), 0.8, 0.8),
        (lambda: TryAgain("create", "429", time.time() + 2.0), 0.2, 2.0),
        (lambda: TryAgain("create", "429", time.time() + 3.5), 0.2, None),
    ],
)
def test_the_pause_before_another_try(error: Callable[[], Any], pause: float | None, wait: float | None) -> None:
    assert _retry_pause(error(), pause) == (None if wait is None else pytest.approx(wait, abs=0.1))


def test_only_a_further_part_of_the_same_reply_is_typed() -> None:
    first, second = action(), action(part=2, text="a" * 400)
    assert part_delay(None, first) == 0.0
    assert part_delay(first, second) == pytest.approx(1.1)
    assert part_delay(first, action(part=2, text="a" * 9000)) == 2.0
    assert part_delay(first, action(turn="u")) == 0.0
    assert part_delay(action(ActionKind.NOTE), second) == 0.0
