"""What no waiting mends is told at the start: one sentence, exit code 2, and no traceback."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.examination import RULE, CannotUse, examine
from sandbox.installation.processes import Process

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:9"}}
accounts:
  "1": {name: A, domain: retail, webhook_secrets: ["${SECRET_1}"], bot_token: "${BOT_1}"}
"""


@pytest.fixture
async def user(redis: Connection, redis_server: Embedded) -> AsyncIterator[str]:
    """The address of this Redis for a user `desk`, whose rights a test sets."""
    path = redis_server.url.removeprefix("unix://").partition("?")[0]
    yield f"unix://desk:canary@{path}?db=0"
    await redis.execute_command("ACL", "DELUSER", "desk")


async def rights(redis: Connection, *rules: str) -> None:
    await redis.execute_command("ACL", "SETUSER", "desk", "reset", "on", ">canary", *rules)


async def test_the_rule_that_we_name_is_enough(redis: Connection, user: str) -> None:
    await rights(redis, *RULE.split())
    client = connect(user)
    await examine(client)
    await client.aclose()


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ("~cw:* ~arq:* &cw:* +@all -@dangerous -@scripting", "eval"),
        ("~cw:* &cw:* +@all -@dangerous", "zadd arq:probe"),
        ("~arq:* &cw:* +@all -@dangerous", "a key|the keys"),
        ("~cw:* ~arq:* +@all -@dangerous", "subscribe cw:probe"),
        ("~cw:* ~arq:* &cw:* +@all -@dangerous -blpop", "blpop cw:probe"),
        ("~cw:* ~arq:* &cw:* +@all -@dangerous -publish", "publish cw:probe"),
        ("~cw:* ~arq:* &cw:* +@read", "eval"),
    ],
)
async def test_a_right_that_is_missing_is_named_with_the_rule(
    redis: Connection, user: str, rules: str, named: str
) -> None:
    await rights(redis, *rules.split())
    client = connect(user)
    with pytest.raises(CannotUse) as told:
        await examine(client)
    await client.aclose()
    said = str(told.value)
    assert RULE in said
    assert "canary" not in said
    assert re.search(rf"{named}|and \d+ more\)", said), said


@pytest.mark.parametrize("process", ["ingress", "workers"])
async def test_a_process_ends_with_one_sentence(redis: Connection, user: str, tmp_path: Path, process: str) -> None:
    await rights(redis, *"~cw:* ~arq:* &cw:* +@all -@dangerous -@scripting".split())
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    environ = {
        "REDIS_URL": user, "CHATWOOTAI_CONFIG": str(tmp_path), "INGRESS_PORT": "0", "WORKER_METRICS_PORT": "0",
        "INGRESS_HOST": "127.0.0.1", "JOURNAL_DIR": str(tmp_path / "journal"), "SECRET_1": "24charsEXAMPLEforTESTSxx",
        "BOT_1": "one", "OPENAI_API_KEY": "sk-none",
    }  # fmt: skip
    started = Process(process, process, environ=environ, folder=tmp_path)
    started.start()
    assert await started.gone() == 2
    said = started.tail()
    assert RULE in said
    assert "Traceback" not in said
    assert "canary" not in said


async def test_one_that_is_away_is_waited_for() -> None:
    client = connect("redis://127.0.0.1:9/0", retries=0)
    await examine(client)
    await client.aclose()
