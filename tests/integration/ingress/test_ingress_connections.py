"""A door that strangers hold open: idle connections, heads that never end, and who is heard all the same."""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from chatwootai.telemetry.descriptors import raise_limit
from ingress.connections import Connections
from tests.door import Visitor, hang_up, message, open_door, process

_WITHIN = 30.0
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def opened(address: tuple[str, int], count: int, said: bytes = b"") -> AsyncIterator[list[Stream]]:
    """So many connections, on each of which this was said."""
    raise_limit()
    streams = [await asyncio.open_connection(*address) for _ in range(count)]
    for _, writer in streams:
        writer.write(said)
    try:
        yield streams
    finally:
        for _, writer in streams:
            await hang_up(writer)


async def ended(stream: Stream) -> bool:
    """Whether the other side closed it."""
    try:
        return not await stream[0].read(1)
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"POST /webhooks/chatwoot/1 HTTP/1.1\r\nHost: a\r\nX: "])
async def test_who_has_sent_nothing_for_longest_makes_room(redis_url: str, tmp_path: Path, said: bytes) -> None:
    async with (
        open_door(redis_url, tmp_path, connections=Connections(20)) as door,
        opened(door.address, 60, said) as streams,
    ):
        assert (await door.post(message())).status == 200
        assert (await door.get("/readyz")).status == 200
        async with asyncio.timeout(_WITHIN):
            assert all(await asyncio.gather(*(ended(each) for each in streams[:30])))


@pytest.mark.parametrize("said", [b"", b"G", b"GET /readyz HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nContent-L"])
async def test_a_head_must_come_in_time(redis_url: str, tmp_path: Path, said: bytes) -> None:
    async with (
        open_door(redis_url, tmp_path, connections=Connections(20, head_seconds=0.3)) as door,
        opened(door.address, 3, said) as streams,
    ):
        async with asyncio.timeout(_WITHIN):
            for reader, _ in streams:
                await reader.read()  # until the end


async def test_who_is_served_stays(redis_url: str, tmp_path: Path) -> None:
    """Between two requests a connection may rest: it has said what it wanted."""
    connections = Connections(20, head_seconds=0.3)
    async with open_door(redis_url, tmp_path, connections=connections) as door:
        reader, writer = await asyncio.open_connection(*door.address)
        for _ in range(2):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b'"ok"}')).startswith(b"HTTP/1.1 200")
            connections.close_late(float("inf"))
        await hang_up(writer)


async def test_where_all_rest_one_of_them_makes_room(redis_url: str, tmp_path: Path) -> None:
    async with open_door(redis_url, tmp_path, connections=Connections(5)) as door, opened(door.address, 5) as streams:
        for reader, writer in streams:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b'"ok"}')
        assert (await door.get("/readyz")).status == 200
        async with asyncio.timeout(_WITHIN):
            assert await ended(streams[0])


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
async def test_a_soft_limit_of_1024_does_not_make_a_door_deaf(redis_url: str, tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3_000:
        pytest.skip(f"only {hard} files may be open here")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))  # what the child begins with
    try:
        door = process(tmp_path, redis_url)
        started = await asyncio.to_thread(door.__enter__)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        host, port = "127.0.0.1", int(started.url.rpartition(":")[2])
        async with opened((host, port), 1_300), ClientSession() as session:
            visitor = Visitor(session, started.url)
            async with asyncio.timeout(_WITHIN):
                assert (await visitor.get("/readyz")).status == 200
                assert (await visitor.post(message())).status == 200
    finally:
        door.__exit__(None, None, None)


def test_the_limit_is_raised_in_a_process_of_its_own() -> None:
    code = "import resource; from chatwootai.telemetry.descriptors import raise_limit; import json;"
    code += "resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]));"
    code += "print(json.dumps([raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE)]))"
    said, soft, hard = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert said == soft
    assert soft == min(hard if hard > 0 else 65_536, 65_536)
