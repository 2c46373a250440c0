"""The client against servers that misbehave, over raw sockets."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate

import aiohttp
import orjson
import pytest

from sandbox.chatwoot.pages import PAGES
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import ChatwootError, FateUnknown, Gone, OutOfTime, Refused, TokenRefused, TryAgain
from workers.chatwoot.records import conversation, message
from workers.chatwoot.response import retry_after
from workers.typing_indicator import show_typing, wait_until_off

BOT, USER = "bot-secret-0123456789", "user-secret-0123456789"
Scene = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Stage:
    """A TCP server that plays a scene for each request, the last one again and again, and keeps what it was sent."""

    def __init__(self, *scenes: Scene) -> None:
        self.scenes, self.heard = list(scenes), []
        self.port = 0
        self.busy = asyncio.Event()  # three requests have come

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0)
                self.heard.append((time.time(), head + await reader.readexactly(length)))
                if len(self.heard) == 3:
                    self.busy.set()
                scene = self.scenes.pop(0) if len(self.scenes) > 1 else self.scenes[0]
                await scene(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def on(*scenes: Scene, user: str | None = USER) -> AsyncIterator[tuple[Chatwoot, Stage]]:
    stage = Stage(*scenes)
    server = await asyncio.start_server(stage.serve, "127.0.0.1", 0)
    stage.port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{stage.port}"
        yield Chatwoot(session, url=url, account=1, bot_token=BOT, user_token=user), stage
    server.close()


def answer(status: int, body: bytes = b"{}", *headers: str) -> Scene:
    async def scene(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return scene


def raw(data: bytes) -> Scene:
    async def scene(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return scene


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"10000\r\n" + b"[" * 0x10000 + b"\r\n")
        await writer.drain()


CREATED = answer(200, b'{"id": 7}')
SHOWN = answer(200, b'{"id": 25, "status": "pending"}')
UNKNOWN: dict[str, Scene] = {
    "cut": raw(b""),
    "half an answer": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "garbage": raw(b"\x00\xff nonsense\r\n\r\n"),
    "not JSON": answer(200, b"<html>hello</html>"),
    "no id": answer(200, b'{"id": "seven"}'),
    "an array": answer(200, b"[1]"),
    "nested": answer(200, b"[" * 50_000),
    "endless": endless,
    "500": answer(500),
    "502": answer(502, b"<html>Bad Gateway</html>"),
    "503 that asks for patience": answer(503, b"", "Retry-After: 1"),
    "hangs": hang,
    "huge header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n{}"),
}


@pytest.mark.parametrize("name", UNKNOWN)
async def test_a_message_whose_fate_is_unknown_is_sent_once(name):
    async with on(UNKNOWN[name]) as (client, stage):
        with pytest.raises(FateUnknown):
            await client.create_message(25, "hi", deadline=time.time() + 0.8)
        assert len(stage.heard) == 1


@pytest.mark.parametrize("first", ["cut", "garbage", "500", "502", "503 that asks for patience"])
async def test_what_may_be_repeated_is_repeated(first):
    async with on(UNKNOWN[first], SHOWN) as (client, stage):
        assert (await client.conversation(25)).status == "pending"
        assert len(stage.heard) == 2


NO_LIST: dict[str, Scene] = {
    "a maintenance page": UNKNOWN["not JSON"],
    "an array": answer(200, b"[1]"),
    "nothing": answer(204),
    "no payload": answer(200, b'{"data": {"payload": null}, "payload": null}'),
}


@pytest.mark.parametrize("name", NO_LIST)
@pytest.mark.parametrize(
    "look",
    [
        lambda client, by: client.find_mark(25, "t1", 1, deadline=by),
        lambda client, by: client.conversations(deadline=by),
        lambda client, by: client.add_labels(25, ["new"], deadline=by),
    ],
    ids=["for our mark", "for who waits", "for labels to keep"],
)
async def test_what_is_no_list_does_not_say_that_there_is_nothing(name, look):
    async with on(NO_LIST[name]) as (client, stage):
        with pytest.raises(TryAgain):
            await look(client, time.time() + 0.8)
        assert {heard.partition(b" ")[0] for _, heard in stage.heard} == {b"GET"}


async def test_a_long_list_is_read_whole():
    mails = [{"id": n, "content": "x" * 100_000, "message_type": 0} for n in range(1, 20)]
    long = answer(200, orjson.dumps({"payload": mails}))
    async with on(long) as (client, _):
        assert len(await client.messages(25)) == len(mails)


async def test_a_message_is_repeated_where_it_was_certainly_not_taken():
    async with on(answer(429, b"", "Retry-After: 0"), CREATED) as (client, stage):
        assert await client.create_message(25, "hi") == 7
        assert len(stage.heard) == 2


async def test_retry_after_is_waited_for():
    async with on(answer(429, b"", "Retry-After: 1"), SHOWN) as (client, stage):
        await client.conversation(25)
        assert stage.heard[1][0] - stage.heard[0][0] >= 1.0


async def test_a_wait_beyond_the_deadline_is_the_callers():
    async with on(answer(429, b"", "Retry-After: 30")) as (client, stage):
        began = time.time()
        with pytest.raises(TryAgain) as error:
            await client.conversation(25, deadline=began + 20)
        assert time.time() < began + 20
        assert 29 < error.value.at - began < 50
        assert len(stage.heard) == 1


async def test_chatwoots_limit_a_conversation_is_a_matter_of_time():
    async with on(answer(422, b'{"error": "Validation failed: Too many messages"}')) as (client, _):
        with pytest.raises(TryAgain) as error:
            await client.create_message(25, "hi")
        assert error.value.at > time.time() + 50


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("99999", 300.0), ("9" * 400, 300.0), ("-5", None), ("soon", None),
        ("", None), ("٣", None), (formatdate(1_000_020, usegmt=True), 20.0), (formatdate(999_000, usegmt=True), 0.0),
        ("Sun, 99 Foo 9999 99:99:99 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date_and_bounded(header, seconds):
    assert retry_after(header, 1_000_000.0) == seconds


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, Refused, "no, said"), (422, Refused, "no, said"), (401, TokenRefused, "no, said"),
        (403, TokenRefused, "no, said"), (404, Gone, "Resource could not be found, said"),
    ],
)  # fmt: skip
async def test_a_final_answer_is_not_asked_for_again(status, error, words):
    said = orjson.dumps({"error": f"{words} {BOT}"})
    async with on(answer(status, said, "Content-Type: application/json; charset=utf-8")) as (client, stage):
        with pytest.raises(error) as refused:
            await client.create_message(25, "hi")
        assert (refused.value.status, refused.value.excerpt) == (status, f"{words} ***")
        assert len(stage.heard) == 1


async def test_a_redirect_is_not_followed_and_its_secrets_not_repeated():
    async with on(SHOWN) as (_, other), on(answer(302)) as (client, stage):
        stage.scenes = [answer(302, b"", f"Location: http://127.0.0.1:{other.port}/x?token=hidden")]
        with pytest.raises(TryAgain, match="put it into the mapping") as refused:
            await client.conversation(25)
        assert str(other.port) in str(refused.value)
        assert "hidden" not in str(refused.value)
        assert other.heard == []


@pytest.mark.parametrize("name", PAGES)
async def test_who_answers_in_chatwoots_place_is_waited_out(name):
    page = PAGES[name]
    headers = [f"{key}: {value}" for key, value in {"Content-Type": page.kind, **page.headers}.items() if value]
    async with on(answer(page.status, page.body.encode(), *headers), SHOWN) as (client, stage):
        assert (await client.conversation(25)).status == "pending"
        assert len(stage.heard) == 2


async def test_a_post_that_somebody_else_refused_was_not_stored_and_is_sent_again():
    async with on(answer(404, b"404 page not found", "Content-Type: text/plain"), CREATED) as (client, stage):
        assert await client.create_message(25, "hi") == 7
        assert len(stage.heard) == 2


async def test_both_names_of_the_header_travel_and_one_alone_where_underscores_are_refused():
    refusal = answer(400, b"Bad Request", "Content-Type: text/plain")  # Envoy's, for an underscore in a name
    async with on(refusal, SHOWN) as (client, stage):
        await client.conversation(25)
        await client.conversation(25)
    heads = [heard.lower() for _, heard in stage.heard]
    assert [b"\r\napi-access-token: " in head for head in heads] == [True, True, True]
    assert [b"\r\napi_access_token: " in head for head in heads] == [True, False, False]


async def test_a_server_that_hangs_costs_no_more_than_the_deadline():
    async with on(hang) as (client, _):
        with pytest.raises(TryAgain):
            await client.conversation(25, deadline=time.time() + 0.5)


@pytest.mark.parametrize("deadline", [0.0, float("nan"), -1.0])
async def test_no_call_starts_that_cannot_end(deadline):
    async with on(SHOWN) as (client, stage):
        with pytest.raises(OutOfTime):
            await client.create_message(25, "hi", deadline=deadline)
        assert stage.heard == []


async def test_nobody_listening_is_a_reason_to_try_again_even_for_a_message():
    async with on(SHOWN) as (_, stage):
        port = stage.port
    async with aiohttp.ClientSession() as session:
        client = Chatwoot(session, url=f"http://127.0.0.1:{port}", account=1, bot_token=BOT)
        with pytest.raises(TryAgain):
            await client.create_message(25, "hi", deadline=time.time() + 1)


async def test_an_answer_that_never_ends_is_left():
    async with on(endless) as (client, _):
        with pytest.raises(TryAgain):
            await client.conversation(25, deadline=time.time() + 5)


async def test_each_call_carries_its_own_token_and_never_a_source_id():
    async with on(CREATED, answer(200, b'{"payload": []}')) as (client, stage):
        await client.create_message(25, "hi")
        await client.messages(25)
    (_, created), (_, listed) = stage.heard
    assert f"api_access_token: {BOT}".encode() in created
    assert USER.encode() not in created
    assert b"source_id" not in created
    assert f"api_access_token: {USER}".encode() in listed
    assert BOT.encode() not in listed


@pytest.mark.parametrize("name", UNKNOWN)
async def test_tokens_are_in_no_error_no_repr_and_no_log(name, caplog):
    caplog.set_level(logging.DEBUG)
    async with on(UNKNOWN[name]) as (client, _):
        with pytest.raises(ChatwootError) as error:
            await client.create_message(25, "hi", deadline=time.time() + 0.8)
        shown = repr(client) + repr(client._http) + repr(client._http._tokens) + caplog.text
        shown += "".join(traceback.format_exception(error.value)) + repr(error.value.__context__)
    assert BOT not in shown
    assert USER not in shown


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "ã"])
async def test_a_token_that_is_none_is_refused_without_being_shown(token):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="bot_token") as error:
            Chatwoot(session, url="http://x.example", account=1, bot_token=token)
    assert not token.strip() or token not in str(error.value)


@pytest.mark.parametrize("url", ["ftp://x.example", "x.example", "http://a:b@x.example", "", "http://x.example/?a=b"])
async def test_an_url_that_is_none_is_refused(url):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="like https://"):
            Chatwoot(session, url=url, account=1, bot_token=BOT)


@pytest.mark.parametrize("hostile", [None, [], {}, {"id": True}, {"id": "7"}, {"id": 7.5}])
def test_what_is_no_conversation_or_message_is_none(hostile):
    assert conversation(hostile) is None
    assert message(hostile) is None


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}, [[]], True])
def test_wrong_types_are_read_as_missing(wrong):
    keys = ("meta", "messages", "labels", "status", "can_reply", "custom_attributes", "content_attributes", "sender",
            "content", "message_type", "last_non_activity_message", "updated_at")  # fmt: skip
    read = conversation({"id": 1, **dict.fromkeys(keys, wrong)})
    assert read is not None
    assert read.labels == ()
    assert message({"id": 1, **dict.fromkeys(keys, wrong)}) is not None
    assert message({"id": 1, "content_attributes": '{"chatwootai": {"turn": "t", "part": 2}}'}).mark is not None


async def test_typing_is_on_refreshed_and_off_at_the_end_whatever_happens():
    async with on(answer(200, b"")) as (client, stage):

        async def turn() -> None:
            async with show_typing(client, 25, channel="webchat", refresh=0.05):
                await stage.busy.wait()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await turn()
        await wait_until_off()
        said = [b'"on"' in body for _, body in stage.heard]
        assert said == [True] * (len(said) - 1) + [False]


async def test_typing_says_nothing_where_the_channel_shows_nothing():
    async with on(answer(200, b"")) as (client, stage):
        async with show_typing(client, 25, channel="whatsapp"):
            pass
        await wait_until_off()
        assert stage.heard == []


@pytest.mark.parametrize("scene", [hang, raw(b""), answer(401)])
async def test_typing_neither_delays_nor_fails_a_turn(scene):
    async with on(scene) as (client, _):
        async with asyncio.timeout(8), show_typing(client, 25, channel="webchat"):  # the hanging call would take ten
            await asyncio.sleep(0.05)
        await wait_until_off(30.0)
