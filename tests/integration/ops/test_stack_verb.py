"""`chatwootai cache`, as an operator calls it."""

import json
import os
import subprocess
from pathlib import Path

from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded
from crews.answer.semantic import VERSION
from tests.commands import program

ROOT = Path(__file__).resolve().parents[3]


def cache(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*program(), "cache", *words]
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": url}
    return subprocess.run(command, check=False, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)


async def test_it_says_what_is_kept_and_empties_it(redis: Connection, redis_server: Embedded) -> None:
    store = CompletionStore(redis)
    for account in ("one", "other"):
        await store.keep(account, "d", "token", b"x", keep_ms=60_000)
    await store.recall("one", "d", "token", lease_ms=1, fresh_ms=60_000)
    stats = json.loads(cache(redis_server.url, "stats", "--json").stdout)
    assert (stats["entries"], stats["hits"], stats["kept"]) == (2, 1, 2)
    assert json.loads(cache(redis_server.url, "--json").stdout) == stats
    assert json.loads(cache(redis_server.url, "purge", "--account", "one", "--json").stdout) == {"purged": 1}
    assert "entries     1" in cache(redis_server.url, "stats").stdout
    assert json.loads(cache(redis_server.url, "--json", "purge").stdout) == {"purged": 1}


async def test_a_tenant_is_an_account_and_a_slip_empties_nothing(
    redis: Connection, redis_server: Embedded, tmp_path: Path
) -> None:
    (tmp_path / "chatwoot_mapping.yaml").write_text(
        'version: 1\nchatwoot: {default: {url: "http://127.0.0.1:1"}}\naccounts:\n'
        '  "1": {domain: retail, tenant: loja, webhook_secrets: ["${A}"], bot_token: "${A}"}\n'
        '  "2": {domain: cosmetics, tenant: loja, webhook_secrets: ["${B}"], bot_token: "${B}"}\n'
        '  "3": {domain: retail, tenant: "1", webhook_secrets: ["${C}"], bot_token: "${C}"}\n'
        '  gone.by: {id: 4, domain: retail, tenant: casa, webhook_secrets: ["${D}"], bot_token: "${D}"}\n'
    )
    store, url = CompletionStore(redis), redis_server.url

    async def purge(*words: str) -> tuple[int, str, dict[str, int]]:
        for account in ("1", "2", "3", "gone.by", "left"):  # the last has left the mapping
            await store.keep(account, "d", "token", b"x", keep_ms=60_000)
        done = cache(url, "purge", "--config", str(tmp_path), *words, "--json")
        left = {name.decode().split(":")[2]: 1 async for name in redis.scan_iter("cw:done:*:d")}
        await store.purge()
        return done.returncode, done.stdout + done.stderr, dict.fromkeys(sorted(left), 1)

    everyone = {"1": 1, "2": 1, "3": 1, "gone.by": 1, "left": 1}
    for words, missing in {
        ("--tenant", "cosmetics/loja"): "2",
        ("--tenant", "casa"): "gone.by",
        ("--tenant", "3"): "3",
        ("--account", "1"): "1",
        ("-a", "4"): "gone.by",
        ("--account", "left"): "left",
    }.items():
        assert await purge(*words) == (0, '{\n  "purged": 1\n}\n', {k: 1 for k in everyone if k != missing}), words
    for words, said in {
        ("--tenant", "loja"): "several accounts are served by loja: name one of 1, 2",
        ("--tenant", "casas"): "Did you mean `casa`?",
        ("--account", "gone-by"): "Did you mean `gone.by`?",
        ("--account", ""): "there is no account .",
    }.items():
        code, told, left = await purge(*words)
        assert (code, left) == (1 if "several" in said else 3, everyone), words
        assert said in told


def test_without_redis_it_says_so_and_fails() -> None:
    done = cache("unix:///nowhere/redis.sock", "stats")
    assert done.returncode == 5
    assert "REDIS_URL" in done.stderr


async def test_would_be_hits_are_shown_and_reviewed(redis: Connection, redis_server: Embedded) -> None:
    store, url = SemanticAnswers(redis), redis_server.url
    group = f"{VERSION}:pt"
    row = {"group": group, "verdict": "undecided", "asked": 25, "answered": 12, "likeness": 0.9, "answers": 0.7}
    for _ in range(120):
        await store.tell("1", group, "same", saved_ms=1500, saved_tokens=1000, row=None)
    await store.tell("1", group, "undecided", saved_ms=1500, saved_tokens=1000, row=row)
    shown = json.loads(cache(url, "stats", "--json").stdout)["semantic"]["accounts"]
    assert [(one["account"], one["language"], one["would_be_hits"], one["same"]) for one in shown] == [
        ("1", "pt", 121, 120)
    ]
    assert shown[0]["look_at"] == [row]
    assert (shown[0]["saved_seconds"], shown[0]["saved_tokens"]) == (181.5, 121_000)
    assert shown[0]["wrong_at_most"] > 0.05
    table = cache(url, "stats").stdout
    assert "undecided" in table
    assert "25" in table
    assert cache(url, "review", "--account", "1", "25", "13", "same").returncode == 1
    assert json.loads(cache(url, "review", "--account", "1", "25", "12", "same", "--json").stdout) == {"reviewed": 1}
    (told,) = json.loads(cache(url, "--json").stdout)["semantic"]["accounts"]
    assert (told["same"], told["undecided"], told["look_at"]) == (121, 0, [])
    assert told["wrong_at_most"] < 0.05
    assert told["clean_needed"]["1.0%"] == 595 - 121
