"""Turns and Outcomes tell what was played: counted here apart from the product, percentiles within one bucket."""

import csv
import io
import json
import random
import re
import time
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from chatwootai.stores import keys
from chatwootai.stores.figures.ended_turn import NANO, EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.figures.histogram import BOUNDS
from chatwootai.stores.operators.dead_letters import DeadLetters
from tests.integration.ops.console.conftest import Desk

KINDS = (
    ("reply", "", "", "crew"),
    ("reply", "", "", "curated"),
    ("handoff", "asked", "", "people"),
    ("handoff", "model", "key_refused", "people"),
    ("silence", "", "stepped_in", ""),
)
SAME = {"Sec-Fetch-Site": "same-origin"}


async def play(desk: Desk, count: int = 500) -> list[EndedTurn]:
    """Write turns of every kind, of two accounts, as a worker does."""
    draw, figures, played = random.Random(11), Figures(desk.redis), []
    today = datetime.now(UTC).date()
    for number in range(count):
        outcome, cause, why, served_by = draw.choice(KINDS)
        turn = EndedTurn(
            account=draw.choice("12"), turn=f"t{number}", conversation=draw.randint(1, 40), inbox=draw.choice((11, 12)),
            channel=draw.choice(("whatsapp", "email")), outcome=outcome, cause=cause, why=why, served_by=served_by,
            seconds=round(draw.lognormvariate(0.7, 0.8), 3), cost=draw.randint(0, NANO // 1000),
            tokens=draw.randint(0, 900), config=3, late="draft",
        )  # fmt: skip
        await figures.write(turn, {"account": turn.account, "outcome": outcome}, today)
        played.append(turn)
    return played


async def read(desk: Desk, path: str, kind: str = "operator") -> dict[str, object]:
    status, text, answer = await desk.ask(path, kind)
    assert status == 200, text
    return dict(await answer.json())


async def all_turns(desk: Desk, query: str, kind: str = "operator") -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor = ""
    while True:
        page = await read(desk, f"/api/turns?{query}&cursor={cursor}", kind)
        assert isinstance(page["turns"], list)
        found += page["turns"]
        if page["cursor"] is None:
            return found
        cursor = str(page["cursor"])


async def test_every_number_is_what_was_played(desk: Desk) -> None:
    played = await play(desk)
    for account in (None, "1", "2"):
        own = [one for one in played if account in {None, one.account}]
        found = await read(desk, "/api/outcomes" + (f"?account={account}" if account else ""))
        for numbers in (found["sum"], found["days"][-1]):  # type: ignore[index]
            check(numbers, own)  # type: ignore[arg-type]
        assert found["previous"]["turns"] == 0  # type: ignore[index]
        turns = await all_turns(desk, f"account={account or ''}")
        assert [one["turn"] for one in turns] == [one.turn for one in reversed(own)]


def check(numbers: dict[str, object], own: list[EndedTurn]) -> None:
    replies = [one for one in own if one.outcome == "reply"]
    assert numbers["turns"] == len(own)
    assert numbers["replies"] == len(replies)
    assert numbers["handoffs"] == dict(Counter(one.cause for one in own if one.outcome == "handoff"))
    assert numbers["silences"] == sum(one.outcome == "silence" for one in own)
    assert numbers["under_3_s"] == sum(one.seconds < 3 for one in replies)
    assert numbers["tokens"] == sum(one.tokens for one in own)
    assert numbers["cost"] == pytest.approx(sum(one.cost for one in own) / NANO)
    seconds = sorted(one.seconds for one in replies)
    for name, share in (("p50_seconds", 0.5), ("p95_seconds", 0.95)):
        true = seconds[min(len(seconds) - 1, int(share * len(seconds)))]
        assert abs(bisect_left(BOUNDS, float(str(numbers[name]))) - bisect_left(BOUNDS, true)) <= 1


@pytest.mark.parametrize(
    ("query", "takes"),
    [
        ("outcome=handoff", lambda one: one.outcome == "handoff"),
        ("cause=model&channel=email", lambda one: one.cause == "model" and one.channel == "email"),
        ("served_by=curated&account=2", lambda one: one.served_by == "curated" and one.account == "2"),
        ("slower_ms=3000", lambda one: one.seconds > 3),
        ("inbox=12&conversation=7", lambda one: one.inbox == 12 and one.conversation == 7),
        ("config=4", lambda one: False),
        ("until=2020-01-01", lambda one: False),
        ("since=2020-01-01", lambda one: True),
    ],
)
async def test_conditions_leave_what_they_say(desk: Desk, query: str, takes: object) -> None:
    played = await play(desk, 200)
    assert callable(takes)
    assert {one["turn"] for one in await all_turns(desk, query)} == {one.turn for one in played if takes(one)}


async def test_a_number_opens_the_turns_that_it_counts(desk: Desk) -> None:
    await play(desk, 120)
    _, text, _ = await desk.ask("/outcomes?account=1", "operator")
    opened = re.findall(r'<a href="(/turns\?[^"]+)">(\d+)</a>', text)
    assert len(opened) > 10
    for address, number in set(opened):
        query = address.partition("?")[2].replace("&amp;", "&")
        assert len(await all_turns(desk, query)) == int(number), address


async def test_what_is_rare_is_found_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.console.data.turns._MOST_READ", 1000)
    rare = EndedTurn(account="1", turn="rare", conversation=7, inbox=1, channel="line", outcome="reply", seconds=1.0)
    await Figures(desk.redis).write(rare, {}, datetime.now(UTC).date())
    await play(desk, 1100)
    assert [one["turn"] for one in await all_turns(desk, "channel=line")] == ["rare"]
    status, text, _ = await desk.ask("/turns?channel=line", "operator")
    assert (status, "look further" in text) == (200, True)
    status, text, _ = await desk.ask("/turns", "operator", headers={"Accept-Language": "es"})
    assert (status, text.count("<tr>")) == (200, 51)


async def test_a_lead_gets_one_account_whatever_is_asked(desk: Desk) -> None:
    played = await play(desk, 100)
    own = {one.turn for one in played if one.account == "1"}
    assert {one["turn"] for one in await all_turns(desk, "", "lead of 1")} == own
    assert (await read(desk, "/api/outcomes", "lead of 1"))["sum"]["turns"] == len(own)  # type: ignore[index]
    for path in ("/api/turns", "/turns", "/turns.csv", "/api/outcomes", "/outcomes", "/failures"):
        assert (await desk.ask(f"{path}?account=2", "lead of 1"))[0] == 404
        assert (await desk.ask(f"{path}?account=1&account=2", "lead of 1"))[0] == 404


async def test_csv_has_the_rows_and_no_formula(desk: Desk) -> None:
    await play(desk, 30)
    spiked = EndedTurn(account="1", turn="=1+1", conversation=1, inbox=1, channel="@x", outcome="silence", why="+cmd")
    await Figures(desk.redis).write(spiked, {}, datetime.now(UTC).date())
    _, text, answer = await desk.ask("/turns.csv?account=1", "operator")
    assert answer.content_type == "text/csv"
    first, *rows = csv.DictReader(io.StringIO(text))
    assert (first["turn"], first["channel"], first["why"]) == ("'=1+1", "'@x", "'+cmd")
    assert len(rows) == len(await all_turns(desk, "account=1")) - 1


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "slower_ms=-1", "since=yesterday", "inbox=1e9", "since=99999999999999999999999", "days=0", "days=91"],
)
async def test_what_makes_no_sense_is_refused_in_words(desk: Desk, query: str) -> None:
    path = "/api/outcomes" if query.startswith("days") else "/api/turns"
    status, _, answer = await desk.ask(f"{path}?{query}", "operator")
    assert status == 400
    assert (await answer.json())["error"].startswith(query.partition("=")[0])
    assert (await desk.ask(f"{path.removeprefix('/api')}?{query}", "operator"))[0] == 400


