"""Prints the versions of the program, of Python and of the Redis that it would use."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

_ROOT = Path(__file__).resolve().parents[1]


def print_version(*, as_json: bool) -> int:
    """Print them in one line, or as one JSON object. Always 0: a Redis that does not answer is said, not a failure."""
    found = {
        "chatwootai": version("chatwootai"),
        "commit": _commit(),
        "python": platform.python_version(),
        "redis": _redis(),
    }
    if as_json:
        print(json.dumps(found))
        return 0
    commit = f" ({found['commit']})" if found["commit"] else ""
    redis = f"Redis {found['redis']}" if found["redis"] else "Redis does not answer"
    print(f"chatwootai {found['chatwootai']}{commit}, Python {found['python']}, {redis}")
    return 0


def _commit() -> str | None:
    """Return the commit of a checkout; None for an installed wheel."""
    if not (_ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(_ROOT), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=5)  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _redis() -> str | None:
    """Return the version of Redis; of each shard where there are several."""
    from chatwootai.stores.server.shards import BadShards, Shards
    from ops.access import ask_redis

    try:
        shards = Shards.from_environment(os.environ)
    except BadShards:
        return None
    found = {each.name: ask_redis(_ask_version, each.url) for each in shards}
    if list(found) == [""]:
        return found[""]
    return ", ".join(f"{name} {said or 'does not answer'}" for name, said in found.items())


async def _ask_version(connection: "Connection") -> str | None:
    from chatwootai.stores.server.server_check import server_version

    return await server_version(connection)
