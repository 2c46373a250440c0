"""Conversations found by names of the outside world, and asked of Chatwoot where nothing is remembered here."""

import asyncio
import time

import pytest

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from ops.jobs.incidents import print_incident
from ops.jobs.outside_names import CONTACT, MESSAGE, URL
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.integration.chatwootai.stores.test_stores_refusals import put_off
from tests.integration.ops.test_ops_jobs import Desk, settled


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("https://chat.example.com/app/accounts/3/conversations/15", URL),
        ("app/accounts/3/inbox/31/conversations/15?messageId=9", URL),
        ("+55 (31) 99999-0000", CONTACT),
        ("ann.b+shop@example.com.br", CONTACT),
        ("#812", MESSAGE),
        ("812", MESSAGE),
    ],
)
def test_a_word_has_one_form(word: str, form: object) -> None:
    assert [each for each in (URL, CONTACT, MESSAGE) if each.fullmatch(word)] == [form]


@pytest.mark.parametrize("word", ["1:25", "turn:1:25:3", "0f6c7f0e-7a7b-4b1e-9d6f-3f9a3a1c2b11", "5571d667cbca44ba"])
def test_our_own_names_have_none_of_them(word: str) -> None:
    assert not any(each.fullmatch(word) for each in (URL, CONTACT, MESSAGE))


async def test_a_conversation_is_found_by_address_contact_and_message(system: System) -> None:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    desk = Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam?", new=True)
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        phone = (await driver.state(sent))["contact"]["phone"]
    conv = f"1:{sent.conversation}"
    spaced = f"{phone[:3]} {phone[3:5]} {phone[5:]}"
    address = f"https://another.name/app/accounts/1/inbox/{sent.inbox}/conversations/{sent.conversation}?x=1"
    for word in (address, phone, spaced, str(sent.message), f"#{sent.message}"):
        said = await desk.says("jobs", "show", word, "--json")
        assert said.code == 0, (word, said)
        assert said.data["conversation"] == conv, word
    connection = connect(system.redis_url)
    await connection.delete(*[name async for name in connection.scan_iter(match=f"cw:*:{conv}")])
    await connection.aclose()
    asked = await desk.says("jobs", "show", conv)
    assert asked.code == 0, asked
    assert f"inbox {sent.inbox}, which bot" in asked.out
    assert "newest message: #" in asked.out
    assert "by us" in asked.out
    for word, code in (
        ("1:99999", 3),
        ("77:1", 3),
        ("nobody@example.com", 3),
        ("https://x/app/accounts/77/conversations/1", 3),
    ):
        assert (await desk.says("jobs", "show", word)).code == code, word


async def test_a_message_that_never_came_is_told_of_a_conversation_that_rests(system: System) -> None:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    desk = Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})
    door = system.processes["ingress"]
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam?", new=True)
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        conv = f"1:{sent.conversation}"
        assert (await desk.says("jobs", "show", conv, "--json")).data["missed"] is None
        await asyncio.to_thread(door.stop)
        try:
            missed = await driver.write(1, "whatsapp", "E em Niterói?", conversation=sent.conversation)
            await driver.wait_for_status(missed, "open")
            shown = await desk.says("jobs", "show", conv)
            assert shown.code == 0, shown
            assert "it rests\n  but Chatwoot has a message that never came here:" in shown.out
            assert "because our webhook failed" in shown.out
            assert "catch-up --opened-by-failure --account 1" in shown.out
        finally:
            door.start()
            await system.ready("ingress")


async def test_what_was_put_off_runs_or_is_given_up_in_bulk(redis: Connection, redis_server: Embedded) -> None:
    desk = Desk({"REDIS_URL": redis_server.url})
    for conversation in (1, 2, 3):
        await put_off(redis, conversation, behind="")
    dry = await desk.says("jobs", "retry", "--state", "scheduled", "--cause", "401", "--dry-run")
    assert (dry.code, "3 conversations: nothing was done" in dry.out) == (0, True), dry
    none = await desk.says("jobs", "drop", "--state", "scheduled", "--cause", "HTTP 500", "--yes")
    assert (none.code, "0 conversations: nothing was done" in none.out) == (0, True), none
    done = await desk.says("jobs", "retry", "--state", "scheduled", "--cause", "401", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, "3 done, 0 not")
    assert await redis.zcard(keys.SCHEDULED) == 0
    gone = await desk.says("jobs", "drop", "--state", "waiting", "--yes")
    assert (gone.code, gone.out.splitlines()[-1]) == (0, "3 done, 0 not"), gone
    assert await redis.exists(*(keys.box(f"1:{number}") for number in (1, 2, 3))) == 0


def test_clocks_that_differ_are_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    one = {"kind": "signature", "account": "1", "subject": "too_old", "reason": "too old", "count": 3}
    print_incident({**one, "since": now, "last": now})
    said = capsys.readouterr().out
    assert "clocks" in said
    assert "webhook_secrets" not in said
