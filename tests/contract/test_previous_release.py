"""What the previous release left in Redis and on disk is taken up by this one; what this one writes, that one can read.

`tests/data/release_0.1.0` holds bytes that 0.1.0 wrote: conversation 25 with a reply of two parts, of which one is
posted, and a message that came since; 26, urgent, with a recording; 27 with a teammate's wish; a journal of two
records.
"""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import msgpack
import orjson
import pytest

from chatwootai.model.message.delivery import Attachment, Change, Role
from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Commit, Decision, Post
from chatwootai.stores.conversation.entries import pack_action, pack_delivery, pack_exchange, unpack_delivery
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.data_format import FORMAT
from chatwootai.stores.server.examination import CannotUse, examine
from ingress.journal.journal_format import scan
from tests import builders
from tests.data import FOLDER
from tests.door import open_door

PREVIOUS = FOLDER / "release_0.1.0"
LEFT: dict[str, dict[str, Any]] = json.loads((PREVIOUS / "redis.json").read_text(encoding="utf-8"))


def value(said: Any) -> bytes:
    return bytes.fromhex(said["hex"]) if isinstance(said, dict) else str(said).encode()


async def restore(redis: Connection) -> None:
    for name, held in LEFT.items():
        match held["type"]:
            case "string":
                await redis.set(name, value(held["value"]))
            case "hash":
                await redis.hset(name, mapping={each: value(said) for each, said in held["value"].items()})  # type: ignore[misc]
            case "list":
                await redis.rpush(name, *map(value, held["value"]))  # type: ignore[misc]
            case "zset":
                await redis.zadd(name, {value(member): score for member, score in held["value"]})


@pytest.fixture
async def left(redis: Connection) -> Connection:
    await restore(redis)
    return redis


async def test_jobs_are_claimed_urgent_ones_first_and_begin_with_all_that_waits(left: Connection) -> None:
    queue, conversations = Queue(left, "worker-of-now", lease=5.0), Conversations(left)
    claimed = (await queue.claim(10)).jobs
    assert [one.job for one in claimed] == ["turn:1:26:1", "turn:1:25:1", "turn:1:27:1"]
    assert msgpack.unpackb(claimed[1].blob)["a"] == ["1:25"]
    urgent = await conversations.begin("1:26", "turn:1:26:1", "worker-of-now")
    assert urgent is not None
    (delivery,) = urgent.deliveries
    assert (delivery.message.text, delivery.labels, delivery.cc) == ("Socorro", ("vip",), ("copy@example.com",))
    assert delivery.message.attachments == (
        Attachment(kind="audio", url="http://chat.example.com/a.ogg", content_type="audio/ogg", transcript="socorro"),
    )
    assert (delivery.custom, delivery.change) == ({"plan": "gold"}, Change.NEW)
    wished = await conversations.begin("1:27", "turn:1:27:1", "worker-of-now")
    assert wished is not None
    assert wished.requested_status is RequestedStatus.PENDING
    assert [one.text for one in wished.context] == ["Um momento"]


async def test_a_reply_that_was_posted_in_part_is_posted_on_and_the_next_turn_is_decided(left: Connection) -> None:
    queue, conversations = Queue(left, "worker-of-now", lease=5.0), Conversations(left)
    await queue.claim(10)
    begun = await conversations.begin("1:25", "turn:1:25:1", "worker-of-now")
    assert begun is not None
    (second,) = begun.outbox
    assert second.action is not None
    assert (second.action.kind, second.action.part, second.action.choices) == (ActionKind.REPLY, 2, ("Sim", "Não"))
    assert [one.text for one in begun.context] == ["Vocês entregam em BH?", "Parte 1 Parte 2"]
    assert await conversations.post(begun.lease, second) is Post.GO
    await conversations.sent(begun.lease, second)
    assert [one.message.text for one in begun.deliveries] == ["E quanto custa?"]
    decision = Decision(turn="turn-b", answered=[503], actions=[], exchanges=[])
    done = await conversations.commit(
        begun.lease, begun.sequence, decision, ContextLimits(entries=20, milliseconds=60_000)
    )
    assert done is Commit.COMMITTED
    assert not await conversations.finish(begun.lease)
    assert await left.zcard(keys.box("1:25")) == 0


async def test_what_it_admitted_is_a_duplicate_and_what_comes_next_goes_behind(left: Connection) -> None:
    mailbox = Mailbox(left)
    assert await mailbox.admit(builders.delivery(503, "E quanto custa?"), priority=5) is Admission.DUPLICATE
    assert await mailbox.admit(builders.delivery(504, "Oi?"), priority=5) is Admission.ACCEPTED
    box = await left.zrange(keys.box("1:25"), 0, -1)
    assert [unpack_delivery(entry).message.id for entry in box] == [503, 504]


async def test_its_journal_is_adopted(redis: Connection, redis_url: str, tmp_path: Path) -> None:
    """Also where it stands in a folder of its own below JOURNAL_DIR, as one that another machine left."""
    (tmp_path / "another").mkdir()
    shutil.copy(PREVIOUS / "0.1.0.journal", tmp_path / "another")
    async with open_door(redis_url, tmp_path), asyncio.timeout(20):
        while await redis.zcard(keys.box("1:28")) < 2:  # noqa: ASYNC110 - a door calls nobody
            await asyncio.sleep(0.02)
    box = await redis.zrange(keys.box("1:28"), 0, -1)
    assert [unpack_delivery(entry).message.text for entry in box] == ["Do diário", "Mais uma, do diário"]
    assert not list(tmp_path.rglob("*.journal"))  # noqa: ASYNC240 - nothing else runs


def shape(said: Any) -> Any:
    """Return the names and kinds in a value: what a reader relies on."""
    if isinstance(said, dict):
        return {name: shape(each) for name, each in said.items()}
    return "number" if isinstance(said, int | float) and not isinstance(said, bool) else type(said).__name__


def covers(now: Any, before: Any) -> bool:
    """Tell whether all names of `before` are in `now` with the same kinds. None stands for any kind."""
    if isinstance(before, dict) and isinstance(now, dict):
        return all(name in now and covers(now[name], kind) for name, kind in before.items())
    return now == before or "NoneType" in (now, before)


def test_what_is_written_now_has_every_field_that_it_reads() -> None:
    was = orjson.loads(value(LEFT["cw:box:1:25"]["value"][0][0]))
    assert covers(shape(orjson.loads(pack_delivery(builders.delivery(custom={"plan": "gold"})))), shape(was))
    held = orjson.loads(value(LEFT["cw:outbox:1:25"]["value"][0]))
    ours = Action(kind=ActionKind.REPLY, turn="t", part=1, text="x", inbox=17, channel="whatsapp", after=1, due=1.0)
    assert covers(shape(orjson.loads(pack_action(ours))), shape(held))
    role, text, at = orjson.loads(pack_exchange(Exchange(Role.CONTACT, "x", 1.0)))
    assert (role, text, at) == ("contact", "x", 1.0)
    (first, _) = list(scan((PREVIOUS / "0.1.0.journal").read_bytes()))
    assert first.payload[0] == 5


async def test_a_form_of_the_next_release_is_worked_with_and_of_a_later_one_is_not(left: Connection) -> None:
    await examine(left)
    assert await left.get(keys.FORMAT) == str(FORMAT).encode()
    await left.set(keys.FORMAT, FORMAT + 1)
    await examine(left)
    assert await left.get(keys.FORMAT) == str(FORMAT + 1).encode()
    await left.set(keys.FORMAT, FORMAT + 2)
    with pytest.raises(CannotUse, match="a later release"):
        await examine(left)
