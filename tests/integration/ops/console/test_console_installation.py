"""Configuration, knowledge, cost, connections, access: what they show is what is there, each viewer their part."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

import config
from chatwootai.stores.figures.day_counts import Spent
from chatwootai.stores.figures.ended_turn import NANO, EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.installation.canaries import Canaries, Result
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.incidents import Incidents, Kind
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.operators.thumbs import Thumbs
from config.files.packing import pack
from config.files.sources import gather
from tests.integration.ops.console.conftest import Desk

SAME = {"Sec-Fetch-Site": "same-origin"}
SECRETS = ("CHATWOOT_1_SECRET", "CHATWOOT_1_BOT_TOKEN", "CHATWOOT_2_SECRET", "CHATWOOT_2_BOT_TOKEN")
PAGES = ("/configuration", "/configuration/difference", "/knowledge", "/cost", "/connections", "/access")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration, in the folder that the console reads; asked for before `desk`."""
    for name in SECRETS:
        monkeypatch.setenv(name, f"{name.lower()}-0123456789abcdef")
    shipped = Path(config.__file__).parent
    shutil.copytree(shipped / "domains", tmp_path / "domains")
    shutil.copy(shipped / "chatwoot_mapping.yaml", tmp_path)
    return tmp_path


async def published(desk: Desk, folder: Path) -> int:
    sources = gather(folder, os.environ)
    versions = ConfigVersions(desk.redis)
    number, _ = await versions.publish(sources.digest(), pack(sources, os.environ), by="test", why="edit", accounts=2)
    return number


async def ask(desk: Desk, path: str, kind: str = "operator") -> Any:
    status, text, _ = await desk.ask(path, kind)
    assert status == 200, (path, status, text[:300])
    return json.loads(text)


async def test_values_come_with_file_and_line_and_without_secrets(folder: Path, desk: Desk) -> None:
    await published(desk, folder)
    found = await ask(desk, "/api/configuration?account=1")
    rows = {one["path"]: one for part in found["values"].values() for one in part}
    assert rows["name"]["value"] == "Sandra Cosmeticos"
    assert str(rows["name"]["file"]).endswith("chatwoot_mapping.yaml")
    assert rows["name"]["line"] > 0
    status, page, _ = await desk.ask("/configuration?account=1", "lead of 1")
    assert status == 200
    assert "chatwoot_1_secret-0123456789abcdef" not in page + json.dumps(found)
    assert "chatwootai tenants show 1 --explain" in page


async def test_a_difference_shows_a_lead_her_own_files_alone(folder: Path, desk: Desk) -> None:
    first = await published(desk, folder)
    for path in ("domains/retail/account_1/config.yaml", "domains/furniture/account_2/config.yaml"):
        (folder / path).write_text((folder / path).read_text() + "# another line\n")
    second = await published(desk, folder)
    address = f"/api/configuration/difference?from={first}&to={second}"
    everything = (await ask(desk, address))["files"]
    assert {"domains/retail/account_1/config.yaml", "domains/furniture/account_2/config.yaml"} == set(everything)
    own = (await ask(desk, address, "lead of 1"))["files"]
    assert set(own) == {"domains/retail/account_1/config.yaml"}
    assert "+# another line" in own["domains/retail/account_1/config.yaml"]
    status, page, _ = await desk.ask(f"/configuration/difference?from={first}&to={second}", "operator")
    assert (status, "another line" in page) == (200, True)
    assert (await desk.ask("/api/configuration/difference?from=999", "operator"))[0] == 404


async def test_problems_stand_at_file_and_line_and_are_not_published(folder: Path, desk: Desk) -> None:
    await published(desk, folder)
    (folder / "domains/retail/account_1/config.yaml").write_text("nonsense_key: 1\n")
    found = await ask(desk, "/api/configuration", "operator")
    assert any(one["file"].endswith("account_1/config.yaml") and one["line"] == 1 for one in found["problems"])
    own = await ask(desk, "/api/configuration", "lead of 1")
    assert own["problems"]
    _, page, _ = await desk.send_form("/configuration/publish", "operator")
    assert 'class="verdict bad" role="status"><ul><li>' in page
    assert (await ask(desk, "/api/configuration"))["in_force"] == 1


