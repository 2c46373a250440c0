"""`chatwootai accounts`: where accounts live, and a move from one Redis to another as an operator sees it."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.shards import Shard
from config.files.packing import pack
from config.files.sources import gather
from config.snapshot import Installation, Secret
from tests import builders
from tests.builders import delivery
from tests.integration.ops.test_ops_jobs import Desk, Said
from workers.account import deleted_contacts
from workers.account.deleted_contacts import DeletedContacts

SECRETS = {"SECRET": "s", "BOT": "b"}
CONTACT = 89
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:9"}}
accounts:
  "1":  # the first
    shard: a
    id: 1
    domain: retail
    name: A
    webhook_secrets: ["${SECRET}"]
    bot_token: "${BOT}"
"""


@dataclass(frozen=True, slots=True)
class Two:
    """An installation with one account, pinned to the first of two Redis, without doors and workers."""

    desk: Desk
    folder: Path
    a: Connection
    b: Connection
    url_of_a: str

    async def move(self, *more: str) -> Said:
        return await self.desk.says("accounts", "move", "1", "--to", "b", "--yes", *more)

    async def back(self, *more: str) -> Said:
        return await self.desk.says("accounts", "move", "1", "--to", "a", "--yes", *more)

    async def place(self, shard: str) -> None:
        """Pin the account by hand, without a move, and publish that."""
        mapping = self.folder / "chatwoot_mapping.yaml"
        mapping.write_text(re.sub("shard: .", f"shard: {shard}", mapping.read_text()))
        await self.publish()

    async def publish(self) -> None:
        sources = gather(self.folder, {**os.environ, **SECRETS})
        for connection in (self.a, self.b):
            packed = pack(sources, dict(SECRETS))
            await ConfigVersions(connection).publish(sources.digest(), packed, by="t", why="t", accounts=1)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        servers = [Embedded.start(), Embedded.start()]
        connections = []
        for server in servers:
            stack.callback(server.stop)
            connections.append(connect(server.url))
            stack.push_async_callback(connections[-1].aclose)
        (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
        shards = f"a={servers[0].url},b={servers[1].url}"
        environ = {"CHATWOOTAI_CONFIG": str(tmp_path), "CHATWOOTAI_REDIS_SHARDS": shards, **SECRETS}
        found = Two(Desk(environ), tmp_path, connections[0], connections[1], servers[0].url)
        await found.publish()
        await Mailbox(found.a).admit(delivery(7), priority=5)
        yield found


async def where(two: Two, *words: str) -> list[dict[str, object]]:
    done = await two.desk.says("accounts", "where", *words, "--json")
    assert (done.code, done.err) == (0, "")
    found: list[dict[str, object]] = json.loads(done.out)
    return found


async def test_it_moves_with_what_waits_and_says_each_step(two: Two) -> None:
    (before,) = await where(two, "1")
    assert (before["shard"], before["pinned"], before["marks"]) == ("a", True, {})
    dry = await two.move("--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert "to be done: hold" in dry.out
    done = await two.move()
    assert (done.code, done.err) == (0, "")
    said = [line.partition(":")[0] for line in done.out.splitlines()]
    assert said == [
        "begun",
        "held",
        "ended",
        "copied",
        "pinned",
        "published",
        "published",
        "served",
        "opened",
        "cleared",
    ]
    (after,) = await where(two, "--all")
    assert (after["shard"], after["marks"]) == ("b", {"a": "left b"})
    assert list(after["keys"]) == ["b"]  # type: ignore[call-overload]  # JSON
    assert "shard: b" in (two.folder / "chatwoot_mapping.yaml").read_text()
    assert [job.job for job in (await Queue(two.b, "w", lease=5).claim(9)).jobs] == ["turn:1:25:1"]
    for connection in (two.a, two.b):
        assert [entry.what async for entry in AuditLog(connection).entries()] == ["accounts move"]
    again = await two.move()
    assert (again.code, again.out) == (0, "1 is on b: nothing is to be moved\n")


async def test_two_accounts_that_move_at_once_keep_both_their_pins(two: Two) -> None:
    mapping = two.folder / "chatwoot_mapping.yaml"
    second = (
        MAPPING[MAPPING.index('  "1"') :].replace('"1":', '"2":').replace("id: 1", "id: 2").replace("SECRET", "BOT")
    )
    mapping.write_text(MAPPING + second)
    await two.publish()
    moves = [two.desk.says("accounts", "move", key, "--to", "b", "--yes") for key in ("1", "2")]
    for done in await asyncio.gather(*moves):
        assert (done.code, done.err) == (0, "")
    placed = {row["account"]: (row["shard"], row["marks"]) for row in await where(two, "--all")}
    assert placed == {"1": ("b", {"a": "left b"}), "2": ("b", {"a": "left b"})}
    digest = gather(two.folder, {**os.environ, **SECRETS}).digest()
    for connection in (two.a, two.b):
        current = await ConfigVersions(connection).current()
        assert current is not None
        assert current.digest == digest


async def test_a_turn_that_does_not_end_stops_it_until_it_is_run_again_or_undone(two: Two) -> None:
    queue = Queue(two.a, "w", lease=60)
    await queue.claim(9)
    late = await two.move("--wait", "0.5")
    assert late.code == 1
    assert "there still run 1 turns of 1 on a" in late.err
    assert (await two.desk.says("accounts", "move", "1", "--to", "b", "--abort")).code == 0
    assert await two.a.get(keys.moved("1")) is None
    await two.move("--wait", "0.5")
    await queue.retire("turn:1:25:1")
    assert (await two.move()).code == 0
    undone = await two.move("--abort")
    assert undone.code == 0, "there is nothing to move"
    assert "nothing is to be moved" in undone.out


async def test_it_does_not_begin_with_a_folder_that_is_not_in_force(two: Two) -> None:
    mapping = two.folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text() + "# another word\n")
    refused = await two.move()
    assert refused.code == 1
    assert "is not what is in force on shard a" in refused.err
    assert await two.b.get(keys.moved("1")) is None


async def test_a_shard_that_is_away_keeps_no_other_from_being_asked(two: Two) -> None:
    gone = f"unix://{two.folder}/nothing.sock"
    environ = {"CHATWOOTAI_CONFIG": str(two.folder), **SECRETS}
    desk = Desk({**environ, "CHATWOOTAI_REDIS_SHARDS": f"a={two.url_of_a},b={gone}"})
    found = await desk.says("accounts", "where", "1", "--json")
    assert (found.code, "shard b: Redis does not answer" in found.err) == (1, True), found.err
    assert list(json.loads(found.out)[0]["keys"]) == ["a"]
    away = {**environ, "CHATWOOTAI_REDIS_SHARDS": f"a={gone},b={gone}x"}
    assert (await Desk(away).says("accounts", "where", "--all")).code == 5


async def test_further_shards_are_looked_at_before_they_are_added(two: Two) -> None:
    mapping = two.folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text().replace("    shard: a\n", ""))
    for names in ("ab", "abcdefgh"):
        others = ",".join(f"{name}=redis://{name}" for name in names)
        (row,) = await where(two, "1", "--with", others)
        assert str(row["then"]) in names
    assert (await two.desk.says("accounts", "where", "--all", "--with", "a")).code == 2
    assert (await two.desk.says("accounts", "where")).code == 2
    unknown = await two.desk.says("accounts", "move", "1", "--to", "c")
    assert (unknown.code, "known: a, b" in unknown.err) == (2, True)


