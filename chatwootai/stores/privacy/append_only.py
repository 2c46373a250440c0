"""Redis's own files: rewritten, so that what was erased is in them no more."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from redis.exceptions import RedisError

from chatwootai.stores.server.connection import Connection, store_errors

_SECONDS: Final = 300.0
_LOOK: Final = 0.05


async def rewrite_files(connection: Connection, *, seconds: float = _SECONDS) -> list[str]:
    """Rewrite the append-only file and the snapshot of a Redis; return what is left to an operator, a sentence each.

    Raises:
        StoreUnavailable: Redis is away.
    """
    client: Any = connection
    with store_errors(client):
        found: Mapping[str, Any] = await client.info("persistence")
        replicas: Mapping[str, Any] = await client.info("replication")
    left = list[str]()
    if found.get("aof_enabled"):
        left += await _run(client, "BGREWRITEAOF", ("aof_rewrite_in_progress", "aof_rewrite_scheduled"), seconds)
    if found.get("rdb_last_save_time") and (found.get("rdb_saves") or not found.get("aof_enabled")):
        left += await _run(client, "BGSAVE", ("rdb_bgsave_in_progress",), seconds)
    if replicas.get("connected_slaves"):
        left.append(f"{replicas['connected_slaves']} replicas of Redis: run BGREWRITEAOF (or BGSAVE) on each")
    return left


async def _run(client: Any, command: str, busy: tuple[str, ...], seconds: float) -> list[str]:
    """Run a command that works in the background, and wait for its end."""
    until = time.monotonic() + seconds
    try:
        await _idle(client, until)
        await client.execute_command(command)
    except (RedisError, TimeoutError) as error:
        return [f"Redis does not allow {command} here ({error}): run it there, so that its files are without the past"]
    try:
        await _idle(client, until)
    except TimeoutError:
        return [f"Redis is still at {command}: look at `redis-cli INFO persistence` ({', '.join(busy)})"]
    with_status: Mapping[str, Any] = await client.info("persistence")
    status = "aof_last_bgrewrite_status" if command == "BGREWRITEAOF" else "rdb_last_bgsave_status"
    said = with_status.get(status, "ok")
    return [] if said == "ok" else [f"{command} ended with {said}: run it again, once Redis has room on its disk"]


async def _idle(client: Any, until: float) -> None:
    while time.monotonic() < until:
        now: Mapping[str, Any] = await client.info("persistence")
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
        if not any(int(now.get(name) or 0) for name in busy):
            return
        await asyncio.sleep(_LOOK)
    raise TimeoutError
