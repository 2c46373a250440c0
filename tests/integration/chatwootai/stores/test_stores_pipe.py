"""The scripts' own connection, over real sockets to a real Redis: cut, held back, killed, frozen, and made anew."""

import asyncio
import contextlib
import os
import signal
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.scripts import Runner

PATIENCE = 1.0


class Between:
    """Stands between a client and a Redis, and passes on as many bytes of the answers as it is allowed to."""

    def __init__(self, path: str, secure: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._path, self._secure = path, secure
        self._allowed: int | None = None
        self._cut = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Between":
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0, ssl=self._secure)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def pass_on(self, allowed: int | None, *, cut: bool = False) -> None:
        """Pass on so many more bytes of answers (None: all); then hold the rest back, or cut the connection."""
        self._allowed, self._cut = allowed, cut

    def say(self, answer: bytes) -> None:
        """Say something that nobody asked for, on all connections."""
        for writer in self._writers[::2]:
            if not writer.is_closing():
                writer.write(answer)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_unix_connection(self._path)
        self._writers += [writer, back]
        for task in (self._asked(reader, back), self._answered(there, writer)):
            self._tasks.add(asyncio.create_task(task))

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data[: self._allowed])
                if self._allowed is not None:
                    self._allowed = max(0, self._allowed - len(data))
                    if self._cut and not self._allowed:
                        self._allowed = None  # the next connection's are passed on
                        break
        writer.close()


@pytest.fixture
async def between(redis_server: Embedded, redis: Connection) -> AsyncIterator[Between]:
    async with Between(redis_server.url.removeprefix("unix://").partition("?")[0]) as between:
        yield between


@pytest.fixture
async def client(between: Between) -> AsyncIterator[Connection]:
    client = connect(f"redis://127.0.0.1:{between.port}/0", timeout=PATIENCE, retries=0)
    yield client
    await client.aclose()


@pytest.fixture
def server() -> Iterator[Embedded]:
    with Embedded.start() as started:
        yield started


async def renewed(client: Connection, worker: str = "w1") -> object:
    return await Runner.of(client).run("renew", worker, 1000)


async def fates(client: Connection, how_many: int = 50) -> list[object]:
    """What becomes of many calls at once; none may hang."""
    async with asyncio.timeout(60):
        return await asyncio.gather(*(renewed(client) for _ in range(how_many)), return_exceptions=True)


async def until_it_answers(client: Connection) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(StoreUnavailable):
                assert await renewed(client) == []
                return
            await asyncio.sleep(0.02)


async def until_it_ended(client: Connection) -> None:
    async with asyncio.timeout(60):
        while Runner.of(client)._pipe.connected:  # noqa: ASYNC110 - a connection's end is no event of ours
            await asyncio.sleep(0.01)


async def test_all_calls_share_one_connection(client: Connection, between: Between) -> None:
    assert await fates(client, 300) == [[]] * 300
    assert between.connections == 1


@pytest.mark.parametrize("cut", [False, True])
async def test_half_an_answer_is_no_answer(client: Connection, between: Between, cut: bool) -> None:
    assert await renewed(client) == []
    between.pass_on(4 * 10 + 2, cut=cut)  # "*0\r\n" is an answer: ten of them, and half of the next
    results = await fates(client)
    assert results[:10] == [[]] * 10
    assert all(isinstance(result, StoreUnavailable) for result in results[10:])
    between.pass_on(None)
    assert await renewed(client) == []
    assert between.connections == 2


async def test_what_nobody_asked_for_ends_the_connection_and_answers_nobody(
    client: Connection, between: Between
) -> None:
    assert await renewed(client) == []
    for unasked in (b"$5\r\nhello\r\n", b"no protocol at all\r\n"):
        between.say(unasked)
        await until_it_ended(client)
        assert await fates(client) == [[]] * 50


async def test_a_connection_that_ends_while_idle_costs_no_call(
    client: Connection, between: Between, redis: Connection
) -> None:
    for _ in range(3):
        assert await renewed(client) == []
        before = between.connections
        await redis.client_kill_filter(_type="normal", skipme=True)
        await until_it_ended(client)
        assert await renewed(client) == []
        assert between.connections == before + 1


async def test_with_tries_left_a_broken_connection_is_nobodys_trouble(between: Between) -> None:
    client = connect(f"redis://127.0.0.1:{between.port}/0", timeout=PATIENCE, retries=2)
    assert await renewed(client) == []
    between.pass_on(4 * 3, cut=True)
    assert await fates(client) == [[]] * 50
    assert between.connections == 2
    await client.aclose()


