"""Numbers between Lua and Redis: what one version takes and another refuses (`-0`, `1e+14`), and what is kept."""

import re
from pathlib import Path

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.effects import ObservedMessage
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery
from tests.integration.chatwootai.stores.test_stores_conversations import CONV

STORES = Path(__file__).resolve().parents[4] / "chatwootai/stores"


def test_no_script_negates_what_may_be_nothing() -> None:
    negated = re.compile(r"[(,=*/+] *- *(?:[a-z_]|\(|#)")
    found = [
        f"{script.name}: {line.strip()}"
        for script in STORES.glob("*/lua/*.lua")
        for line in script.read_text(encoding="utf-8").splitlines()
        if negated.search(line.partition("--")[0])
    ]
    assert not found, "0 - n, never -n: " + "; ".join(found)


@pytest.mark.parametrize("answer", [b"", b"kept"])
async def test_an_answer_is_kept_and_forgotten_where_nothing_was_before(redis: Connection, answer: bytes) -> None:
    store = CompletionStore(redis)
    assert await store.keep("1", "digest", "token", answer, keep_ms=60_000) == 0
    stats = await store.stats()
    assert (stats["entries"], stats["kept"]) == ((1, 1) if answer else (0, 0))
    assert await store.purge() == stats["entries"]
    assert (await store.stats())["bytes"] == 0


async def test_what_is_counted_without_bytes_is_forgotten_too(redis: Connection) -> None:
    await redis.zadd("cw:done", {"1:lost": 1})  # its size is not known any more
    assert await CompletionStore(redis).purge() == 0
    assert await redis.zcard("cw:done") == 0


@pytest.mark.parametrize("most", [0, 1, 4])
async def test_as_much_is_remembered_as_a_tenant_says_even_nothing(redis: Connection, most: int) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    job = (await Queue(redis, "w1", lease=5).claim(1)).jobs[0].job
    begun = await Conversations(redis).begin(CONV, job, "w1")
    assert begun is not None
    said = tuple(Exchange(Role.CONTACT, f"words {number}", 1.0 + number) for number in range(3))
    decision = Decision(turn="t1", answered=[7], actions=(), exchanges=said)
    await Conversations(redis).commit(begun.lease, begun.sequence, decision, ContextLimits(most, 60_000))
    assert await redis.llen(keys.context(CONV)) == min(most, 3)  # type: ignore[misc]
    heard = ObservedMessage(account="1", conversation=25, inbox=17, message=8, role="teammate", text="olá", at=1.0)
    assert await Mailbox(redis).heard(heard, ContextLimits(most, 60_000), priority=5)
    assert await redis.llen(keys.context(CONV)) == min(most, 4)  # type: ignore[misc]


async def test_a_letter_for_entries_that_are_gone_costs_nobody_a_place(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    job = (await Queue(redis, "w1", lease=5).claim(1)).jobs[0].job
    begun = await Conversations(redis).begin(CONV, job, "w1")
    assert begun is not None
    await Conversations(redis).discard(begun.lease, [b"not there"], name="letter", dead=b"{}")
    assert await redis.hget(keys.WAITING, "1") == b"1"  # type: ignore[misc]
