"""The doctor's word on tokens and clocks is Chatwoot's own word, and not that of a server which stands before it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate

import aiohttp
import pytest
from aiohttp import web

from config.snapshot import Secret
from ops.doctor.chatwoot import MEND_CHATWOOT, AccountLook, look_at_installation, look_at_setup, look_at_tokens
from ops.doctor.verdict import State, Verdict
from tests.builders import account

OWN_404 = {"error": "Resource could not be found"}
OWN_401 = {"error": "Invalid Access Token"}
PROFILE = {"name": "Ana", "accounts": [{"id": 1, "role": "administrator"}]}


@asynccontextmanager
async def answering(response: Callable[[], web.Response]) -> AsyncIterator[str]:
    """The address of a server that gives the same answer to everything."""

    async def handler(_: web.Request) -> web.Response:
        return response()

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def looked_at(response: Callable[[], web.Response]) -> dict[str, Verdict]:
    async with answering(response) as url, aiohttp.ClientSession() as session:
        mine = account()
        mine = replace(mine, installation=replace(mine.installation, url=url), user_token=Secret("u"))
        look = await look_at_tokens(session, mine)
    return {line.topic: line for line in look.lines}


async def test_chatwoots_own_answers_are_believed() -> None:
    taken = await looked_at(lambda: web.json_response(OWN_404, status=404))
    assert taken["bot_token"].state is State.OK
    refused = await looked_at(lambda: web.json_response(OWN_401, status=401))
    assert [refused[each].state for each in ("bot_token", "user_token")] == [State.PROBLEM] * 2
    assert "Invalid Access Token" in refused["bot_token"].said
    mine = await looked_at(lambda: web.json_response(PROFILE))
    assert (mine["user_token"].state, "Ana" in mine["user_token"].said) == (State.OK, True)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
async def test_a_server_before_chatwoot_says_nothing_of_a_token(status: int, kind: str) -> None:
    text = '{"message": "no Route matched", "request_id": "1"}' if kind == "application/json" else "<h1>nginx</h1>"
    lines = await looked_at(lambda: web.Response(status=status, text=text, content_type=kind))
    for line in lines.values():
        assert line.state is State.PROBLEM
        assert "does not answer as Chatwoot does" in line.said


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_a_chatwoot_that_fails_is_to_be_looked_at_and_no_token_or_address_is(status: int) -> None:
    def response() -> web.Response:
        return web.json_response({"error": "We're sorry, but something went wrong"}, status=status)

    lines = await looked_at(response)
    async with answering(response) as url, aiohttp.ClientSession() as session:
        mine = account()
        look = AccountLook(replace(mine, installation=replace(mine.installation, url=url)))
        await look_at_setup(session, look, "administrator's")
    for line in (*lines.values(), *look.lines):
        assert (line.state, str(status) in line.said) == (State.PROBLEM, True)
        assert line.remedy == MEND_CHATWOOT


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
async def test_a_date_of_any_zone_is_compared_as_utc(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    date = formatdate(usegmt=True).removesuffix("GMT") + zone
    try:
        async with (
            answering(lambda: web.json_response({"version": "4"}, headers={"Date": date})) as url,
            aiohttp.ClientSession() as session,
        ):
            lines = await look_at_installation(session, url)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [line.state for line in lines] == [State.OK, State.OK]
    assert "within 1 s" in lines[1].said or "within 2 s" in lines[1].said
