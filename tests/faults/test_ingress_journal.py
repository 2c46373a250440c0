"""Accepted means stored: Redis killed, the process killed, the disk full or torn, and nothing acknowledged is lost."""

import asyncio
import io
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from ingress.body_limits import MIB
from ingress.journal.journal import Journal, JournalRefused
from ingress.journal.journal_file import SUFFIX, JournalFile
from ingress.journal.journal_format import MOST_PAYLOAD, frame
from tests.door import Process, Visitor, message, open_door, process

CONVERSATIONS = 10


@pytest.fixture
def server() -> Iterator[Embedded]:
    """A Redis that may be killed and has on disk what it acknowledged: everysec may owe two seconds."""
    with Embedded.start(arguments=("--appendfsync", "always")) as started:
        yield started


@asynccontextmanager
async def knocking(door: Process) -> AsyncIterator[Visitor]:
    async with ClientSession() as session:
        yield Visitor(session, door.url)


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await _held(condition):  # noqa: ASYNC110 - files and another process' Redis have no events
            await asyncio.sleep(0.02)


async def _held(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    result = condition()
    return result if isinstance(result, bool) else await result


async def waiting(url: str, conversation: int = 25) -> list[int]:
    """The message ids in a conversation's mailbox, in its order."""
    connection = connect(url)
    entries = await connection.zrange(keys.box(f"1:{conversation}"), 0, -1)
    await connection.aclose()
    return [json.loads(entry)["message"]["id"] for entry in entries]


async def send(door: Visitor, first: int, last: int) -> list[int]:
    """Messages first..last, spread over conversations; the numbers of those that were accepted."""
    answers = await asyncio.gather(
        *(door.post(message(n, conversation=n % CONVERSATIONS + 1)) for n in range(first, last + 1))
    )
    assert {answer.status for answer in answers} <= {200}
    return [n for n, answer in enumerate(answers, start=first) if answer.body["status"] == "accepted"]


async def all_there(url: str, expected: list[int]) -> None:
    """Wait until the mailboxes hold exactly these messages, in order."""
    wanted = [[one for one in sorted(expected) if one % CONVERSATIONS == n] for n in range(CONVERSATIONS)]

    async def arrived() -> bool:
        return [await waiting(url, n + 1) for n in range(CONVERSATIONS)] == wanted

    try:
        await until(arrived)
    except TimeoutError:
        assert [await waiting(url, n + 1) for n in range(CONVERSATIONS)] == wanted
        raise


async def there(url: str, expected: list[int], conversation: int = 25) -> None:
    """Wait until one mailbox holds exactly these messages, in order."""

    async def arrived() -> bool:
        return await waiting(url, conversation) == expected

    await until(arrived)


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


@contextmanager
def file_limit(pid: int, size: int) -> Iterator[None]:
    """No file of that process may grow beyond `size`: what a full disk is to it."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def test_redis_killed_and_back_under_load(server: Embedded, tmp_path: Path) -> None:
    async with open_door(server.url, tmp_path) as door:
        assert door.intake
        accepted = await send(door, 1, 50)
        server.kill()
        accepted += await send(door, 51, 200)
        ready = await door.get("/readyz")
        assert (ready.status, ready.body["status"]) == (200, "degraded")
        assert ready.body["checks"]["journal"]["records"] > 0
        server.resume()
        accepted += await send(door, 201, 300)
        assert accepted == list(range(1, 301))
        await all_there(server.url, accepted)
        journal = door.intake.journal
        await until(lambda: journal.size == 0 and journal.records == 0)
        assert (await door.get("/readyz")).body["status"] == "ok"
        assert (await door.post(message(1, conversation=2))).body == {"status": "duplicate"}


async def test_redis_that_hangs_counts_as_away_well_before_chatwoot_gives_up(server: Embedded, tmp_path: Path) -> None:
    async with open_door(server.url, tmp_path) as door:
        await door.post(message(1))
        os.kill(server.pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(4):
                assert (await door.post(message(2))).body == {"status": "accepted"}
                assert (await door.post(message(3, message_type="outgoing", sender={"type": "user"}))).status == 200
        finally:
            os.kill(server.pid, signal.SIGCONT)
        await there(server.url, [1, 2])


async def test_a_conversation_in_the_journal_stays_in_order(server: Embedded, tmp_path: Path) -> None:
    async with open_door(server.url, tmp_path) as door:
        assert door.intake
        server.kill()
        await door.post(message(1))
        assert door.intake.journal.holds("1:25")
        server.resume()
        await door.post(message(2))
        await there(server.url, [1, 2])


async def test_kill_nine_between_accept_and_replay(server: Embedded, tmp_path: Path) -> None:
    with process(tmp_path, server.url) as first:
        async with knocking(first) as door:
            accepted = await send(door, 1, 20)
            server.kill()
            accepted += await send(door, 21, 120)
        first.kill()
    assert sum(path.stat().st_size for path in journals(tmp_path / "journal")) > 0
    with process(tmp_path, server.url) as second:  # starts while Redis is still away
        async with knocking(second) as door:
            accepted += await send(door, 121, 140)
            server.resume()
            await all_there(server.url, accepted)
        second.line("journal_adopted")
        assert second.terminate() == 0
    assert journals(tmp_path / "journal") == []


async def test_a_living_process_takes_over_from_a_dead_one(server: Embedded, tmp_path: Path) -> None:
    with process(tmp_path, server.url) as one, process(tmp_path, server.url) as other:
        server.kill()
        async with knocking(one) as door:
            accepted = await send(door, 1, 30)
        one.kill()
        server.resume()
        await all_there(server.url, accepted)
        assert other.terminate() == 0


async def test_sigterm_leaves_the_journal_to_the_next(server: Embedded, tmp_path: Path) -> None:
    server.kill()
    with process(tmp_path, server.url) as first:
        async with knocking(first) as door:
            accepted = await send(door, 1, 10)
        assert first.terminate() == 0
    server.resume()
    with process(tmp_path, server.url):
        await all_there(server.url, accepted)


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 40])
async def test_a_torn_last_record_is_dropped_and_the_rest_kept(server: Embedded, tmp_path: Path, cut: int) -> None:
    folder = tmp_path / "journal"
    server.kill()
    async with open_door(server.url, folder) as door:
        accepted = [n for n in range(1, 11) if (await door.post(message(n, conversation=1))).status == 200]
    (path,) = journals(folder)
    with path.open("ab") as file:
        file.write(frame(b"never acknowledged" * 10)[:-cut])
    server.resume()
    async with open_door(server.url, folder):
        await there(server.url, accepted, conversation=1)
        await until(lambda: path not in journals(folder))


async def test_a_damaged_record_in_the_middle_costs_only_itself(server: Embedded, tmp_path: Path) -> None:
    server.kill()
    async with open_door(server.url, tmp_path) as door:
        for n in (1, 2, 3):
            await door.post(message(n, conversation=1))
    (path,) = journals(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    server.resume()
    async with open_door(server.url, tmp_path):
        await until(lambda: path not in journals(tmp_path))
        assert await waiting(server.url, 1) == [1, 3]


async def test_a_record_that_is_no_delivery_is_put_aside(server: Embedded, tmp_path: Path) -> None:
    server.kill()
    async with open_door(server.url, tmp_path) as door:
        await door.post(message(1, conversation=1))
    (path,) = journals(tmp_path)
    path.write_bytes(frame(b"\x05not a delivery") + path.read_bytes())
    server.resume()
    async with open_door(server.url, tmp_path):
        await until(lambda: path not in journals(tmp_path))
        assert await waiting(server.url, 1) == [1]
    assert (tmp_path / "rejected.records").read_bytes() == frame(b"\x05not a delivery")


async def test_a_full_disk_is_a_five_hundred_until_there_is_room(server: Embedded, tmp_path: Path) -> None:
    with process(tmp_path, server.url) as running:
        async with knocking(running) as door:
            server.kill()
            assert (await door.post(message(1))).status == 200
            with file_limit(running.child.pid, 1200):
                statuses = [(await door.post(message(n))).status for n in range(2, 12)]
                assert set(statuses) == {200, 500}
                ready = await door.get("/readyz")
                assert (ready.status, ready.body["checks"]["journal"]["status"]) == (503, "unavailable")
            assert (await door.get("/readyz")).status == 200
            assert (await door.post(message(12))).status == 200
            server.resume()
            expected = [1, *(n for n, status in enumerate(statuses, start=2) if status == 200), 12]
            await there(server.url, expected)


async def test_the_bound_of_the_journal_is_a_five_hundred_too(server: Embedded, tmp_path: Path) -> None:
    server.kill()
    async with open_door(server.url, tmp_path, most_bytes=2000) as door:
        statuses = [(await door.post(message(n))).status for n in range(1, 20)]
        assert statuses.index(500) > 1
        assert set(statuses[statuses.index(500) :]) == {500}
        assert (await door.get("/readyz")).status == 503


async def test_a_folder_that_cannot_be_made_is_no_reason_not_to_serve(server: Embedded, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    async with open_door(server.url, blocked / "journal") as door:
        assert (await door.post(message(1))).status == 200
        ready = await door.get("/readyz")
        assert (ready.status, ready.body["checks"]["journal"]["status"]) == (200, "degraded")
        server.kill()
        assert (await door.post(message(2))).status == 500
        assert (await door.get("/readyz")).status == 503
        server.resume()

        async def accepted() -> bool:
            return (await door.post(message(3))).status == 200

        await until(accepted)


async def test_a_read_only_device_refuses(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    journal._own = JournalFile(Path("/dev/full"), os.open("/dev/full", os.O_RDWR))
    with pytest.raises(JournalRefused, match="space"):
        await journal.append(b"x", "1:1")
    assert not journal.holds("1:1")
    assert not await journal.usable()
    journal._own.close()
    journal._own = None
    await journal.close()


async def test_a_disk_that_fills_while_nobody_writes_is_noticed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    own = journal._own
    assert await journal.usable()
    journal._own = JournalFile(Path("/dev/full"), os.open("/dev/full", os.O_RDWR))
    journal._probed -= 60
    assert not await journal.usable()
    assert "space" in (journal.trouble or "")
    journal._own.close()
    journal._own = own
    assert await journal.usable()
    assert journal.size == 0
    await journal.close()


async def test_requests_of_one_moment_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = 0
    real = os.fdatasync

    def counting(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", counting)
    journal = Journal(tmp_path)
    await asyncio.gather(*(journal.append(b"%d" % n, "1:1") for n in range(500)))
    assert syncs <= 3
    batch = await journal.next_batch(1000)
    assert batch.payloads == [b"%d" % n for n in range(500)]
    await journal.mark_replayed(batch, ["1:1"] * 500)
    assert (journal.size, journal.records) == (0, 0)
    await journal.close()


async def test_no_file_has_two_owners(tmp_path: Path) -> None:
    owner, other = Journal(tmp_path), Journal(tmp_path)
    await owner.append(b"x", "1:1")
    assert await other.adopt() == 0
    await owner.close()
    assert await other.adopt() == 1
    assert await Journal(tmp_path).adopt() == 0
    assert (await other.next_batch(10)).payloads == [b"x"]
    await other.close()


@pytest.mark.parametrize("mib", [1, 4, 16])
async def test_the_longest_body_is_read_back_from_the_journal(server: Embedded, tmp_path: Path, mib: int) -> None:
    """What the door takes, the journal holds: every text as long as a body of that size lets it be, and escaped."""
    attachment = {"file_type": "audio", "data_url": "https://a/" + "é" * 1_900, "transcribed_text": "\u0001é" * 75_000}
    whole = message(7, content="\u0001" * 150_000, attachments=[attachment] * 30, extra="")
    spare = mib * MIB - len(json.dumps(whole, ensure_ascii=False).encode())
    if spare < 0:
        whole = message(7, content="\u0001" * 150_000, extra="")
        spare = mib * MIB - len(json.dumps(whole, ensure_ascii=False).encode())
    body = json.dumps({**whole, "extra": "x" * spare}, ensure_ascii=False).encode()
    assert len(body) == mib * MIB
    async with open_door(server.url, tmp_path, most_body=mib * MIB) as door:
        assert (await door.post(message(6, conversation=2))).status == 200
        server.kill()
        answer = await door.post(body, data=io.BytesIO(body))
        assert (answer.status, answer.body) == (200, {"status": "accepted"})
        assert (await door.post(message(8))).status == 200
        server.resume()
        await until(lambda: _both(server.url))


async def _both(url: str) -> bool:
    return await waiting(url) == [7, 8]


async def test_a_record_that_nobody_would_read_back_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    with pytest.raises(JournalRefused, match="too long"):
        await journal.append(b"x" * (MOST_PAYLOAD + 1), "1:25")
    await journal.append(b"x" * MOST_PAYLOAD, "1:25")
    assert not journal.trouble
    (payload,) = (await journal.next_batch(8)).payloads
    assert len(payload) == MOST_PAYLOAD
    await journal.close()
