"""A conversation as data: its turns with all that is kept of each, for whoever may see its account, without words."""

import time

import pytest

from chatwootai.stores import keys
from chatwootai.stores.conversation.turns import Turns
from tests.integration.ops.console.conftest import Desk

CANARY = "meu CPF 123.456.789-00"
SAME = {"Sec-Fetch-Site": "same-origin"}
RECORD = {
    "account": "1", "conversation": 25, "inbox": 11, "channel": "whatsapp", "function": "customer_service",
    "outcome": "handoff", "reason": CANARY, "cause": "model", "why": "key_refused",
    "error": "401 invalid key sk-aaaaaaaaaaaaaaaaaaaa", "messages": 1, "parts": 1, "superseded": 0, "tries": 0,
    "served_by": "people", "plan": "one call", "model": "m", "calls": 1, "prompt_tokens": 9, "completion_tokens": 4,
    "tools": [["order_status", "failed", 0.2]], "passages": [["faq", "faq_12", 0.8, True]], "seconds": 1.5,
    "steps": [["queue", 0.01], ["draft", 1.0], ["post", 0.2], ["model", 0.9]], "text": CANARY,
}  # fmt: skip


async def a_handed_over_turn(desk: Desk, conv: str = "1:25", turn: str = "t1") -> None:
    now = int(time.time())
    life = [
        f"{now} 0\tadmitted\tmessage=7\tdelivery=d\tlane=normal",
        f"{now} 5\tcommitted\tturn={turn}\tmessages=7\tactions=1\tdead=0\toutcome=handoff\tcause=model: 401",
    ]
    await desk.redis.rpush(keys.life(conv), *life)  # type: ignore[misc]
    await Turns(desk.redis).write(turn, {**RECORD, "account": conv.partition(":")[0]})


async def test_a_turn_is_told_whole_and_without_words(desk: Desk) -> None:
    await a_handed_over_turn(desk)
    status, text, answer = await desk.ask("/api/conversations/1/25", "lead of 1")
    assert status == 200
    assert CANARY not in text
    assert "sk-aaaa" not in text
    found = await answer.json()
    assert found["owner"] == "people"
    (turn,) = found["turns"]
    assert turn["reason"] == "Given to people: the AI service refused the key."
    assert turn["steps"][1] == {"name": "draft", "seconds": 1.0}
    assert turn["tools"] == [{"name": "order_status", "outcome": "failed", "seconds": 0.2}]
    assert turn["passages"] == [{"source": "faq", "document": "faq_12", "score": 0.8, "cited": True}]
    assert turn["model_calls"] == []
    assert [step["step"] for step in found["life"]] == ["admitted", "committed"]
    page = await desk.ask("/conversations/1/25", "operator", headers={"Accept-Language": "pt-BR"})
    assert page[0] == 200
    assert "Entregue a pessoas" in page[1]
    assert CANARY not in page[1]


async def test_another_account_and_what_is_not_there_look_the_same(desk: Desk) -> None:
    await a_handed_over_turn(desk, "2:25", "t2")
    for path in (
        "/api/conversations/2/25",
        "/api/conversations/1/999",
        "/api/conversations/1/0",
        "/api/conversations/1/x",
        "/api/conversations/1/" + "9" * 5000,
    ):
        assert (await desk.ask(path, "lead of 1"))[0] == 404
        assert (await desk.ask(path.removeprefix("/api"), "lead of 1"))[0] == 404
    assert (await desk.ask("/api/conversations/2/25", "operator"))[0] == 200
    for word in ("2:25", "t2", "nix"):
        assert (await desk.ask(f"/find?what={word}", "lead of 1"))[0] == 404
    status, _, answer = await desk.ask("/find?what=t2", "operator")
    assert (status, answer.headers["Location"]) == (303, "/conversations/2/25#t2")


@pytest.mark.parametrize("action", ["retry", "replay", "hand-over", "give-back"])
async def test_what_cannot_be_done_says_why(desk: Desk, action: str) -> None:
    await a_handed_over_turn(desk)
    status, _, answer = await desk.ask(f"/api/conversations/1/25/{action}", "operator", "POST", SAME)
    assert status in {404, 409}
    assert (await answer.json())["error"]
    assert (await desk.ask(f"/api/conversations/1/25/{action}", "viewer", "POST", SAME))[0] == 403
    assert (await desk.ask(f"/api/conversations/2/25/{action}", "lead of 1", "POST", SAME))[0] == 404
    assert (await desk.ask("/api/conversations/1/25/erase", "operator", "POST", SAME))[0] == 404


async def test_what_was_put_off_runs_at_once_in_the_name_of_who_asked(desk: Desk) -> None:
    await desk.redis.hset(keys.state("1:25"), "job", "turn:1:25:1")  # type: ignore[misc]
    await desk.redis.hset(keys.job("turn:1:25:1"), mapping={"account": "1", "lane": "normal", "boost": "0"})  # type: ignore[misc]
    await desk.redis.zadd(keys.SCHEDULED, {"turn:1:25:1": time.time() * 1000 + 60_000})
    _, text, answer = await desk.ask("/api/conversations/1/25/retry", "lead of 1", "POST", SAME)
    assert answer.status == 200, text
    assert (await answer.json())["done"] == ["turn:1:25:1 runs now"]
    (step,) = await desk.redis.lrange(keys.life("1:25"), 0, -1)  # type: ignore[misc]
    assert b"hastened\tby=lead of 1 (console)" in step