async def test_what_the_mapping_has_elsewhere_than_it_lies_is_moved_from_where_it_lies(two: Two) -> None:
    await two.place("b")
    assert "from a to b" in (await two.move("--dry-run")).out
    done = await two.move()
    assert (done.code, done.err) == (0, "")
    (after,) = await where(two, "1")
    assert (list(after["keys"]), after["marks"]) == (["b"], {"a": "left b"})  # type: ignore[call-overload]  # JSON
    assert [job.job for job in (await Queue(two.b, "w", lease=5).claim(9)).jobs] == ["turn:1:25:1"]


async def test_what_the_target_holds_by_itself_is_not_removed_unasked(two: Two) -> None:
    await two.place("b")
    dry, refused = await two.back("--dry-run"), await two.back()
    for said in (dry.out, refused.err):
        assert re.search(r"a holds [1-9]\d* keys of 1 by itself", said)
    assert refused.code == 1
    assert await two.a.get(keys.moved("1")) is None
    assert await two.b.get(keys.moved("1")) is None
    await Mailbox(two.b).admit(delivery(8), priority=5)  # both hold something by now
    assert (await two.move()).code == 1
    assert [job.job for job in (await Queue(two.a, "w", lease=5).claim(9)).jobs] == ["turn:1:25:1"]
    await Queue(two.a, "w", lease=5).retire("turn:1:25:1")
    done = await two.move("--replace")
    assert (done.code, done.err) == (0, "")
    assert [one async for one in two.a.scan_iter(match="*:1:*")] == []


async def test_it_does_not_turn_round_before_it_has_ended(two: Two) -> None:
    assert (await two.move()).code == 0
    await two.a.set("cw:turn:t1", '{"account": "1"}')  # as where it was cut off before `cleared`
    refused = await two.back()
    assert (refused.code, "accounts move 1 --to b` first" in refused.err) == (1, True)
    assert "cleared" in (await two.move()).out
    assert await two.b.exists("cw:turn:t1")
    assert (await two.back()).code == 0
    assert await two.a.exists("cw:turn:t1")


