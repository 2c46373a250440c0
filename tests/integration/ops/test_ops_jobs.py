"""`chatwootai jobs`, `replay` and `catch-up` as processes of their own, on a real Redis and on a whole installation."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chatwootai.model.message.delivery import Contact, Delivery
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.builders import delivery
from tests.commands import program
from workers.dead_letters import dead_letter


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Desk:
    """An operator at a terminal whose environment names a Redis and a configuration."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {**os.environ, **environ}

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *program(), *words, env=self._environ, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def says(self, *words: str, typed: str = "") -> Said:
        process = await self.start(*words)
        out, err = await asyncio.wait_for(process.communicate(typed.encode()), 120)
        return Said(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def desk(redis: Connection, redis_server: Embedded, tmp_path: Path) -> Desk:
    (tmp_path / "chatwoot_mapping.yaml").write_text(
        'version: 1\nchatwoot: {default: {url: "http://127.0.0.1:9"}}\naccounts:\n  "1": {id: 1, name: A, '
        'domain: retail, webhook_secrets: ["${SECRET}"], bot_token: "${BOT}"}\n'
    )
    return Desk({"REDIS_URL": redis_server.url, "CHATWOOTAI_CONFIG": str(tmp_path), "SECRET": "s", "BOT": "b"})


def wish(message: int = 812, conversation: int = 25) -> Delivery:
    ana, known = Contact(id=3, name="Ana"), f"0d1f-{message}" if conversation == 25 else None
    one = delivery(message, "a secret wish", conversation=conversation, contact=ana, delivery_id=known)
    return replace(one, received_at=time.time())


async def given_up(redis: Connection, turn: str = "turnx", message: int = 812) -> None:
    """A conversation whose turn gave up and left a dead letter."""
    await Mailbox(redis).admit(wish(message), priority=5)
    queue, conversations = Queue(redis, "w1", lease=5), Conversations(redis)
    (job,) = (await queue.claim(1, 0)).jobs
    work = await conversations.begin("1:25", job.job, "w1")
    assert work is not None
    letter = dead_letter(turn, "1:25", "it failed repeatedly", work.deliveries)
    decision = Decision(turn=turn, answered=[message], actions=(), exchanges=(), dead=letter)
    await conversations.commit(work.lease, work.sequence, decision, ContextLimits(1, 1))
    await conversations.finish(work.lease)
    await queue.retire(job.job)


async def test_an_idle_floor_is_said_to_be_idle(desk: Desk) -> None:
    assert "nothing waits" in (await desk.says("jobs", "list")).out
    stats = (await desk.says("jobs", "stats", "--json")).data
    assert (stats["waiting"], stats["tenants"], stats["redis"]["troubles"]) == (0, [], [])


async def test_a_redis_that_does_not_let_us_ask_is_read_all_the_same(tmp_path: Path) -> None:
    with Embedded.start(
        tmp_path / "redis", arguments=("--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info")
    ) as server:
        said = await Desk({"REDIS_URL": server.url}).says("jobs", "stats", "--json")
    assert (said.code, said.data["redis"]) == (0, None)


async def test_a_redis_that_may_forget_what_it_was_given_is_pointed_out(tmp_path: Path) -> None:
    wrong = ("--appendonly", "no", "--maxmemory", "100kb", "--maxmemory-policy", "volatile-lru")
    with Embedded.start(tmp_path / "redis", arguments=wrong) as server:
        said = await Desk({"REDIS_URL": server.url}).says("jobs", "stats")
    assert said.code == 0, said.err
    assert [word in said.out for word in ("noeviction", "appendonly yes", "raise maxmemory")] == [True] * 3


async def test_lists_show_all_states_and_can_be_narrowed(desk: Desk, redis: Connection) -> None:
    await given_up(redis)
    await Mailbox(redis).admit(wish(conversation=7), priority=9)
    listing = (await desk.says("jobs", "list", "--json")).data
    assert [(job["conv"], job["state"], job["priority"]) for job in listing["jobs"]] == [("1:7", "waiting", 9)]
    assert [(one["turn"], one["messages"]) for one in listing["dead"]] == [("turnx", [812])]
    assert (await desk.says("jobs", "list", "--account", "2")).code == 3
    assert (await desk.says("jobs", "list", "--json", "--lane", "normal")).data["jobs"] == []
    dead = (await desk.says("jobs", "list", "--state", "dead")).out
    assert "it failed repeatedly" in dead
    assert "secret" not in dead


async def test_a_list_is_cut_at_its_limit_and_says_so(desk: Desk, redis: Connection) -> None:
    await asyncio.gather(*(Mailbox(redis).admit(wish(1, number), priority=5) for number in range(1, 301)))
    cut = (await desk.says("jobs", "list", "--json")).data
    assert (len(cut["jobs"]), cut["more"]) == (200, ["waiting"])
    whole = (await desk.says("jobs", "list", "--json", "--limit", "0")).data
    assert (len(whole["jobs"]), whole["more"]) == (300, [])
    assert (await desk.says("jobs", "list", "--limit", "-1")).code == 2


@pytest.mark.parametrize("word", ["1:25", "turnx", "turn:1:25:1", "0d1f-812"])
async def test_a_conversation_is_shown_by_any_of_its_names(desk: Desk, redis: Connection, word: str) -> None:
    await given_up(redis)
    shown = await desk.says("jobs", "show", word)
    assert shown.code == 0, shown.err
    assert "conversation 1:25: it rests" in shown.out
    assert "committed   turn=turnx  messages=#812" in shown.out
    assert "secret" not in shown.out
    data = (await desk.says("jobs", "show", word, "--json")).data
    assert [step["step"] for step in data["steps"]] == ["admitted", "began", "committed", "rests"]


async def test_what_nobody_remembers_is_an_error_that_says_what_could_be_meant(desk: Desk) -> None:
    for word, code in (("1:99", 4), ("nonsense", 3)):  # 4: the Chatwoot that would know does not answer
        said = await desk.says("jobs", "show", word)
        assert said.code == code
        assert "nothing is remembered" in said.err


async def test_a_retry_asks_chatwoot_first_and_happens_once(desk: Desk, redis: Connection) -> None:
    await given_up(redis)
    away = await desk.says("jobs", "retry", "turnx")
    assert (away.code, "--force" in away.err) == (4, True)
    said = await desk.says("jobs", "retry", "turnx", "--force")
    assert (said.code, said.out) == (0, "turnx: 1 message of conversation 1:25 will be answered\n")
    again = await desk.says("jobs", "retry", "turnx", "--force")
    assert again.code == 3
    assert await redis.hget(keys.WAITING, "1") == b"1"
    assert await redis.zcard(keys.DEAD) == 0


async def test_a_letter_that_cannot_be_retried_does_not_keep_the_others_from_it(desk: Desk, redis: Connection) -> None:
    await given_up(redis)
    await redis.set(keys.dead("turny"), dead_letter("turny", "1:25", "nobody knows"))
    await redis.zadd(keys.DEAD, {"turny": 1.0})
    said = await desk.says("jobs", "retry", "1:25", "--force")
    assert (said.code, "turnx: 1 message" in said.out, "jobs drop turny" in said.err) == (1, True, True)
    assert await redis.zrange(keys.DEAD, 0, -1) == [b"turny"]


async def test_a_letter_is_spent_once_another_turn_has_dealt_with_its_messages(desk: Desk, redis: Connection) -> None:
    """As a catch-up brings about, or a teammate who hands the conversation back."""
    await given_up(redis)
    await redis.delete(keys.seen_message("1:25", 812))
    assert await Mailbox(redis).admit(replace(wish(), delivery_id="caught"), priority=0) is Admission.ACCEPTED
    queue, conversations = Queue(redis, "w1", lease=5), Conversations(redis)
    (job,) = (await queue.claim(1, 0)).jobs
    work = await conversations.begin("1:25", job.job, "w1")
    assert work is not None
    decision = Decision(turn="later", answered=[812], actions=(), exchanges=())
    await conversations.commit(work.lease, work.sequence, decision, ContextLimits(1, 1))
    await conversations.finish(work.lease)
    said = await desk.says("jobs", "retry", "1:25", "--force")
    assert (said.code, "is spent" in said.out) == (0, True)
    assert await redis.zcard(keys.DEAD) == 0
    assert await redis.exists(keys.box("1:25")) == 0


async def test_what_was_put_off_is_retried_at_once(desk: Desk, redis: Connection) -> None:
    await Mailbox(redis).admit(wish(), priority=5)
    queue, conversations = Queue(redis, "w1", lease=5), Conversations(redis)
    (job,) = (await queue.claim(1, 0)).jobs
    work = await conversations.begin("1:25", job.job, "w1")
    assert work is not None
    await conversations.again(work.lease, after=600, cause="create_message: HTTP 500")
    assert "cause=create_message: HTTP 500" in (await desk.says("jobs", "show", "1:25")).out
    assert (await desk.says("jobs", "retry", "1:25")).out == "turn:1:25:2 runs now\n"
    assert await redis.zcard(keys.SCHEDULED) == 0


async def test_dropping_asks_unless_told_not_to(desk: Desk, redis: Connection) -> None:
    await given_up(redis)
    assert "name that: turnx" in (await desk.says("jobs", "drop", "1:25", "--yes")).err
    assert (await desk.says("jobs", "drop", "turnx", typed="n\n")).code == 1
    assert await redis.zcard(keys.DEAD) == 1
    nobody = await desk.says("jobs", "drop", "turnx")
    assert (nobody.code, "--yes" in nobody.err) == (1, True)
    assert (await desk.says("jobs", "drop", "turnx", typed="y\n")).code == 0
    assert await redis.zcard(keys.DEAD) == 0
    await Mailbox(redis).admit(wish(900), priority=5)
    dropped = await desk.says("jobs", "drop", "1:25", "--yes")
    assert dropped.out == "dropped 1 message and 0 actions of 1:25\n"
    assert (await desk.says("jobs", "drop", "1:25", "--yes")).code == 1


async def test_a_replay_says_what_it_will_do_and_what_it_cannot(desk: Desk, redis: Connection) -> None:
    await given_up(redis)
    asked = await desk.says("replay", "0d1f-812", "--force", typed="n\n")
    assert asked.code == 1
    assert "messages 812 will be answered again" in asked.out
    assert (await desk.says("replay", "1:25", "--force", "--yes")).out.endswith("1 message admitted\n")
    assert "wait already" in (await desk.says("replay", "1:25", "--force", "--yes")).out
    await redis.delete(keys.kept("1:25"), keys.box("1:25"))
    gone = await desk.says("replay", "1:25", "--yes")
    assert (gone.code, "catch-up --account 1" in gone.err) == (1, True)


async def test_watching_prints_again_and_again_until_stopped(desk: Desk, redis: Connection) -> None:
    process = await desk.start("jobs", "stats", "--json", "--watch", "0.1")
    assert process.stdout is not None
    first = json.loads(await asyncio.wait_for(process.stdout.readline(), 10))
    await Mailbox(redis).admit(wish(), priority=5)
    while json.loads(await asyncio.wait_for(process.stdout.readline(), 10))["waiting"] == 0:
        pass
    process.terminate()
    await process.communicate()
    assert first["waiting"] == 0


async def test_who_watches_sees_redis_go_and_come_back(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "redis") as server:
        process = await Desk({"REDIS_URL": server.url}).start("jobs", "stats", "--json", "--watch", "0.1")
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.wait_for(process.stdout.readline(), 60)
        server.kill()
        away = await asyncio.wait_for(process.stderr.readline(), 60)
        server.resume()
        connection = connect(server.url)
        await Mailbox(connection).admit(wish(), priority=5)
        await connection.aclose()
        while json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["waiting"] == 0:
            pass
        process.terminate()
        await process.communicate()
    assert b"Redis does not answer" in away


async def test_a_redis_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    said = await Desk({"REDIS_URL": f"unix://{tmp_path}/none.sock"}).says("jobs", "list")
    assert said.code == 5
    assert said.err.startswith("Redis does not answer")
    assert said.err.count("\n") == 1


async def test_catching_up_without_a_user_token_says_so(desk: Desk) -> None:
    said = await desk.says("catch-up", "--account", "1")
    assert (said.code, "user_token" in said.err) == (1, True)
    every = await desk.says("catch-up", "--json")
    assert (every.code, "no account could be asked" in every.err) == (1, True)
    assert "there is no account 11" in (await desk.says("catch-up", "--account", "11")).err
    assert "168" in (await desk.says("catch-up", "--hours", "999")).err
    nobody = await desk.says("catch-up", "--config", "nowhere")
    assert (nobody.code, "chatwootai check" in nobody.err) == (1, True)


async def test_dead_letters_are_selected_counted_and_retried_at_once(desk: Desk, redis: Connection) -> None:
    for number, cause in enumerate(("HTTP 401: Invalid Access Token", "HTTP 401: Invalid Access Token", "it failed")):
        letter = dead_letter(f"turn{number}", f"1:{number + 1}", cause, (wish(number + 1, number + 1),))
        await redis.set(keys.dead(f"turn{number}"), letter)
        await redis.zadd(keys.DEAD, {f"turn{number}": time.time() * 1000 + number})
    listed = await desk.says("jobs", "list", "--cause", "401", "-o", "name")
    assert sorted(listed.out.split()) == ["turn0", "turn1"]
    assert (await desk.says("jobs", "list", "--until", "2h", "-o", "name")).out == ""
    dry = await desk.says("jobs", "retry", "--cause", "401", "--since", "1h", "--dry-run", "--force")
    assert (dry.code, "2 dead letters of 2 conversations: nothing was done" in dry.out) == (0, True)
    assert await redis.zcard(keys.DEAD) == 3
    nobody = await desk.says("jobs", "retry", "--cause", "401", "--force")
    assert (nobody.code, "--yes" in nobody.err) == (1, True)
    done = await desk.says("jobs", "retry", "--cause", "401", "--force", "--yes", "--rate", "50/s")
    assert (done.code, done.out.splitlines()[-1]) == (0, "2 done, 0 not")
    assert await redis.zrange(keys.DEAD, 0, -1) == [b"turn2"]
    assert "by=" in (await desk.says("jobs", "show", "1:1")).out
    gone = await desk.says("jobs", "drop", "--all", "--yes")
    assert (gone.code, await redis.zcard(keys.DEAD)) == (0, 0)
    shown = (await desk.says("jobs", "show", "1:3", "--json")).data
    assert [(one["step"], "@" in one["by"]) for one in shown["steps"]] == [("letter_dropped", True)]
    retried, dropped = (await desk.says("audit", "--json")).data
    assert (retried["what"], retried["count"], retried["details"]["cause"]) == ("retry", 2, "401")
    assert (dropped["what"], dropped["count"], dropped["previous"]) == ("drop", 1, retried["digest"])
    assert len((await desk.says("audit", "--account", "A", "--json")).data) == 0  # both were done to all accounts
    assert (await desk.says("audit", "--account", "nobody")).code == 3
    sound = await desk.says("audit", "verify", "--expect", f"2:{dropped['digest'][:12]}")
    assert (sound.code, sound.out.startswith("2 entries")) == (0, True), sound.err
    await redis.xtrim(keys.AUDIT, maxlen=1)
    await redis.delete(keys.AUDIT_HEAD)
    broken = await desk.says("audit", "verify")
    assert (broken.code, "the end is missing" in broken.err) == (1, True)
    assert (await desk.says("audit", "verify", "--expect", "1:00")).code == 1


async def test_one_thing_or_a_selection_must_be_named_and_not_both(desk: Desk) -> None:
    for words in (["retry"], ["drop"], ["retry", "1:25", "--all"], ["drop", "turnx", "--cause", "401"]):
        said = await desk.says("jobs", *words)
        assert (said.code, "--all" in said.err) == (2, True), words
    for words in (["--since", "soon"], ["--rate", "0"]):
        assert (await desk.says("jobs", "retry", *words)).code == 2, words


async def test_conversations_that_went_to_people_for_one_cause_are_replayed(desk: Desk, redis: Connection) -> None:
    for conversation, cause in ((25, "model"), (26, "asked")):
        await Mailbox(redis).admit(wish(conversation=conversation), priority=5)
        (job,) = (await Queue(redis, "w1", lease=5).claim(1, 0)).jobs
        work = await Conversations(redis).begin(f"1:{conversation}", job.job, "w1")
        assert work is not None
        turn = f"turn{conversation}"
        decision = Decision(turn=turn, answered=[812], actions=(), exchanges=())
        await Conversations(redis).commit(work.lease, work.sequence, decision, ContextLimits(1, 1))
        await Conversations(redis).finish(work.lease)
        record = {"account": "1", "conversation": conversation, "outcome": "handoff", "cause": cause, "error": "401"}
        await Turns(redis).write(turn, record)
    words = ["replay", "--cause", "model: 401", "--since", "1h", "--force"]
    dry = await desk.says(*words, "--dry-run")
    assert (dry.code, "1 conversation: nothing was done" in dry.out, "1:26" in dry.out) == (0, True, False)
    assert (await desk.says("replay", "--cause", "model", "--until", "1h", "--force", "--yes")).out.startswith("0 conv")
    done = await desk.says(*words, "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 done, 0 not"), done.err
    assert await redis.zcard(keys.box("1:25")) == 1
    assert await redis.zcard(keys.box("1:26")) == 0


# On a whole installation.


@pytest.fixture
def terminal(system: System) -> Desk:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    return Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})


