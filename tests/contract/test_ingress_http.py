"""Every answer of the door over real sockets, with a real Redis behind it."""

import asyncio
import gzip
import io
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection
from config.settings.settings import Settings
from config.snapshot import Inbox, Secret
from ingress import body as body_module
from tests.data import PAYLOADS
from tests.door import SECRET, Visitor, account, hang_up, message, open_door, signed

MIB = 1024 * 1024


@pytest.fixture
async def door(redis_url: str, tmp_path: Path) -> AsyncIterator[Visitor]:
    async with open_door(redis_url, tmp_path) as visitor:
        yield visitor


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"chatwootai_{name}_total", labels) or 0.0


async def test_accepted_then_duplicate(door: Visitor) -> None:
    first, second = await door.post(message()), await door.post(message())
    assert (first.status, first.body) == (200, {"status": "accepted"})
    assert (second.status, second.body) == (200, {"status": "duplicate"})
    assert first.headers["Content-Type"].startswith("application/json")


async def test_the_same_request_twice_is_one_and_another_request_id_does_not_make_it_two(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    for delivery in ("a", "a", "b"):
        answer = await door.post(body, headers=signed(body, **{"X-Chatwoot-Delivery": delivery}))
    assert answer.body == {"status": "duplicate"}


async def test_two_hundred_is_said_only_after_the_message_is_stored(door: Visitor, redis: Connection) -> None:
    await door.post(message(41))
    stored = await redis.zrange(keys.box("1:25"), 0, -1)
    assert [json.loads(one)["message"]["text"] for one in stored] == ["message 41"]


async def test_ignored_with_its_reason(door: Visitor) -> None:
    before = counted("deliveries", answer="ignored", reason="private_note")
    answer = await door.post(message(private=True))
    assert (answer.status, answer.body) == (200, {"status": "ignored", "reason": "private_note"})
    assert counted("deliveries", answer="ignored", reason="private_note") == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        b"[" * 50_000,
        b'{"event":"message_created","id":' + b"1" * 6000 + b"}",
        b'{"event":NaN}',
        b'{"event":"\\ud800"}',
        b"[]",
        b"{}",
        json.dumps(message(account={"id": 2})).encode(),
        json.dumps(message("seven")).encode(),  # type: ignore[arg-type]
    ],
)
async def test_a_signed_body_without_use_is_400(door: Visitor, body: bytes) -> None:
    answer = await door.post(body)
    assert answer.status == 400
    assert answer.body["error"]