async def test_publish_and_rollback_are_done_and_written_down(folder: Path, desk: Desk) -> None:
    first = await published(desk, folder)
    path = folder / "domains/retail/account_1/config.yaml"
    path.write_text(path.read_text() + "# another line\n")
    to, page, _ = await desk.send_form("/configuration/publish", "operator", {"next": "/configuration?account=1"})
    assert (to, "version 2 is in force" in page) == ("/configuration?account=1", True)
    assert (await ask(desk, "/api/configuration"))["in_force"] == first + 1
    _, page, _ = await desk.send_form("/configuration/rollback", "operator", {"version": str(first)})
    assert "The folders stay as they are" in page
    _, page, _ = await desk.send_form("/configuration/rollback", "operator", {"version": "99"})
    assert 'class="verdict bad"' in page
    done = [one.what for one in await AuditLog(desk.redis).newest(lambda _: True, 10)]
    assert done[:2] == ["rollback", "publish"]


async def test_cost_is_what_was_spent_by_model_and_crew(folder: Path, desk: Desk) -> None:
    today = datetime.now(ZoneInfo("America/Sao_Paulo")).date()  # as the shipped accounts count; UTC is there already
    figures = Figures(desk.redis)
    for account, model, cost in (("1", "small", 2), ("1", "large", 3), ("2", "large", 5)):
        turn = EndedTurn(
            account=account, turn=f"turn:{account}:{model}:1", conversation=1, inbox=1, channel="web",
            outcome="reply", served_by="crew", cost=cost * NANO, tokens=10 * cost, config=7,
        )  # fmt: skip
        spent = Spent("customer_service", {model: (cost * NANO, 10 * cost)})
        await figures.write(turn, {}, today, spent=spent)
    found = await ask(desk, "/api/cost?days=2")
    assert found["sum"]["cost"] == 10
    assert found["models"] == [
        {"name": "large", "cost": 8.0, "tokens": 80},
        {"name": "small", "cost": 2.0, "tokens": 20},
    ]
    assert found["crews"] == [{"name": "customer_service", "cost": 10.0}]
    assert [(one["account"], one["cost"]) for one in found["accounts"]] == [("1", 5.0), ("2", 5.0)]
    own = await ask(desk, "/api/cost?days=2", "viewer of 1")
    assert (own["sum"]["cost"], own["accounts"]) == (5, [])
    by_version = (await ask(desk, "/api/configuration"))["by_version"]
    assert [(one["version"], one["turns"], one["cost"]) for one in by_version] == [(7, 3, 10.0)]


async def test_connections_say_what_came_and_what_is_refused(folder: Path, desk: Desk) -> None:
    await Incidents(desk.redis).note(Kind.SIGNATURE, "1", "webhook", "it does not hold", 3)
    await desk.redis.hset("cw:arrived", "1", "1700000000000")
    found = (await ask(desk, "/api/connections"))["connections"]
    one, two = found
    assert (one["account"], one["last_message"], two["last_message"]) == ("1", 1_700_000_000.0, None)
    assert [each["kind"] for each in one["incidents"]] == ["signature"]
    assert [each["account"] for each in (await ask(desk, "/api/connections", "lead of 1"))["connections"]] == ["1"]
    asked = await ask(desk, "/api/connections?account=1&tokens=1")
    assert {each["topic"] for each in asked["tokens"]} >= {"bot_token", "user_token"}