async def settled(system: System, sent: Sent) -> None:
    """Wait until the conversation's turn has come to its end."""
    connection = connect(system.redis_url)
    while (await ConversationHistories(connection).read(f"1:{sent.conversation}")).job:  # noqa: ASYNC110 - another process' work
        await asyncio.sleep(0.02)
    await connection.aclose()


async def test_a_delivery_is_found_and_answered_again(system: System, terminal: Desk) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam?")
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        (record,) = await driver.deliveries(event="message_created", sender="agent_bot", message=sent.message)
        shown = await terminal.says("jobs", "show", record["delivery"], "--json")
        assert shown.data["conversation"] == f"1:{sent.conversation}"
        said = await terminal.says("replay", record["delivery"], "--yes")
        assert (said.code, said.out.count("1 message admitted")) == (0, 1), said.err
        replies = await driver.wait_for_reply(sent, count=2)
        assert len({reply["turn"] for reply in replies}) == 2


async def test_a_dead_letter_is_answered_once_people_have_given_the_conversation_back(
    system: System, terminal: Desk
) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "sms", "Vocês entregam?")
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        connection, conv = connect(system.redis_url), f"1:{sent.conversation}"
        life = await ConversationHistories(connection).read(conv)
        await connection.set(keys.dead("gone"), dead_letter("gone", conv, "it failed", life.kept))
        await connection.zadd(keys.DEAD, {"gone": time.time() * 1000})
        await connection.aclose()
        await driver.take_over(sent)
        refused = await terminal.says("jobs", "retry", conv)
        assert (refused.code, "people own it" in refused.err, "--hand-back" in refused.err) == (1, True, True)
        said = await terminal.says("jobs", "retry", conv, "--hand-back")
        assert said.code == 0, said.err
        await driver.wait_for_reply(sent, count=2)
        assert (await terminal.says("jobs", "retry", "gone")).code == 3


