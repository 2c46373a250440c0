"""Every verb against an installation of two Redis servers: each finds its accounts, and none is left out silently."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.canaries import Canaries, Result
from chatwootai.stores.installation.config_drafts import ConfigDrafts
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.event_stream import EventSender
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from config.files.packing import pack
from config.files.sources import gather
from ops.cli import find_verbs, verb_parser
from ops.shards.reach import REACH, Reach, reach_of
from tests.integration.ops.test_ops_jobs import Desk, Said, wish
from tests.integration.ops.test_tail import recent_with

ACCOUNTS = {"1": "a", "2": "b"}
"""Accounts by key, each pinned to a shard."""
SECRETS = {"SECRET_1": "s", "SECRET_2": "t", "BOT": "b"}


@dataclass(frozen=True)
class Installation:
    """Two Redis, `a` and `b`, with an account on each; `desk`: an operator who has both."""

    servers: dict[str, Embedded]
    connections: dict[str, Connection]
    desk: Desk
    folder: Path

    async def wait_on_both(self) -> None:
        """Let a conversation of each account wait on its shard."""
        for account, shard in ACCOUNTS.items():
            one = replace(wish(message=800 + int(account)), account=account)
            await Mailbox(self.connections[shard]).admit(one, priority=5)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Embedded]]:
    with Embedded.start() as one, Embedded.start() as other:
        yield {"a": one, "b": other}


@pytest.fixture
async def both(servers: dict[str, Embedded], tmp_path: Path) -> AsyncIterator[Installation]:
    entries = "".join(
        f'  "{key}": {{id: {key}, name: {name}, domain: retail, shard: {ACCOUNTS[key]}, '
        f'webhook_secrets: ["${{SECRET_{key}}}"], bot_token: "${{BOT}}"}}\n'
        for key, name in (("1", "Ana"), ("2", "Bia"))
    )
    text = f'version: 1\nchatwoot: {{default: {{url: "http://127.0.0.1:9"}}}}\naccounts:\n{entries}'
    (tmp_path / "chatwoot_mapping.yaml").write_text(text)
    shards = ",".join(f"{name}={server.url}" for name, server in servers.items())
    desk = Desk({"CHATWOOTAI_REDIS_SHARDS": shards, "CHATWOOTAI_CONFIG": str(tmp_path), **SECRETS})
    connections = {name: connect(server.url) for name, server in servers.items()}
    for connection in connections.values():
        await connection.flushall()
    yield Installation(servers, connections, desk, tmp_path)
    for connection in connections.values():
        await connection.aclose()


def leaves() -> Iterator[tuple[str, ...]]:
    """Yield the words of every action of every verb."""
    for name, module in find_verbs().items():
        verb: Any = __import__(module, fromlist=["SUMMARY"])
        yield from ((name,),) if hasattr(verb, "forward") else _below((name,), verb_parser(name, verb))


def _below(words: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    actions = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for each in actions:
        for name, below in each.choices.items():
            yield from _below((*words, name), below)
    if not actions:
        yield words


CALLS: dict[str, tuple[str, ...]] = {
    "audit list": (),
    "audit verify": (),
    "cache purge": ("--yes",),
    "cache stats": (),
    "catch-up": ("--dry-run",),
    "config diff": (),
    "config drafts": (),
    "config history": (),
    "config status": (),
    "jobs drop": ("--all", "--dry-run"),
    "jobs list": (),
    "jobs retry": ("--all", "--dry-run"),
    "jobs stats": (),
    "replay": ("--all", "--dry-run"),
    "tail": (),
}
"""Verbs that look at all shards, with what makes each look at more than one thing."""
OF_ONE_THING = {"jobs show", "jobs hand-over", "jobs give-back"}
"""Verbs that look at all shards for one thing, each with a test of its own here."""
OF_A_CANARY = {"config canary promote", "config canary stop"}
"""Verbs that act on the canary of each shard, where one answers, with tests of their own here."""


def test_every_verb_says_which_shards_it_speaks_to() -> None:
    words = list(leaves())
    assert {name for name, *_ in words} <= REACH.keys()
    spoken = {" ".join(each) for each in words}
    assert {key for key in REACH if " " in key} <= {" ".join(each[:2]) for each in words}
    each = {name for name in spoken if reach_of(*name.split(" ")[:2]) is Reach.EACH}
    assert each == CALLS.keys() | OF_ONE_THING | OF_A_CANARY


@pytest.mark.parametrize("verb", sorted(CALLS))
async def test_a_verb_without_an_account_speaks_of_all_shards(both: Installation, verb: str) -> None:
    await both.wait_on_both()
    for account, connection in zip(ACCOUNTS, both.connections.values(), strict=True):
        await ConfigDrafts(connection).write(account, b"packed", by="ana")
        await AuditLog(connection).append("ana", "publish", account="", of="1", count=1, details={})
        await EventSender(connection, "worker w", recent_with(1)).send()
        sources = gather(both.folder, {**SECRETS})
        await ConfigVersions(connection).publish(
            sources.digest(), pack(sources, SECRETS), by="ana", why="test", accounts=2
        )
    said = await both.desk.says(*verb.split(), *CALLS[verb])
    lines = [line for line in (said.out + said.err).splitlines() if line]
    named = {line.removeprefix("shard ").split(maxsplit=1)[0].rstrip(":") for line in lines}
    assert {"a", "b"} <= named <= {"a", "b", "SHARD"}, (said.out, said.err)
    alone = await both.desk.says(*verb.split(), *CALLS[verb], "--shard", "b")
    assert "SHARD" not in alone.out
    assert alone.err == "" or "shard a" not in alone.err


async def test_rows_of_all_shards_are_one_list_each_with_its_shard(both: Installation) -> None:
    await both.wait_on_both()
    listed = await both.desk.says("jobs", "list", "--json")
    assert [(one["shard"], one["jobs"][0]["conv"]) for one in listed.data] == [("a", "1:25"), ("b", "2:25")]
    lines = (await both.desk.says("jobs", "list", "-o", "jsonl")).out.splitlines()
    assert [(one["shard"], one["conv"]) for one in map(json.loads, lines)] == [("a", "1:25"), ("b", "2:25")]
    named = await both.desk.says("jobs", "list", "-o", "name")
    assert named.out == "turn:1:25:1\nturn:2:25:1\n"
    of_one = await both.desk.says("jobs", "list", "--account", "Bia", "--json")
    assert [one["conv"] for one in of_one.data["jobs"]] == ["2:25"]
    assert (await both.desk.says("jobs", "list", "--shard", "c")).code == 2


@pytest.mark.parametrize("word", ["2:25", "turn:2:25:1", "802"])
async def test_a_conversation_is_found_on_whichever_shard(both: Installation, word: str) -> None:
    await both.wait_on_both()
    shown = await both.desk.says("jobs", "show", word, "--json")
    found = shown.data[0] if isinstance(shown.data, list) else shown.data
    assert (shown.code, shown.err, found["conversation"]) == (0, "", "2:25")
    assert (await both.desk.says("jobs", "show", "nothing-of-that-name")).code == 3


@pytest.mark.parametrize("verb", ["hand-over", "give-back"])
async def test_who_has_a_conversation_is_said_on_its_accounts_shard(both: Installation, verb: str) -> None:
    said = await both.desk.says("jobs", verb, "2:25")
    assert said.code == 4, said.err  # its Chatwoot is nobody's
    assert "shard" not in said.err


async def test_a_shard_that_is_away_is_named_and_hides_no_other(both: Installation) -> None:
    await both.wait_on_both()
    shards = f"a=unix://{both.folder}/nobody.sock,b={both.servers['b'].url}"
    desk = Desk({"CHATWOOTAI_REDIS_SHARDS": shards, "CHATWOOTAI_CONFIG": str(both.folder), **SECRETS})
    listed = await desk.says("jobs", "list", "--json")
    assert (listed.code, [one["shard"] for one in listed.data]) == (1, ["b"])
    assert listed.err.startswith("shard a: Redis does not answer")
    assert "CHATWOOTAI_REDIS_SHARDS, shard a" in listed.err
    assert (await desk.says("jobs", "list", "--account", "1")).code == 5
    assert (await desk.says("jobs", "show", "802")).code == 0
    published = await desk.says("config", "publish", "--yes", "--shard", "b")
    assert (published.code, "shard b: version 1 is in force" in published.out) == (1, True), published.err
    assert "shard a" in published.err


async def test_the_first_shard_keeps_nothing_from_being_put_in_force(both: Installation) -> None:
    shards = f"a=unix://{both.folder}/nobody.sock,b={both.servers['b'].url}"
    desk = Desk({"CHATWOOTAI_REDIS_SHARDS": shards, "CHATWOOTAI_CONFIG": str(both.folder), **SECRETS})
    published = await desk.says("config", "publish", "--yes")
    assert (published.code, "version 1 is in force" in published.out) == (1, True), published.err
    assert "shard a: nothing was done" in published.err
    back = await desk.says("config", "rollback", "1", "--yes")
    assert (back.code, back.out) == (5, "")
    assert "--shard NAME" in back.err
    nobody = Desk({"CHATWOOTAI_REDIS_SHARDS": f"a=unix://{both.folder}/a,b=unix://{both.folder}/b", **SECRETS})
    assert (await nobody.says("config", "publish", "--config", str(both.folder), "--yes")).code == 5


async def test_a_configuration_is_put_in_force_on_every_shard(both: Installation) -> None:
    first = await both.desk.says("config", "publish", "--yes")
    assert first.code == 0, first.err
    assert [line[:7] for line in first.out.splitlines()] == ["shard a", "shard b"]
    mapping = both.folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text().replace("Bia", "Bea"))
    await both.desk.says("config", "publish", "--yes")
    back = await both.desk.says("config", "rollback", "1", "--yes")
    assert back.code == 0, back.err
    currents = [await ConfigVersions(each).current() for each in both.connections.values()]
    assert len({one.digest for one in currents if one}) == 1
    assert [one.number for one in currents if one] == [3, 3]


async def begin_canary(both: Installation, *words: str) -> Said:
    """Put the folder in force where nothing is, and begin a canary of a changed one."""
    if await ConfigVersions(both.connections["a"]).current() is None:
        assert (await both.desk.says("config", "publish", "--yes")).code == 0
    trial = both.folder / "next"
    trial.mkdir(exist_ok=True)
    mapping = (both.folder / "chatwoot_mapping.yaml").read_text()
    (trial / "chatwoot_mapping.yaml").write_text(mapping.replace("Bia", "Bea"))
    return await both.desk.says("config", "publish", "--yes", "--config", str(trial), "--canary", "10%", *words)


async def canaries(both: Installation) -> list[str]:
    """How the canary of each shard stands."""
    found = [await Canaries(each).newest() for each in both.connections.values()]
    return ["none" if one is None else one.over.result if one.over else "running" for one in found]


async def test_a_canary_is_begun_stopped_and_promoted_on_every_shard_once(both: Installation) -> None:
    begun = await begin_canary(both)
    assert (begun.code, begun.err, await canaries(both)) == (0, "", ["running", "running"])
    assert [line.split()[0] for line in begun.out.splitlines() if "has begun" in line] == ["a", "b"]
    alone = await both.desk.says("config", "canary", "stop", "--shard", "b")
    assert (alone.code, alone.err, await canaries(both)) == (0, "", ["running", "stopped"])
    again = await begin_canary(both)
    assert (again.code, await canaries(both)) == (1, ["running", "running"])  # one could not be begun, and is named
    assert again.err.startswith("shard a: a canary runs already"), again.err
    stopped = await both.desk.says("config", "canary", "stop")
    assert (stopped.code, stopped.err, await canaries(both)) == (0, "", ["stopped", "stopped"])
    assert (await both.desk.says("config", "canary", "stop")).code == 3

    assert (await begin_canary(both)).code == 0
    promoted = await both.desk.says("config", "canary", "promote", "--yes")
    assert (promoted.code, promoted.err, await canaries(both)) == (0, "", ["promoted", "promoted"])
    currents = [await ConfigVersions(each).current() for each in both.connections.values()]
    assert len({one.digest for one in currents if one}) == 1


async def test_a_canary_of_an_account_is_on_its_shard_alone(both: Installation) -> None:
    begun = await begin_canary(both, "--account", "2")
    assert (begun.code, begun.err, await canaries(both)) == (0, "", ["none", "running"])
    promoted = await both.desk.says("config", "canary", "promote", "--yes")
    assert (promoted.code, promoted.err, await canaries(both)) == (0, "", ["none", "promoted"])


async def test_a_canary_that_went_back_on_one_shard_is_not_promoted_from_another(both: Installation) -> None:
    await begin_canary(both)
    other = Canaries(both.connections["b"])
    running = await other.running()
    assert running is not None
    await other.end(running.terms.version, Result.BACK, by="worker b", why="handoffs>30%")
    refused = await both.desk.says("config", "canary", "promote", "--yes")
    assert (refused.code, await canaries(both)) == (1, ["running", "back"])
    assert "of shard b ended as back: handoffs>30%" in refused.err
    shards = f"a={both.servers['a'].url},b=unix://{both.folder}/nobody.sock"
    desk = Desk({"CHATWOOTAI_REDIS_SHARDS": shards, "CHATWOOTAI_CONFIG": str(both.folder), **SECRETS})
    unknown = await desk.says("config", "canary", "promote", "--yes", "--shard", "a")
    assert (unknown.code, await canaries(both)) == (1, ["running", "back"])
    assert "how it stands there is not known" in unknown.err


async def test_who_follows_sees_the_lines_of_all_shards(both: Installation) -> None:
    following = await both.desk.start("tail", "--follow", "-o", "jsonl")
    assert following.stdout is not None
    seen: set[str] = set()
    async with asyncio.timeout(60):
        while seen != {"a", "b"}:
            for connection in both.connections.values():
                await EventSender(connection, "worker w", recent_with(1)).send()
            seen.add(json.loads(await following.stdout.readline())["shard"])
    following.terminate()
    await following.communicate()


async def test_the_doctor_looks_at_every_shard_and_at_turns_that_lie_elsewhere(both: Installation) -> None:
    await Mailbox(both.connections["a"]).admit(replace(wish(), account="2"), priority=5)
    said = (await both.desk.says("doctor", "--json")).data
    topics = {line["topic"] for line in said}
    assert {"Redis of shard a", "Redis of shard b", "workers of shard b"} <= topics
    (elsewhere,) = [line for line in said if "lives on shard b" in line["said"]]
    assert (elsewhere["account"], elsewhere["topic"]) == ("2", "Redis of shard a")


async def test_tokens_of_the_console_are_on_the_first_shard(both: Installation) -> None:
    made = await both.desk.says("console", "token", "add", "--role", "operator", "--json")
    listed = await both.desk.says("console", "token", "list", "-o", "name")
    assert listed.out.split() == [made.data["id"]]
    assert await both.connections["b"].dbsize() == 0


async def test_a_question_says_of_which_shard_it_is(both: Installation) -> None:
    await both.wait_on_both()
    said = await both.desk.says("jobs", "drop", "--state", "waiting", "--all", typed="n\ny\n")
    assert said.code == 1, said.err
    assert [f"shard {name}: throw 1 conversation away? [y/N]" in said.err for name in ("a", "b")] == [True, True]
    left = await both.desk.says("jobs", "list", "-o", "name")
    assert left.out == "turn:1:25:1\n"


async def test_an_account_is_paused_on_its_own_shard(both: Installation) -> None:
    said = await both.desk.says("accounts", "pause", "Bia", "--until", "2h")
    assert said.code == 0, said.err
    kept = [await each.keys("*pause*") for each in both.connections.values()]
    assert [bool(found) for found in kept] == [False, True]
    assert (await both.desk.says("accounts", "resume", "2")).code == 0
