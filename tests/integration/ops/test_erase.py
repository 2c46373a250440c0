"""`export` and `erase` on a real installation: one contact goes, with every trace, and the neighbour's all stays."""

import argparse
import asyncio
import json
import os
import random
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import unpack_delivery
from chatwootai.stores.conversation.media import Readings
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.operators.thumbs import Thumbs
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.privacy.known_contacts import KnownContacts
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.privacy.values import Values, text_of
from chatwootai.stores.server.connection import Connection, connect
from config.snapshot import Installation, Secret
from ingress.journal.journal_format import frame
from ops.access import CommandError
from ops.privacy.erase import Work
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm
from tests import builders
from tests.commands import program
from workers.account.deleted_contacts import DeletedContacts
from workers.chatwoot.admin import Admin
from workers.chatwoot.client import Chatwoot
from workers.dead_letters import dead_letter

ACCOUNT = 1
SETTINGS = """\
rate_per_minute: 100000
burst: {window_ms: 0, cap_ms: 0}
deadline_ms: 20000
budget: {per_day: 100, contact: {per_day: 50}}
evals: {capture: {purpose: to answer questions about recipes}}
"""
ZULEIKA = {"name": "Zuleika Quaresma", "phone_number": "+5531912345670", "email": "zuleika.quaresma@example.com"}
NEIGHBOUR = {"name": "Abelardo Vizinho", "phone_number": "+5531998765432", "email": "abelardo@example.com"}
WORDS = "minha receita de quindim secreto"
HERS = ("zuleika", "quaresma", "5531912345670", "quindim secreto")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    plan = Plan(llm=("--latency", "fixed:50ms"), settings=SETTINGS)
    system = System(plan)
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def redis(system: System) -> AsyncIterator[Connection]:
    connection = connect(system.redis_url, timeout=5.0)
    yield connection
    await connection.aclose()


