"""`jobs stats` says of each door and worker when it was heard of last, and of one that was killed that it is gone."""

import json
import os
import subprocess
import time

from chatwootai.stores.installation.processes import Process, Processes
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded
from tests.commands import program


def process(name: str, silent: float, refused: int = 0) -> Process:
    now = time.time()
    return Process(
        name=name, kind=name.partition(" ")[0], host="h", pid=1, release="0", started=now - 60, seen=now - silent,
        version=3, digest="d", effective="e", refused=refused,
    )  # fmt: skip


def stats(server: Embedded, *words: str) -> str:
    command = [*program(), "jobs", "stats", *words]
    environ = {**os.environ, "REDIS_URL": server.url}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60).stdout


async def test_who_lives_who_is_gone_and_who_refuses(redis: Connection, redis_server: Embedded) -> None:
    assert "none listens" in stats(redis_server)
    known = Processes(redis)
    for one in (process("worker a", 0), process("worker b", 3600), process("ingress c", 0, refused=2)):
        await known.report(one)
    lines = stats(redis_server).splitlines()
    (alive,) = [line for line in lines if line.startswith("a ")]
    (gone,) = [line for line in lines if line.startswith("b ")]
    (door,) = [line for line in lines if line.startswith("c ")]
    assert "gone" not in alive
    assert "gone, 1 h 0 min ago" in gone
    assert "version 3, refuses its folder" in door
    found = {one["name"]: one for one in json.loads(stats(redis_server, "--json"))["processes"]}
    assert [found[name]["gone"] for name in "abc"] == [False, True, False]