async def test_dead_letters_are_grouped_by_cause_and_dropped_together(desk: Desk) -> None:
    for number in range(40):
        cause, conv = ("model: 401" if number % 4 else "chatwoot: gone"), f"{1 + number % 2}:{number}"
        letter = f'{{"conv": "{conv}", "cause": "{cause}", "at": {time.time()}, "deliveries": []}}'
        await desk.redis.zadd(keys.DEAD, {f"d{number}": time.time() * 1000})
        await desk.redis.set(keys.dead(f"d{number}"), letter)
    groups = (await read(desk, "/api/failures"))["groups"]
    assert [(one["cause"], one["count"], one["conversations"]) for one in groups] == [  # type: ignore[attr-defined]
        ("model: 401", 30, 30),
        ("chatwoot: gone", 10, 10),
    ]
    (mine, *_) = (await read(desk, "/api/failures", "lead of 1"))["groups"]  # type: ignore[misc]
    assert mine["accounts"] == {"1": mine["count"]}
    assert (await desk.ask("/failures/drop", "viewer", "POST", SAME, data={"cause": "model: 401"}))[0] == 403
    _, text, _ = await desk.send_form("/failures/drop", "lead of 1", {"cause": "model: 401"})
    assert "10 done, 0 left as they are, 0 still to come" in text
    left = Counter(
        [one.conv.partition(":")[0] async for one in DeadLetters(desk.redis).all() if one.cause == "model: 401"]
    )
    assert left == {"2": 20}
    _, text, _ = await desk.send_form("/failures/retry", "operator", {"cause": "chatwoot: gone"})
    assert "0 done, 10 left as they are" in text


async def test_a_bulk_action_says_first_what_it_touches_and_whose_it_is(desk: Desk) -> None:
    for number in range(12):
        cause = f"Chatwoot refused: 422 message {1000 + number} is too long"
        letter = f'{{"conv": "1:{number}", "cause": "{cause}", "at": {time.time()}, "deliveries": []}}'
        await desk.redis.zadd(keys.DEAD, {f"d{number}": time.time() * 1000})
        await desk.redis.set(keys.dead(f"d{number}"), letter)
        taken = "takeover" if number < 5 else "admitted"
        await desk.redis.rpush(keys.life(f"1:{number}"), f"{int(time.time())} 0\t{taken}\tmessage=1")
    (group,) = (await read(desk, "/api/failures"))["groups"]  # type: ignore[misc]
    assert (group["cause"], group["count"]) == ("Chatwoot refused: 422 message # is too long", 12)
    cause = quote(group["cause"])
    found = await read(desk, f"/api/failures/impact?cause={cause}", "lead of 1")
    assert (found["letters"], found["conversations"], found["people"]) == (12, 12, 5)
    status, text, _ = await desk.ask(f"/failures/impact?action=drop&cause={cause}", "operator")
    assert status == 200
    assert "12 dead letters of 12 conversations, of 1 accounts. 5 of these are people" in text
    assert len([one async for one in DeadLetters(desk.redis).all()]) == 12
    _, text, _ = await desk.ask("/api/failures/drop", "operator", "POST", SAME, data={"cause": group["cause"]})
    assert json.loads(text)["done"] == 12