async def verb(system: System, *words: str) -> tuple[int, Any, str]:
    """The exit code, the JSON and the complaints of a verb, called as an operator does."""
    environ = {**os.environ, **system._environ(JOURNAL_DIR=str(system.folder / "elsewhere"))}
    process = await asyncio.create_subprocess_exec(
        *program(), *words, env=environ, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaints = await process.communicate()
    return process.returncode or 0, json.loads(out) if out.strip() else None, complaints.decode()


async def erase(system: System, contact: int, *more: str) -> tuple[int, Any, str]:
    return await verb(system, "erase", "--account", "1", "--contact", str(contact), "--yes", "--json", *more)


PASSING = {
    "cw:probe",
    "cw:sweep",
    "cw:open",
    "cw:running",
    "cw:leases",
    "cw:owners",
    "cw:waiting",
    "cw:timers",
    "cw:scheduled",
}
"""Keys that are there while a turn is, and go when it ends, as the neighbour's may meanwhile."""


async def everything(redis: Connection) -> dict[str, str]:
    """All text in Redis by key, unpacked, the audit left out."""
    values, found = Values(redis), dict[str, str]()
    async for raw in redis.scan_iter(count=1000):
        key = raw.decode()
        if not key.startswith("cw:audit"):
            found[key] = key.casefold() + "".join(
                [text_of(field) + text_of(value) async for field, value in values.each(key)]
            )
    return found


async def plant(system: System, redis: Connection, driver: Driver, who: dict[str, str], words: str) -> Sent:
    """A contact with two conversations, and something of theirs in every place."""
    first = await driver.write(ACCOUNT, "webchat", f"Bom dia, {words}", new=True, contact=who)
    await driver.wait_for_reply(first, within=30)
    second = await driver.write(ACCOUNT, "webchat", f"De novo: {words}", new=True, contact=first.contact)
    await driver.wait_for_reply(second, within=30)
    conv = keys.conv("1", first.conversation)
    (entry,) = await redis.zrange(keys.kept(conv), 0, 0)
    delivery, letter = unpack_delivery(entry), f"letter-of-{first.conversation}"
    await redis.set(keys.dead(letter), dead_letter(letter, conv, "tried too often", [delivery]))
    await redis.zadd(keys.DEAD, {letter: time.time() * 1000})
    await Readings(redis).keep(conv, first.message, {0: {"transcript": f"voice note: {words}"}})
    await redis.hset(keys.calls(conv, str(first.message)), "f", json.dumps({"result": who["name"]}))
    answer = zlib.compress(f"Olá {who['name']}".encode())
    await CompletionStore(redis).keep("1", f"{first.conversation:032x}", "token", answer, keep_ms=600_000)
    await SemanticAnswers(redis).keep("1", "abcd", first.conversation, answer, keep_ms=600_000)
    row = {"asked": first.conversation, "answered": second.conversation, "group": "g", "verdict": "same"}
    await SemanticAnswers(redis).tell("1", "g", "same", saved_ms=1, saved_tokens=1, row=row)
    with (system.folder / "journal-ingress" / "rejected.records").open("ab") as file:
        file.write(frame(b"\x05" + entry))
    return first


def conversation_of(key: str) -> str | None:
    """The conversation that a key's name tells."""
    kind = kind_of(key)
    return kind[1].get("conversation") if kind else None


def on_disk(system: System) -> str:
    """All bytes of Redis's files, journals and logs."""
    files = [path for path in system.folder.rglob("*") if path.is_file() and path.suffix != ".yaml"]
    return "\n".join(
        path.read_bytes().decode("utf-8", "replace") for path in files if path.name != "chatwoot.log"
    ).casefold()


async def test_a_contact_goes_with_every_trace_and_the_neighbour_stays(
    system: System, redis: Connection, driver: Driver, llm: Llm
) -> None:
    hers = await plant(system, redis, driver, ZULEIKA, WORDS)
    his = await plant(system, redis, driver, NEIGHBOUR, "onde fica a loja")
    before = await everything(redis)
    assert any("zuleika" in text for text in before.values())

    misspelt = await verb(system, "erase", "--account", "account_11", "--contact", str(hers.contact), "--dry-run")
    assert (misspelt[0], "Did you mean `account_1`?" in misspelt[2]) == (3, True)
    code, shown, complaints = await verb(system, "export", "--account", "1", "--contact", str(hers.contact))
    assert code == 0, complaints
    assert shown["who"]["names"] == [ZULEIKA["name"]]
    (_, second), told = shown["conversations"], json.dumps(shown, ensure_ascii=False)
    assert (len(shown["conversations"]), second["said_before"][0]["text"]) == (2, f"De novo: {WORDS}")
    assert {"contact", "crew"} == {one["who"] for one in second["said_before"]}
    assert shown["conversations"][0]["read_in_attachments"][0]["kept"]["0"]["transcript"].endswith(WORDS)
    assert shown["conversations"][0]["dead_letters"]
    assert shown["spent"]
    assert shown["records_in_journals"] == 0, "the verb's own JOURNAL_DIR is another"
    assert "abelardo" not in told.casefold()

    code, dry, _ = await erase(system, hers.contact, "--dry-run")
    assert (code, dry["verified"]) == (0, False)
    passing = {key for key in before if ":spent:" in key or key.startswith("arq:") or key in PASSING}
    of_people = {
        key for key, text in before.items() if conversation_of(key) or any(word in text for word in (*HERS, "abelardo"))
    }
    assert set(await everything(redis)) >= of_people - passing

    await llm.latency("fixed:1500ms")
    await driver.answer(hers, "webchat", f"mais uma vez {WORDS}")
    await llm.wait("in_flight", at_least=1, seconds=30)  # its turn runs
    code, receipt, complaints = await erase(system, hers.contact)
    assert (code, receipt["verified"], receipt["left"]) == (0, True, {}), complaints
    places = {one["place"]: one for one in receipt["places"]}
    for place in ("cw:media:{conv}:{message}", "cw:dead:{turn}", "cw:turns:{account}", "journals of doors",
                  "cw:spent:{account}:{scope}:{unit}:{period}", "cw:alike:{account}:{scope}"):  # fmt: skip
        assert places[place]["erased"] >= 1, place
    assert any(line.startswith("Chatwoot") for line in receipt["outside"])

    await llm.wait("in_flight", at_most=0, seconds=30)
    after = await without_her(redis, hers)
    assert not await redis.exists(keys.contact("1", hers.contact))
    disk = on_disk(system)
    assert not [word for word in HERS if word in disk]
    assert "abelardo" in disk
    his_keys = {key for key in before if conversation_of(key) == str(his.conversation)}
    assert len(his_keys) > 5
    assert his_keys <= set(after)
    entries = [one async for one in AuditLog(redis).entries()]
    assert {"export", "erase"} <= {one.what for one in entries}
    assert str(hers.contact) not in {one.of for one in entries}
    assert receipt["receipt"] in {one.of for one in entries}

    code, again, _ = await erase(system, hers.contact)
    assert (code, again["verified"]) == (0, True), "the past is found in Chatwoot still, and nothing here"

    await llm.latency("fixed:50ms")
    new = await driver.write(ACCOUNT, "webchat", "Oi, ainda me conhece?", new=True, contact=hers.contact)
    await driver.wait_for_reply(new, within=30)


async def captured(system: System, *of: str) -> Any:
    code, said, complaints = await verb(system, "eval", "capture", "--account", "1", "--set", "real", "--json", *of)
    assert code == 0, complaints
    return said


def written_in(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


async def test_cases_are_captured_by_label_letter_and_thumb_once_and_go_with_their_contact(
    system: System, redis: Connection, driver: Driver
) -> None:
    hers = await plant(system, redis, driver, {**ZULEIKA, "name": "Zuleika Captura"}, WORDS)
    conv = keys.conv("1", hers.conversation)
    (life,) = [one async for one in Figures(redis).walk(TurnFilter(account="1", conversation=hers.conversation))]
    await Thumbs(redis).put("1", life.turn.turn, up=False, reason="wrong", by="ana")
    await driver.reply(hers, "Zuleika, o quindim leva doze gemas.")
    url, environ = system.url("chatwoot"), system._environ()
    async with aiohttp.ClientSession() as session:
        tokens = {name: environ[f"CHATWOOT_1_{name.upper()}"] for name in ("bot_token", "user_token")}
        chatwoot = Chatwoot(session, url=url, account=1, **tokens)
        await chatwoot.set_labels(hers.conversation, ["eval"])

    dry = await captured(system, "--corrected", "--dry-run")
    ((one,), folder) = dry["drafts"], system.configuration / "domains"
    assert (one["conversation"], one["source"], one["file"]) == (conv, "corrected wrong", "")
    assert not list(folder.rglob("evals/real/*.yaml"))
    (draft,) = (await captured(system, "--corrected"))["drafts"]
    text = written_in(draft["file"])
    (case,) = yaml.safe_load(text)
    assert (case["reviewed"], case["purpose"]) == (False, "to answer questions about recipes")
    assert case["expect"]["same_facts_as"].endswith("o quindim leva doze gemas.")
    assert "zuleika" not in text.casefold()
    for again in ("--corrected", "--label=eval", "--dead-letters"):
        said = await captured(system, again)
        assert [one for one in said["drafts"] if one["conversation"] == conv] == [], again
        assert "it is a case already" in {one["why"] for one in said["skipped"] if one["conversation"] == conv}, again

    code, receipt, complaints = await erase(system, hers.contact)
    assert (code, receipt["left"]) == (0, {}), complaints
    places = {one["place"]: one["erased"] for one in receipt["places"]}
    assert (places["evaluation cases"], places["cw:thumbs:{account}"]) == (1, 1)
    assert conv not in "".join(path.read_text(encoding="utf-8") for path in folder.rglob("evals/real/*.yaml"))
    assert life.turn.turn not in await Thumbs(redis).all("1")


async def keys_with_her(redis: Connection) -> set[str]:
    return {key for key, text in (await everything(redis)).items() if any(word in text for word in HERS)}


async def without_her(redis: Connection, hers: Sent, within: float = 20) -> dict[str, str]:
    """All text in Redis by key, once neither a word of hers is in it nor a key of her conversation.

    Log lines and the turn that ran may be on their way; then nothing more of hers comes.
    """
    async with asyncio.timeout(within):
        while await traces_of_her(redis, hers):  # noqa: ASYNC110 - other processes write
            await asyncio.sleep(0.1)
    await asyncio.sleep(2.5)
    assert not await traces_of_her(redis, hers)
    return await everything(redis)


async def traces_of_her(redis: Connection, hers: Sent) -> list[str]:
    """The keys that hold a word of hers, or are her conversation's."""
    return [
        key
        for key, text in (await everything(redis)).items()
        if any(word in text for word in HERS) or conversation_of(key) == str(hers.conversation)
    ]


def work(system: System, redis: Connection, contact: int) -> Work:
    arguments = argparse.Namespace(account="1", config=system.configuration, yes=True, in_chatwoot=False, dry_run=False)
    return Work(redis, arguments, None, Subject("1", contact), None)


@pytest.mark.parametrize("after", [*range(11), 0.02, 0.05, 0.1, 0.2, 0.4])
async def test_cut_off_anywhere_and_run_again_it_ends_the_same(
    system: System, redis: Connection, driver: Driver, monkeypatch: pytest.MonkeyPatch, after: float
) -> None:
    """After a number of steps, or wherever it is after some seconds."""
    monkeypatch.setenv("JOURNAL_DIR", str(system.folder / "elsewhere"))
    before = await keys_with_her(redis)
    hers = await plant(system, redis, driver, {**ZULEIKA, "name": f"Zuleika Quaresma {after}"}, WORDS)
    first = work(system, redis, hers.contact)
    if isinstance(after, int):
        for step in first.steps[:after]:
            await step()
    else:
        with suppress(TimeoutError):
            async with asyncio.timeout(after):
                await first.run()
    second = work(system, redis, hers.contact)
    with suppress(CommandError):  # nothing was left to erase
        await second.run()
        assert second.receipt.verified
    await asyncio.sleep(1.2)  # log lines on their way
    assert await keys_with_her(redis) <= before
    assert not [key for key in await everything(redis) if conversation_of(key) == str(hers.conversation)]


async def test_who_is_deleted_in_chatwoot_is_erased_and_who_is_merged_is_known_by_the_other_number(
    system: System, redis: Connection, driver: Driver
) -> None:
    gone = await plant(system, redis, driver, {**ZULEIKA, "name": "Zenaide Pontes"}, "adeus")
    double = await plant(system, redis, driver, {**NEIGHBOUR, "name": "Ambrósio Duplo"}, "sou eu")
    base = await plant(system, redis, driver, {**NEIGHBOUR, "name": "Ambrósio Único"}, "sou eu também")
    url, token = system.url("chatwoot"), system._environ()["CHATWOOT_1_USER_TOKEN"]
    account = builders.account("1", installation=Installation("default", url), user_token=Secret(token))
    async with aiohttp.ClientSession() as session:
        admin = Admin(session, url, 1, token)
        await admin.remove_contact(gone.contact)
        merge = {"base_contact_id": base.contact, "mergee_contact_id": double.contact}
        await admin.call("POST", "/actions/contact_merge", merge)
        assert await DeletedContacts(redis, session, tuple).follow(account, pause=0) == (1, 1)
        assert await DeletedContacts(redis, session, tuple).follow(account, pause=0) == (0, 0)
    known = KnownContacts(redis)
    assert set(await known.conversations("1", base.contact)) >= {double.conversation, base.conversation}
    left = await everything(redis)
    assert not [
        key for key, text in left.items() if "zenaide" in text or conversation_of(key) == str(gone.conversation)
    ]
    assert [key for key, text in left.items() if "ambrósio" in text]


async def test_what_was_written_before_counts_as_admitted(system: System, redis: Connection, driver: Driver) -> None:
    hers = await plant(system, redis, driver, {**ZULEIKA, "name": "Quitéria Bastos"}, "algo antigo")
    conv = keys.conv("1", hers.conversation)
    (entry,) = await redis.zrange(keys.kept(conv), 0, 0)
    await asyncio.sleep(1.0)  # Chatwoot tells whole seconds: what is written in an erasure's own second is admitted
    code, _, complaints = await erase(system, hers.contact, "--in-chatwoot")
    assert code == 0, complaints
    path = system.folder / "journal-ingress" / f"1-{random.randrange(1 << 30):08x}.journal"
    path.write_bytes(frame(b"\x05" + entry))
    async with asyncio.timeout(20):
        while path.exists():  # the door adopts it  # noqa: ASYNC110 - another process's file
            await asyncio.sleep(0.1)
    assert not await redis.exists(keys.state(conv), keys.box(conv), keys.kept(conv))
    with pytest.raises(Exception, match="404"):
        await driver.state(hers)