async def test_redis_killed_in_the_middle_and_back(server: Embedded) -> None:
    client = connect(server.url, timeout=PATIENCE, retries=0)
    assert await renewed(client) == []
    under_way = asyncio.ensure_future(fates(client, 2000))
    await asyncio.sleep(0)
    server.kill()
    results = await under_way
    assert all(result == [] or isinstance(result, StoreUnavailable) for result in results)
    with pytest.raises(StoreUnavailable):
        await renewed(client)
    server.resume()
    await until_it_answers(client)
    await client.aclose()


async def test_a_frozen_redis_counts_as_away_and_its_late_answers_go_to_nobody(server: Embedded) -> None:
    client = connect(server.url, timeout=0.3, retries=0)
    runner, plain = Runner.of(client), connect(server.url)
    await plain.hset("cw:owners", "j1", "w2")  # type: ignore[misc]
    assert await runner.run("renew", "w1", 1000, "j1") == [b"j1"]
    os.kill(server.pid, signal.SIGSTOP)
    try:
        lost = await asyncio.gather(*(runner.run("renew", "w1", 1000, "j1") for _ in range(9)), return_exceptions=True)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert {type(one) for one in lost} == {StoreUnavailable}
    await until_it_answers(client)
    assert await fates(client) == [[]] * 50
    await plain.aclose()
    await client.aclose()


async def test_who_did_not_listen_for_long_still_gets_the_answer(server: Embedded) -> None:
    client = connect(server.url, timeout=0.3, retries=0)
    assert await renewed(client) == []
    asked = asyncio.ensure_future(renewed(client))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it is on its way
    time.sleep(0.6)  # noqa: ASYNC251 - the loop does nothing, as when a process is stopped and goes on
    assert await asked == []
    await client.aclose()


async def test_scripts_that_redis_forgot_are_sent_again(client: Connection, redis: Connection) -> None:
    for _ in range(2):
        await redis.script_flush()
        assert await fates(client) == [[]] * 50


async def test_a_server_that_became_a_replica_is_left_for_who_is_master_now(server: Embedded) -> None:
    client, plain = connect(server.url, retries=0), connect(server.url)
    assert await renewed(client) == []
    await plain.replicaof("127.0.0.1", "1")  # type: ignore[no-untyped-call]
    with pytest.raises(StoreUnavailable, match="READONLY"):
        await Runner.of(client).run("keep", "t", "d", "", "answer", 1000, 100000)
    assert not Runner.of(client)._pipe.connected
    await plain.replicaof("NO", "ONE")  # type: ignore[no-untyped-call]
    await until_it_answers(client)
    await plain.aclose()
    await client.aclose()


async def test_password_and_database_are_those_of_the_address(server: Embedded) -> None:
    path = server.url.removeprefix("unix://").partition("?")[0]
    right, other, wrong = (
        connect(f"unix://:{password}@{path}?db={database}", retries=0)
        for password, database in (("right", 3), ("right", 0), ("wrong", 0))
    )
    async with connect(server.url) as plain:
        await plain.config_set("requirepass", "right")
    await Runner.of(right).run("keep", "t", "d", "", "answer", 1000, 100000)
    assert [name async for name in right.scan_iter()]
    assert not [name async for name in other.scan_iter()]
    with pytest.raises(StoreUnavailable) as refused:
        await renewed(wrong)
    assert "invalid username-password" in str(refused.value.__cause__)
    for client in (right, other, wrong):
        await client.aclose()


async def test_over_tls(redis_server: Embedded, redis: Connection, tmp_path: Path) -> None:
    path = redis_server.url.removeprefix("unix://").partition("?")[0]
    async with Between(path, _secure(tmp_path)) as between:
        address = f"rediss://127.0.0.1:{between.port}/0?ssl_ca_certs={tmp_path}/cert.pem&ssl_check_hostname=false"
        client = connect(address, timeout=10, retries=0)
        assert await fates(client, 300) == [[]] * 300
        await client.aclose()


async def test_who_closes_the_client_closes_it_and_may_go_on(client: Connection, between: Between) -> None:
    assert await renewed(client) == []
    left = asyncio.ensure_future(renewed(client))
    await asyncio.sleep(0)
    await client.aclose()
    assert isinstance((await asyncio.gather(left, return_exceptions=True))[0], list | StoreUnavailable)
    assert not Runner.of(client)._pipe.connected
    assert await renewed(client) == []


def _secure(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