async def test_an_account_is_paused_and_goes_on_by_its_own_lead(folder: Path, desk: Desk) -> None:
    form = {"until": "1h", "why": "<script>alert(1)</script>"}
    form["next"] = "/connections?account=1"
    to, text, answer = await desk.send_form("/connections/1/pause", "lead of 1", form)
    assert to == "/connections?account=1#account-1"
    assert ("<script>alert" in text, 'action="/connections/1/resume"' in text) == (False, True)
    assert ("account 1 is paused until" in text, answer.cookies["chatwootai_console_notice"].value) == (True, "")
    assert "account 1 is paused until" not in (await desk.ask("/connections", "lead of 1"))[1]
    (shown,) = (await ask(desk, "/api/connections", "lead of 1"))["connections"]
    assert (shown["paused"]["who"], shown["paused"]["why"]) == ("lead of 1 (console)", form["why"])
    now = await ask(desk, "/api/now")
    assert [one["kind"] for one in now["problems"] if one["account"] == "1"] == ["paused"]
    assert [one["account"] for one in now["paused"]] == ["1"]
    status, text, _ = await desk.ask("/api/connections/1/resume", "operator", "POST", SAME)
    assert (status, "goes on" in json.loads(text)["done"]) == (200, True)
    assert (await desk.ask("/api/connections/1/resume", "operator", "POST", SAME))[0] == 409
    audit = [one async for one in AuditLog(desk.redis).entries()]
    assert [(one.what, one.account) for one in audit][-2:] == [("pause", "1"), ("resume", "1")]


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example/", "/connections/../x", "?a\r\nX: y", ""])
async def test_a_form_leads_to_its_own_page_alone(folder: Path, desk: Desk, after: str) -> None:
    form = {"until": "1h", "next": after}
    status, _, answer = await desk.ask("/connections/1/pause", "operator", "POST", SAME, data=form)
    assert (status, answer.headers["Location"]) == (303, "/connections#account-1")


@pytest.mark.parametrize("until", ["", "never", "8d", "2020-01-01"])
async def test_a_pause_until_no_time_is_refused_in_words(folder: Path, desk: Desk, until: str) -> None:
    sent = {"until": until}
    status, text, _ = await desk.ask("/api/connections/1/pause", "operator", "POST", SAME, json=sent)
    assert (status, bool(json.loads(text)["error"])) == (400, True)


async def test_knowledge_shows_sources_and_what_answers_cite(folder: Path, desk: Desk) -> None:
    store = KnowledgeStore(desk.redis)
    token = await store.begin("1")
    version = await store.write("1", {"customers": b"x"})
    source = {
        "source": "help", "place": "", "audience": "customers", "state": "failed", "documents": 2, "passages": 4,
        "problems": [{"document": "a", "reason": "too large"}], "read_at": 1_700_000_000.0,
    }  # fmt: skip
    about = {"account": "1", "version": version, "model": "m", "ingested_at": 1_700_000_000.0, "sources": [source]}
    await store.publish("1", version, orjson.dumps(about), token or "")
    turn = EndedTurn(
        account="1", turn="turn:1:1:1", conversation=1, inbox=1, channel="web", outcome="reply", served_by="crew"
    )
    record = {"passages": [["help", "a", 0.9, True], ["help", "b", 0.8, False]]}
    await Figures(desk.redis).write(turn, record, datetime.now(UTC).date())
    found = await ask(desk, "/api/knowledge?account=1", "lead of 1")
    assert (found["version"], [one["state"] for one in found["sources"]]) == (version, ["failed"])
    assert found["cited"]["documents"][0] == {"source": "help", "document": "a", "cited": 1, "offered": 1}
    status, page, _ = await desk.ask("/knowledge", "lead of 1")
    assert (status, "too large" in page) == (200, True)
    assert (await desk.ask("/api/knowledge/search", "lead of 1", "POST", SAME, data={"question": ""}))[0] == 400


async def test_an_earlier_version_of_the_knowledge_is_put_in_force_again(folder: Path, desk: Desk) -> None:
    store = KnowledgeStore(desk.redis)
    for text in (b"x", b"y"):
        token = await store.begin("1")
        version = await store.write("1", {"customers": text})
        about = {"account": "1", "version": version, "model": "m", "ingested_at": 1_700_000_000.0, "sources": []}
        await store.publish("1", version, orjson.dumps(about), token or "")
        await store.end("1", token or "")
    assert 'action="/knowledge/rollback?account=1"' in (await desk.ask("/knowledge", "lead of 1"))[1]
    path = "/knowledge/rollback?account=1"
    form = {"version": str(version - 1), "next": "/knowledge?account=1"}
    to, text, _ = await desk.send_form(path, "lead of 1", form)
    assert (to, f"version {version - 1} is in force" in text) == ("/knowledge?account=1", True)
    assert await store.version("1") == version - 1
    assert (await desk.ask(f"/api{path}", "operator", "POST", SAME, data={"version": "99"}))[0] == 404
    assert (await desk.ask(f"/api{path}", "operator", "POST", SAME, data={}))[0] == 400
    assert [one.what async for one in AuditLog(desk.redis).entries()] == ["knowledge rollback"]


