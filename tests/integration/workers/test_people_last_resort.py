"""When even handing over fails, again and again: the conversation is opened all the same, and a letter says why."""

from types import SimpleNamespace
from typing import Any, cast

from chatwootai.model.message.outbox import ActionKind
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery
from workers.context import WorkerContext
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.job import work

CONV = keys.conv("1", 25)


def broken_worker(redis: Connection) -> WorkerContext:
    """A worker on which everything goes wrong but Redis."""

    def tenant(_account: str) -> Any:
        raise RuntimeError("nobody thought of this")

    return cast("WorkerContext", SimpleNamespace(conversations=Conversations(redis), worker_id="w", tenant=tenant))


async def job_of(redis: Connection) -> str:
    return cast("bytes", await cast("Any", redis.hget(keys.state(CONV), "job"))).decode()


async def test_a_conversation_is_opened_though_everything_fails(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(), priority=5)
    worker, conversations = broken_worker(redis), Conversations(redis)
    for tries in range(MOST_ATTEMPTS + 1):
        await work(worker, CONV, await job_of(redis), lost=False)
        assert await redis.zcard(keys.box(CONV)) == 1, tries
    await work(worker, CONV, await job_of(redis), lost=False)
    assert await redis.zcard(keys.box(CONV)) == 0
    begun = await conversations.begin(CONV, await job_of(redis), "w")
    assert begun is not None
    assert begun.deliveries == ()
    (left,) = begun.outbox
    assert left.action is not None
    assert (left.action.kind, left.action.text) == (ActionKind.STATUS, "open")
    assert await redis.zcard(keys.DEAD) == 1