async def test_a_configuration_from_before_the_move_does_not_come_back(two: Two) -> None:
    before = gather(two.folder, {**os.environ, **SECRETS}).digest()
    assert (await two.move()).code == 0
    for connection in (two.a, two.b):
        current = await ConfigVersions(connection).current()
        assert current is not None
        assert before in current.overrules, "a process that starts with that folder would publish it"
    pinned = (two.folder / "chatwoot_mapping.yaml").read_text()
    (two.folder / "chatwoot_mapping.yaml").write_text(pinned.replace("shard: b", "shard: a"))
    for words in (("rollback", "1"), ("publish",), ("publish", "--canary", "10%")):
        refused = await two.desk.says("config", *words, "--yes")
        assert refused.code == 1
        assert "account 1 is placed on shard a, which it has left for b: pin it there (`shard: b`)" in refused.err
        assert "`chatwootai accounts move 1 --to a`" in refused.err
    for connection in (two.a, two.b):
        current = await ConfigVersions(connection).current()
        assert current is not None
        assert current.number == 2
    (two.folder / "chatwoot_mapping.yaml").write_text(pinned)
    assert (await two.back()).code == 0
    assert (await two.desk.says("config", "rollback", "1", "--yes")).code == 0


async def test_while_an_account_moves_other_things_may_be_published(two: Two) -> None:
    await Queue(two.a, "w", lease=60).claim(9)
    assert (await two.move("--wait", "0.1")).code == 1
    mapping = two.folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text() + "# another word\n")
    done = await two.desk.says("config", "publish", "--yes")
    assert (done.code, done.err) == (0, "")


async def erase(two: Two) -> Said:
    return await two.desk.says("erase", "--account", "1", "--contact", str(CONTACT), "--yes", "--json")


async def note_turn(connection: Connection) -> None:
    """Write the line of log that a turn of the contact's leaves on its shard."""
    line = {"event": "turn_ended", "conv": "1:25"}
    await connection.xadd(keys.EVENTS_INFO, {"e": json.dumps(line)})
    await connection.xadd(keys.EVENTS_INFO, {"e": json.dumps({**line, "conv": "1:26"})})


async def test_what_a_contact_left_on_the_shard_before_is_erased_too(two: Two) -> None:
    await note_turn(two.a)
    assert (await two.move()).code == 0
    told = json.loads((await two.desk.says("export", "--account", "1", "--contact", str(CONTACT))).out)
    assert (told["shard"], list(told["on_shards_left"])) == ("b", ["a"])
    assert told["on_shards_left"]["a"]["places"] == [{"place": "cw:events:info", "found": 1}]
    done = await erase(two)
    receipt = json.loads(done.out)
    places = {one["place"]: one["erased"] for one in receipt["places"]}
    assert (done.code, receipt["verified"], places["cw:events:info"]) == (0, True, 1)
    assert [b"1:26" in fields[b"e"] for _, fields in await two.a.xrange(keys.EVENTS_INFO)] == [True]
    (after,) = await where(two, "1")
    assert list(after["keys"]) == ["b"]  # type: ignore[call-overload]  # JSON
    assert (await two.back()).code == 0


async def test_nobody_is_erased_while_what_would_be_copied_lies_on_the_shard_before(two: Two) -> None:
    assert (await two.move()).code == 0
    await two.a.set("cw:turn:t1", '{"account": "1", "conversation": 25}')  # cut off between `opened` and `cleared`
    refused = await erase(two)
    assert refused.code == 1
    assert "run `chatwootai accounts move 1 --to b` to its end" in refused.err
    assert (await two.move()).code == 0
    assert (await erase(two)).code == 0
    assert not await two.b.exists("cw:turn:t1")


async def test_who_is_deleted_in_chatwoot_is_erased_on_the_shard_before_too(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleted_contacts, "_DOORS_SECONDS", 0.0)
    await note_turn(two.a)
    assert (await two.move()).code == 0

    async def nobody(_: web.Request) -> web.Response:
        return web.json_response({"error": "Resource could not be found"}, status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", nobody)
    async with TestServer(app) as chatwoot, aiohttp.ClientSession() as session:
        there = Installation("default", str(chatwoot.make_url("")))
        account = builders.account(installation=there, user_token=Secret("t"))
        follower = DeletedContacts(two.b, session, tuple, (Shard("a", two.url_of_a),))
        assert await follower.follow(account, pause=0) == (1, 0)
    assert [b"1:26" in fields[b"e"] for _, fields in await two.a.xrange(keys.EVENTS_INFO)] == [True]
