"""The console over an installation of two Redis: pages of an account are its shard's, lists are of each."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.shards import Shard, Shards
from ops.console.environment import Environment
from ops.console.server import application, make_console, on_another_shard
from tests.integration.ops.console.conftest import Desk
from tests.integration.ops.test_ops_jobs import wish

BASE = "/console"
MAPPING = """
version: 1
chatwoot: {default: {url: "http://127.0.0.1:9"}}
accounts:
  "1": {id: 1, name: Ana, domain: retail, shard: a, webhook_secrets: ["${S1}"], bot_token: "${B}"}
  "2": {id: 2, name: Bia, domain: retail, shard: b, webhook_secrets: ["${S2}"], bot_token: "${B}"}
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Embedded]]:
    with Embedded.start() as one, Embedded.start() as other:
        yield {"a": one, "b": other}


@pytest.fixture
async def desk(servers: dict[str, Embedded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A console of shards `a`, `b` and `away`, at which nobody answers; an account on each of the first two."""
    for name in ("S1", "S2", "B"):
        monkeypatch.setenv(name, name)
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    urls = {**{name: each.url for name, each in servers.items()}, "away": f"unix://{tmp_path}/nobody.sock"}
    shards = Shards(tuple(Shard(name, url) for name, url in urls.items()))
    connections = {each.name: connect(each.url, timeout=2.0, retries=0) for each in shards}
    for account, shard in (("1", "a"), ("2", "b")):
        await connections[shard].flushall()
        one = replace(wish(message=800 + int(account)), account=account)
        await Mailbox(connections[shard]).admit(one, priority=5)
    environment = Environment(
        config=tmp_path, redis_url=shards.first.url, shards=shards, host="127.0.0.1", port=0, base_path=BASE
    )
    console = make_console(environment, connections["a"])
    others = [on_another_shard(console, each, connections[each.name]) for each in [*shards][1:]]
    runner = web.AppRunner(application(console, *others), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", connections["a"], session)
        for kind, only in (("operator", None), ("lead of 2", "2")):
            made.tokens[kind], _ = await ConsoleTokens(connections["a"]).add(
                role=kind.split()[0], account=only, words=True, name=kind, seconds=3600
            )
        yield made
    await runner.cleanup()
    for connection in connections.values():
        await connection.aclose()


async def test_now_has_a_block_of_each_shard_and_says_which_is_away(desk: Desk) -> None:
    status, text, _ = await desk.ask("/", "operator")
    assert status == 200
    assert [f'id="shard-{name}"' in text for name in ("a", "b", "away")] == [True] * 3
    assert text.count("Redis of shard away does not answer") == 1
    assert "Redis of shard b does not answer" not in text
    told = json.loads((await desk.ask("/api/now", "operator"))[1])["shards"]
    assert [(one["shard"], one["waiting"]) for one in told] == [("a", 1), ("b", 1), ("away", None)]
    assert json.loads((await desk.ask("/api/now?shard=b", "operator"))[1])["waiting"] == 1


async def test_a_page_of_an_account_is_of_its_shard(desk: Desk) -> None:
    for account in ("1", "2"):
        status, text, _ = await desk.ask(f"/api/conversations/{account}/25", "operator")
        assert (status, json.loads(text)["waiting"]) == (200, [800 + int(account)])
    now = json.loads((await desk.ask("/api/now", "lead of 2"))[1])
    assert now["waiting"] == 1
    assert (await desk.ask("/api/conversations/1/25", "lead of 2"))[0] == 404


async def test_a_message_is_found_on_whichever_shard(desk: Desk) -> None:
    for word, account in (("801", "1"), ("802", "2")):
        status, _, answer = await desk.ask(f"/find?what={word}", "operator")
        assert (status, answer.headers["Location"]) == (303, f"{BASE}/conversations/{account}/25")
    assert (await desk.ask("/find?what=803", "operator"))[0] == 404


async def test_a_shard_is_chosen_for_lists_and_remembered(desk: Desk) -> None:
    _, text, answer = await desk.ask("/failures?shard=b", "operator")
    assert answer.cookies["chatwootai_shard"].value == "b"
    assert f'href="{BASE}/failures?shard=b" aria-current="true"' in text
    _, text, _ = await desk.ask("/failures", "operator", headers={"Cookie": "chatwootai_shard=b"})
    assert f'href="{BASE}/failures?shard=b" aria-current="true"' in text
    for path in ("/knowledge/search", "/console/knowledge/search"):  # a page that answers a form
        _, text, _ = await desk.ask(path, "operator", "POST", {"Sec-Fetch-Site": "same-origin"}, data={"question": ""})
        assert f'href="{BASE}/knowledge?shard=b"' in text
    assert (await desk.ask("/failures?shard=away", "operator"))[0] == 503
    assert (await desk.ask("/failures?shard=none", "operator"))[0] == 404
    assert 'class="shards"' not in (await desk.ask("/failures", "lead of 2"))[1]


async def test_tokens_are_those_of_the_first_shard_on_every_page(desk: Desk) -> None:
    told = json.loads((await desk.ask("/api/access?shard=b", "operator"))[1])
    assert {one["name"] for one in told["tokens"]} == {"operator", "lead of 2"}