async def test_one_401_for_every_cause_and_each_is_counted(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    right = signed(body)
    causes: dict[str, dict[str, str]] = {
        "signature_missing": {},
        "timestamp_missing": {"X-Chatwoot-Signature": right["X-Chatwoot-Signature"]},
        "signature_malformed": {**right, "X-Chatwoot-Signature": "sha256=zz"},
        "timestamp_malformed": {**right, "X-Chatwoot-Timestamp": "0x7"},
        "wrong": signed(body, secret="another"),
        "too_old": signed(body, at=time.time() - 302),
        "too_new": signed(body, at=time.time() + 302),
    }
    answers = []
    for cause, headers in causes.items():
        before = counted("signature_failures", cause=cause)
        answers.append(await door.post(body, headers=headers))
        assert counted("signature_failures", cause=cause) == before + 1, cause
    assert {answer.status for answer in answers} == {401}
    assert len({json.dumps(answer.body) for answer in answers}) == 1


async def test_a_body_is_never_parsed_before_its_signature_holds(door: Visitor) -> None:
    assert (await door.post(b"[" * 50_000, headers={})).status == 401


async def test_a_header_twice(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    lines = [f"{name}: {value}" for name, value in signed(body).items()]
    for twice in lines:
        assert (await raw(door, request(body, [*lines, twice])))[0] == 401
    assert (await raw(door, request(body, lines)))[0] == 200


async def test_headers_of_any_size_and_kind_are_no_fault_of_ours(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    for odd in (
        "X-Chatwoot-Signature: " + "a" * 7000,
        "X-Chatwoot-Signature: é\xff",
        "X-Chatwoot-Delivery: " + "d" * 7000,
    ):
        assert (await raw(door, request(body, [odd])))[0] == 401
    assert (await raw(door, request(body, ["X-Chatwoot-Signature: " + "a" * 70_000])))[0] == 400


async def test_an_unknown_account_is_404_and_reads_nothing(door: Visitor) -> None:
    for path in ("2", "01", "1%00", "x" * 3000):
        assert (await door.post(message(), to=path)).status == 404


@pytest.mark.parametrize("size", [4 * MIB + 1, 50 * MIB])
async def test_an_announced_body_over_the_limit_is_413(door: Visitor, size: int) -> None:
    status, _ = await raw(door, request(b"", [], length=size))
    assert status == 413


async def test_a_body_of_exactly_the_limit_is_read(door: Visitor) -> None:
    frame = len(json.dumps(message(content="")))
    body = json.dumps(message(content="x" * (4 * MIB - frame))).encode()
    assert len(body) == 4 * MIB
    assert (await door.post(body, data=io.BytesIO(body))).status == 200
    assert (await door.post(body, data=io.BytesIO(body + b" "))).status == 413


async def test_chunks_are_counted_as_they_come(door: Visitor) -> None:
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(b"POST /webhooks/chatwoot/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    sent = 0
    answered = asyncio.ensure_future(reader.readline())
    while not answered.done() and sent < 64 * MIB:  # an endless body, unless someone says stop
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        sent += 0x10000
        try:
            await writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(0)
    assert b"413" in await answered
    assert sent < 12 * MIB
    await hang_up(writer)


async def test_a_chunked_body_within_the_limit_is_as_good(door: Visitor) -> None:
    body = json.dumps(message()).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 7):
            yield body[at : at + 7]

    answer = await door.post(body, data=pieces())
    assert answer.body == {"status": "accepted"}


async def test_a_body_shorter_than_it_said_is_given_up(door: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module.read_body, "__defaults__", (MIB, 0.2))
    begun = time.monotonic()
    status, _ = await raw(door, request(b"{", [], length=500), hold=True)
    assert status == 400
    assert time.monotonic() - begun < 30


async def test_what_is_no_http_is_400_and_its_text_is_in_no_log(
    door: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    before = counted("deliveries", answer="refused", reason="bad_http")
    body = json.dumps(message(content="very private")).encode()
    lines = [f"{name}: {value}" for name, value in signed(body).items()]
    for bad in (
        request(body + b"and more", lines, length=len(body)),
        b"very private\r\n\r\n",
        b"\x16\x03\x01very private",
    ):
        assert (await raw(door, bad, hold=True))[0] == 400
    assert "very private" not in caplog.text
    assert counted("deliveries", answer="refused", reason="bad_http") > before


async def test_a_caller_who_hangs_up_half_way_harms_nobody(door: Visitor) -> None:
    _, writer = await asyncio.open_connection(*door.address)
    writer.write(request(b"{", [], length=500))
    await writer.drain()
    await hang_up(writer)
    assert (await door.post(message())).status == 200


async def test_a_compressed_body_is_taken_as_it_came(door: Visitor) -> None:
    bomb = gzip.compress(b"x" * 50 * MIB)
    headers = {**signed(bomb), "Content-Encoding": "gzip"}
    assert (await door.post(bomb, headers=headers)).status == 400


async def test_a_rate_of_ones_own_with_retry_after(redis_url: str, tmp_path: Path) -> None:
    slow = account("slow", settings=Settings(rate_per_minute=3))
    async with open_door(redis_url, tmp_path, slow, account("1")) as door:
        answers = [await door.post(message(number), to="slow") for number in range(1, 6)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
        # Echoes and unsigned strangers cost it nothing, and neither does it cost another account.
        assert (await door.post(message(private=True), to="slow")).status == 200
        assert (await door.post(message(6), to="1")).status == 200


async def test_a_flood_is_put_off_before_it_is_refused(redis_url: str, tmp_path: Path, redis: Connection) -> None:
    """Half as much again is admitted behind everybody else."""
    before = counted("deliveries", answer="accepted", reason="over_rate")
    flood = account("flood", settings=Settings(rate_per_minute=60), priority=9)
    async with open_door(redis_url, tmp_path, flood) as door:
        sent = [await door.post(message(number, conversation=number), to="flood") for number in range(1, 121)]
    statuses = [answer.status for answer in sent]
    assert set(statuses[:90]) == {200}
    assert 429 in statuses[90:]
    lanes = [await redis.hget(keys.state(f"flood:{number}"), "lane") for number in (1, 60, 90)]
    assert lanes == [b"high", b"high", b"normal"]
    assert counted("deliveries", answer="accepted", reason="over_rate") >= before + 20


async def test_strangers_cannot_use_up_a_rate(redis_url: str, tmp_path: Path) -> None:
    async with open_door(redis_url, tmp_path, account(settings=Settings(rate_per_minute=1))) as door:
        for _ in range(50):
            assert (await door.post(message(), headers={})).status == 401
        assert (await door.post(message())).status == 200


async def test_several_secrets(redis_url: str, tmp_path: Path) -> None:
    async with open_door(redis_url, tmp_path, account(webhook_secrets=(Secret("old"), Secret(SECRET)))) as door:
        for number, secret in enumerate(["old", SECRET, "neither"], start=1):
            body = json.dumps(message(number)).encode()
            answer = await door.post(body, headers=signed(body, secret=secret))
            assert answer.status == (401 if secret == "neither" else 200)


async def test_where_signatures_are_optional_a_wrong_one_is_still_wrong(redis_url: str, tmp_path: Path) -> None:
    async with open_door(redis_url, tmp_path, account(signature="optional")) as door:
        before = counted("unsigned_deliveries")
        assert (await door.post(message(), headers={})).body == {"status": "accepted"}
        assert counted("unsigned_deliveries") == before + 1
        assert (await door.post(message(8))).status == 200
        body = json.dumps(message(9)).encode()
        for headers in (signed(body, secret="another"), signed(body, at=1.0), {"X-Chatwoot-Signature": ""}):
            assert (await door.post(body, headers=headers)).status == 401
        assert counted("unsigned_deliveries") == before + 1


async def test_the_inbox_gives_priority(redis_url: str, tmp_path: Path, redis: Connection) -> None:
    urgent = Inbox(id=17, domain="retail", folder="acme", settings=Settings(), priority=9)
    async with open_door(redis_url, tmp_path, account(inboxes={17: urgent})) as door:
        await door.post(message())
    assert await redis.hget(keys.state("1:25"), "lane") == b"high"


async def test_other_methods_and_paths(door: Visitor) -> None:
    assert (await raw(door, b"GET /webhooks/chatwoot/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))[0] == 405
    assert (await raw(door, b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))[
        0
    ] == 404


async def test_health(door: Visitor) -> None:
    assert (await door.get("/healthz")).body == {"status": "ok"}
    ready = await door.get("/readyz")
    assert (ready.status, ready.body["status"]) == (200, "ok")
    assert ready.body["checks"]["journal"] == {"status": "ok", "records": 0, "bytes": 0}
    assert "chatwootai_deliveries_total" in (await door.get("/metrics")).body


async def test_a_connection_stays_or_ends_as_its_caller_wishes(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    lines = [f"{name}: {value}" for name, value in signed(body).items()]
    kept = "\r\n".join(
        ["POST /webhooks/chatwoot/1 HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *lines, "", ""]
    )
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write((kept.encode() + body) * 3)  # without waiting for answers
    writer.write(request(body, lines))
    async with asyncio.timeout(20):
        answers = [one for one in (await reader.read()).split(b"HTTP/1.1 ") if one]
    await hang_up(writer)
    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"200 OK"] * 4
    assert [b"Connection: close" in answer for answer in answers] == [False, False, False, True]
    assert [json.loads(answer.partition(b"\r\n\r\n")[2])["status"] for answer in answers] == [
        "accepted",
        *["duplicate"] * 3,
    ]
    assert all(b"\r\nDate: " in answer for answer in answers)


@pytest.mark.parametrize(
    ("first", "line", "ends"),
    [
        ("POST /webhooks/chatwoot/1 HTTP/1.0", "Connection: keep-alive", False),
        ("POST /webhooks/chatwoot/1 HTTP/1.0", "X: y", True),
        ("POST /webhooks/chatwoot/%31 HTTP/1.1", "Connection: close", True),
        ("POST /webhooks/chatwoot/1?from=bot HTTP/1.1", "Connection: close", True),
        ("POST http://x/webhooks/chatwoot/1 HTTP/1.1", "Connection: close", True),
    ],
)
async def test_unusual_requests_are_answered_like_any(door: Visitor, first: str, line: str, ends: bool) -> None:
    body = json.dumps(message()).encode()
    head = [first, "Host: x", f"Content-Length: {len(body)}", line, *(f"{k}: {v}" for k, v in signed(body).items())]
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"}")
        assert (b"200 OK" in answer, b"accepted" in answer) == (True, True)
        assert (b"Connection: keep-alive" in answer) == (not ends)
        if ends:
            assert await reader.read() == b""
    await hang_up(writer)


async def test_who_asks_first_whether_to_send_is_told_to(door: Visitor) -> None:
    body = json.dumps(message()).encode()
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(request(b"", [*(f"{k}: {v}" for k, v in signed(body).items()), "Expect: 100-continue"], len(body)))
    async with asyncio.timeout(20):
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        assert b"accepted" in await reader.read()
    await hang_up(writer)


async def test_a_caller_who_does_not_wait_for_the_answer_has_stored_all_the_same(
    door: Visitor, redis: Connection
) -> None:
    body = json.dumps(message()).encode()
    _, writer = await asyncio.open_connection(*door.address)
    writer.write(request(body, [f"{name}: {value}" for name, value in signed(body).items()]))
    await writer.drain()
    await hang_up(writer)
    async with asyncio.timeout(20):
        while await redis.zcard(keys.box("1:25")) == 0:  # noqa: ASYNC110 - Redis has no event for it
            await asyncio.sleep(0.01)
    assert (await door.post(message())).body == {"status": "duplicate"}


async def test_every_stored_payload_gets_a_two_hundred(door: Visitor) -> None:
    for path in sorted(PAYLOADS.glob("[cmw]*.json")):
        answer = await door.post(path.read_bytes())
        assert answer.status == 200, path.name


async def test_hundreds_at_once_each_with_its_own_answer(door: Visitor, redis: Connection) -> None:
    answers = await asyncio.gather(*(door.post(message(n, conversation=n % 40 + 1)) for n in range(1, 401)))
    assert {answer.status for answer in answers} == {200}
    stored = sum([await redis.zcard(keys.box(f"1:{n}")) for n in range(1, 41)])
    assert stored == 400


def request(body: bytes, headers: list[str], length: int | None = None) -> bytes:
    lines = [
        "POST /webhooks/chatwoot/1 HTTP/1.1",
        "Host: x",
        f"Content-Length: {len(body) if length is None else length}",
    ]
    return "\r\n".join([*lines, *headers, "Connection: close", "", ""]).encode("utf-8", "surrogateescape") + body


async def raw(door: Visitor, sent: bytes, *, hold: bool = False) -> tuple[int, Any]:
    """Status and body of what comes back for these bytes; `hold` keeps our side of the connection open."""
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(sent)
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        rest = await reader.read(MIB) if hold else await reader.read()
    await hang_up(writer)
    status = int(head.split(b" ", 2)[1])
    try:
        return status, json.loads(rest)
    except ValueError:
        return status, rest