async def test_a_search_without_knowledge_says_so(folder: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.console.data.installation.knowledge._SEARCH_SECONDS", 300.0)  # it lets all others go first
    status, text, _ = await desk.ask("/api/knowledge/search", "lead of 1", "POST", SAME, data={"question": "entrega?"})
    assert (status, "ingest" in json.loads(text)["error"]) == (409, True)


async def test_access_lists_revokes_and_follows_the_chain(folder: Path, desk: Desk) -> None:
    found = await ask(desk, "/api/access?chain=1")
    assert {one["name"] for one in found["tokens"]} == set(desk.tokens)
    (viewer,) = [one["id"] for one in found["tokens"] if one["name"] == "viewer"]
    to, page, _ = await desk.send_form("/access/tokens/revoke", "operator", {"id": viewer, "next": "/access?chain=1"})
    assert (to, f"<li>Done: Revoke.</li><li>{viewer}</li>" in page) == ("/access?chain=1", True)
    assert await ConsoleTokens(desk.redis).read(viewer) is None
    after = await ask(desk, "/api/access?chain=1&who=operator")
    assert (after["audit"][0]["what"], after["audit"][0]["of"]) == ("console token revoke", viewer)
    assert after["chain"]["faults"] == []
    assert (await ask(desk, "/api/access?who=nobody"))["audit"] == []


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
async def test_each_page_is_there_in_each_language(folder: Path, desk: Desk, language: str) -> None:
    await published(desk, folder)
    for path in PAGES:
        for query in ("", "?account=1"):
            status, page, _ = await desk.ask(path + query, "operator", headers={"Accept-Language": language})
            assert status == 200, path
            assert f'<html lang="{language}">' in page


async def test_both_sides_of_a_canary_are_shown_to_whom_they_belong(folder: Path, desk: Desk) -> None:
    await published(desk, folder)
    canaries, base = Canaries(desk.redis), await ConfigVersions(desk.redis).current()
    assert base is not None
    terms = {"share": 1_000, "account": "1", "inbox": None, "until": 4e9, "rules": ["handoffs>30%"]}
    version = await canaries.start("other", b"packed", terms, base, by="test", why="canary", accounts=2)
    for number, outcome, config_version, side in ((1, "handoff", version, "canary"), (2, "reply", 1, "base")):
        turn = EndedTurn(
            account="1", turn=f"c{number}", conversation=number, inbox=3, channel="webchat", outcome=outcome,
            cause="model" if outcome == "handoff" else "", seconds=1.0, config=config_version,
        )  # fmt: skip
        await Figures(desk.redis).write(turn, {}, datetime.now(UTC).date(), canary=f"{version}:{side}")
        await Thumbs(desk.redis).put("1", turn.turn, up=outcome == "reply", reason="", by="ana")
    found = (await ask(desk, "/api/configuration"))["canary"]
    assert (found["state"], found["share"]) == ("running", 0.1)
    sides = found["sides"]
    assert [(sides[side]["turns"], sides[side]["thumbs"]) for side in ("canary", "base")] == [
        (1, {"up": 0, "down": 1}), (1, {"up": 1, "down": 0}),
    ]  # fmt: skip
    assert sides["canary"]["measures"]["failures"]["hits"] == 1
    await canaries.end(version, Result.BACK, by="worker a", why="handoffs>30%")
    status, page, _ = await desk.ask("/configuration", "lead of 1")
    assert (status, "handoffs&gt;30%" in page) == (200, True)
    await canaries.start("third", b"packed", {**terms, "account": ""}, base, by="test", why="canary", accounts=2)
    assert (await ask(desk, "/api/configuration", "lead of 1"))["canary"] is None  # it counts other accounts' turns
