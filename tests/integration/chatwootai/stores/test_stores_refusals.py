"""Refused tokens on a real Redis: one looks, the others wait, and all run when it is taken again."""

from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.refusals import Noted, Refusals
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery


async def note(redis: Connection, conv: str, digest: str = "d1", owner: str = "bot") -> Noted:
    said = {"operation": "conversation", "status": 401, "words": "Invalid Access Token"}
    return await Refusals(redis).note("1", owner, digest=digest, conv=conv, **said)  # type: ignore[arg-type]


async def put_off(redis: Connection, conversation: int, *, behind: str = "1") -> str:
    """A conversation whose job was put off until the token is taken; returns the job that waits."""
    one = delivery(conversation, conversation=conversation)
    await Mailbox(redis).admit(one, priority=5)
    (claimed,) = (await Queue(redis, "w1", lease=5).claim(1)).jobs
    begun = await Conversations(redis).begin(f"1:{conversation}", claimed.job, "w1")
    assert begun is not None
    await Conversations(redis).again(begun.lease, after=900, count=False, cause="HTTP 401\tInvalid", behind=behind)
    job = await redis.hget(keys.state(f"1:{conversation}"), "job")  # type: ignore[misc]
    return str(job.decode())


async def ready(redis: Connection) -> list[str]:
    return [claimed.job for claimed in (await Queue(redis, "w2", lease=5).claim(1000)).jobs]


async def test_the_first_that_is_refused_looks_again_ever_later_and_the_others_wait(redis: Connection) -> None:
    assert await Refusals(redis).read("1", "bot") is None
    first = await note(redis, "1:25")
    assert (first.first, first.again) == (True, 1.0)
    assert await note(redis, "1:26") == Noted(False, None, first.since)
    assert [(await note(redis, "1:25")).again for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    known = await Refusals(redis).read("1", "bot")
    assert known is not None
    assert (known.conv, known.words, known.status, known.overdue) == ("1:25", "Invalid Access Token", 401, False)
    assert known.since == first.since


async def test_another_looks_where_the_first_no_longer_does(redis: Connection) -> None:
    await note(redis, "1:25")
    await redis.hset(keys.refused("1", "bot"), "until", 1)  # type: ignore[misc]
    known = await Refusals(redis).read("1", "bot")
    assert known is not None
    assert known.overdue
    assert (await note(redis, "1:26")).again == 2.0
    assert (await note(redis, "1:25")).again is None


async def test_another_token_is_another_refusal(redis: Connection) -> None:
    await note(redis, "1:25")
    again = await note(redis, "1:26", digest="d2")
    assert (again.first, again.again) == (True, 1.0)


async def test_who_waited_runs_when_it_is_taken_and_only_then(redis: Connection) -> None:
    await note(redis, "1:25")
    jobs = [await put_off(redis, conversation) for conversation in range(25, 28)]
    other = await put_off(redis, 40, behind="")
    assert await ready(redis) == []
    since, waited = await Refusals(redis).accept("1", "bot")
    assert (since is not None, waited) == (True, 3)
    assert sorted(await ready(redis)) == sorted(jobs)
    assert await redis.zrange(keys.SCHEDULED, 0, -1) == [other.encode()]
    assert await Refusals(redis).accept("1", "bot") == (None, 0)
    assert await Refusals(redis).all() == []


async def test_who_comes_to_wait_when_it_has_just_been_taken_runs_at_once(redis: Connection) -> None:
    """It found the account closed, and by the time that it was put off another had found it open."""
    await note(redis, "1:25")
    await Refusals(redis).accept("1", "bot")
    job = await put_off(redis, 26)
    assert await ready(redis) == [job]
    assert await redis.exists("cw:parked:1") == 0


async def test_where_it_is_configured_is_noted_while_it_is_refused_and_only_then(redis: Connection) -> None:
    refusals = Refusals(redis)
    await note(redis, "1:25")
    await refusals.place("1", "bot", "mapping.yaml:10")
    known = await refusals.read("1", "bot")
    assert known is not None
    assert known.place == "mapping.yaml:10"
    await refusals.accept("1", "bot")
    await refusals.place("1", "bot", "mapping.yaml:10")
    assert await refusals.read("1", "bot") is None


async def test_more_than_a_handful_of_waiting_turns_all_run(redis: Connection) -> None:
    await redis.zadd("cw:parked:1", {f"turn:1:{number}:1": number for number in range(1201)})
    assert await Refusals(redis).accept("1", "bot") == (None, 1201)
    assert await redis.exists("cw:parked:1") == 0


async def test_a_nudge_wakes_who_looks_or_else_one_that_waits(redis: Connection) -> None:
    await note(redis, "1:26")
    jobs = {conversation: await put_off(redis, conversation) for conversation in (25, 26)}
    assert await Refusals(redis).nudge("1")
    assert await ready(redis) == [jobs[26]]
    assert not await Refusals(redis).nudge("1"), "it looks now"
    await redis.delete(keys.LEASES, keys.state("1:26"))  # whoever looked has been dropped
    assert await Refusals(redis).nudge("1")
    assert await ready(redis) == [jobs[25]]
    assert not await Refusals(redis).nudge("1")


async def test_a_users_token_is_told_apart_and_lets_nobody_wait(redis: Connection) -> None:
    await note(redis, "", owner="user")
    assert await Refusals(redis).read("1", "bot") is None
    assert [(one.account, one.owner) for one in await Refusals(redis).all()] == [("1", "user")]
    await note(redis, "1:25")
    await put_off(redis, 25)
    assert (await Refusals(redis).accept("1", "user"))[1] == 0
    assert await ready(redis) == []