async def test_catching_up_by_hand_finds_nobody_where_all_were_answered(system: System, terminal: Desk) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(2, "telegram", "Vocês entregam?")
        await driver.wait_for_reply(sent)
    rows = (await terminal.says("catch-up", "--account", "2", "--json")).data
    assert [(row["account"], row["conversations"], row["admitted"], row["problem"]) for row in rows] == [
        ("2", 1, 0, None)
    ]


async def test_a_paused_account_s_messages_wait_and_are_answered_when_it_goes_on(
    system: System, terminal: Desk
) -> None:
    said = await terminal.says("accounts", "pause", "1", "--until", "2h", "--why", "new prices")
    assert (said.code, "is paused until" in said.out) == (0, True), said.err
    async with Driver(system.url("chatwoot")) as driver:
        waits = await driver.write(1, "whatsapp", "Vocês entregam?", new=True)
        others = await driver.write(2, "whatsapp", "Vocês entregam?", new=True)
        await driver.wait_for_reply(others)
        assert await driver.replies(waits) == []
        stats = (await terminal.says("jobs", "stats", "--json")).data
        assert [(one["account"], one["why"]) for one in stats["paused"]] == [("1", "new prices")]
        assert "account 1 is paused until" in (await terminal.says("jobs", "stats")).out
        assert (await terminal.says("accounts", "resume", "1")).code == 0
        assert len(await driver.wait_for_reply(waits)) == 1
    assert (await terminal.says("accounts", "resume", "1")).code == 1
    audit = (await terminal.says("audit", "--json")).data
    assert {"pause", "resume"} <= {one["what"] for one in audit}


@pytest.mark.parametrize(("until", "code"), [("2h ago", 2), ("8d", 2), ("2020-01-01", 2)])
async def test_a_pause_that_is_over_or_without_end_is_refused(terminal: Desk, until: str, code: int) -> None:
    assert (await terminal.says("accounts", "pause", "1", "--until", until)).code == code


async def test_an_account_that_is_none_is_not_paused(terminal: Desk) -> None:
    said = await terminal.says("accounts", "pause", "nobody", "--until", "2h")
    assert (said.code, "there is no account nobody" in said.err) == (3, True)
