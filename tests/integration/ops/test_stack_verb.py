"""`chatwootai cache`, as an operator calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded

ROOT = Path(__file__).resolve().parents[3]


def cache(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops.cli", "cache", *words]
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
