"""`chatwootai cache`, as an operator calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from chatwootai.stores.completions import CompletionStore
from chatwootai.stores.connection import Connection
from chatwootai.stores.embedded import Embedded

ROOT = Path(__file__).resolve().parents[2]


def cache(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops.cli", "cache", *words]
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": url}
    return subprocess.run(command, check=False, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)


async def test_it_says_what_is_kept_and_empties_it(redis: Connection, redis_server: Embedded) -> None:
    store = CompletionStore(redis)
    for tenant in ("one", "other"):
        await store.keep(tenant, "d", "token", b"x", keep_ms=60_000)
    await store.recall("one", "d", "token", lease_ms=1, fresh_ms=60_000)
    stats = json.loads(cache(redis_server.url, "stats", "--json").stdout)
    assert (stats["entries"], stats["hits"], stats["kept"]) == (2, 1, 2)
    assert json.loads(cache(redis_server.url, "--json").stdout) == stats
    assert json.loads(cache(redis_server.url, "purge", "--tenant", "one", "--json").stdout) == {"purged": 1}
    assert "entries     1" in cache(redis_server.url, "stats").stdout
    assert json.loads(cache(redis_server.url, "--json", "purge").stdout) == {"purged": 1}


def test_without_redis_it_says_so_and_fails() -> None:
    done = cache("unix:///nowhere/redis.sock", "stats")
    assert done.returncode == 1
    assert "REDIS_URL" in done.stderr
