"""Why no model answered, in fixed reasons; and which endpoints are away, told once and each hour."""

import asyncio
import json
import re
from io import StringIO
from typing import Any

import pytest

from chatwootai.model.policy import notes
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.reasons import Trouble
from chatwootai.telemetry import log
from config.settings.settings import Settings
from crews.errors import BudgetSpent, ModelRefused, ModelSilent, ModelUnavailable
from crews.model_calls.call import Endpoint, Target
from crews.model_calls.call_terms import KEY, without_key
from crews.model_calls.trouble import briefly, trouble_of
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.health import Health

HOUR = 3600.0

_ENDPOINT = "the model's endpoint"


def away(status: int | None = None, code: str | None = None, message: str = "it fell silent") -> ModelUnavailable:
    return ModelUnavailable(message, retry_at=0.0, status=status, code=code)


@pytest.mark.parametrize(
    ("error", "reason", "short"),
    [
        (ModelRefused("x", status=401, code="invalid_api_key"), Trouble.KEY_REFUSED, "401 invalid_api_key"),
        (ModelRefused("x", status=403), Trouble.KEY_REFUSED, "403"),
        (ModelRefused("x", status=404, code="model_not_found"), Trouble.NO_MODEL, "404 model_not_found"),
        (ModelRefused("x", status=400, code="context_length_exceeded"), Trouble.TOO_LONG, "400 context"),
        (ModelRefused("x", status=429, code="insufficient_quota"), Trouble.NO_CREDIT, "429 insufficient_quota"),
        (ModelRefused("x", status=400, code="content_filter"), Trouble.WITHHELD, "400 content_filter"),
        (ModelRefused("x", status=400), Trouble.REFUSED, "400"),
        (ModelRefused("x", code="no_key"), Trouble.NO_KEY, "no_key"),
        (away(429), Trouble.BUSY, "429"),
        (away(500), Trouble.FAILING, "500"),
        (away(message=f"{_ENDPOINT} could not be reached (E)"), Trouble.AWAY, "away: could not be reached"),
        (away(), Trouble.FAILING, "failing: it fell silent"),
        (ModelSilent("x", reason="content_filter"), Trouble.WITHHELD, "withheld"),
        (ModelSilent("x", reason="stop"), Trouble.SILENT, "silent"),
        (BudgetSpent("x"), Trouble.BUDGET, "budget"),
        (TimeoutError(), Trouble.LATE, "late"),
        (ModelRefused("x", status=400, code="a\nb\tc sk-secret " + "x" * 500), Trouble.REFUSED, "400 a_b_c_sk-secret"),
    ],
)  # fmt: skip
def test_each_error_has_one_reason(error: Exception, reason: Trouble, short: str) -> None:
    assert trouble_of(error) is reason
    assert briefly(error).startswith(short)
    assert len(briefly(error)) < 80


def test_a_note_tells_a_refused_key_from_silence() -> None:
    from tests.unit.chatwootai.model.message.test_model_turn import question

    said = {
        reason: notes.handover_note(Need(Cause.MODEL, reason=reason), question(), "en").splitlines()[1]
        for reason in Trouble
    }
    assert said[Trouble.KEY_REFUSED] == "Reason: the AI service refused the key"
    assert said[Trouble.LATE] == "Reason: the AI service did not respond in time"
    assert said[Trouble.BUSY] == "Reason: the AI service was too busy"
    assert said[Trouble.BUDGET] == "Reason: the assistant's budget is spent"
    assert len(set(said.values())) == len(Trouble)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def heard() -> StringIO:
    stream = StringIO()
    log.configure("INFO", "json", process="test", stream=stream)
    return stream


def events(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def target(model: str = "m") -> Target:
    return Target(endpoint=Endpoint("https://user.example/v1?key=hidden", "sk-hidden"), model=model)


def test_an_endpoint_that_is_away_is_told_once_hourly_and_when_it_is_back(heard: StringIO) -> None:
    clock = Clock()
    health = Health(clock)
    with log.bound(account="7", conversation=1, turn="t"):
        for _ in range(50):
            health.note_failure(target(), ModelRefused("x", status=401, code="invalid_api_key"))
            clock.now += 60
        assert [each["event"] for each in events(heard)] == ["model_away"]
        clock.now += HOUR
        health.remind()
        health.remind()
        health.note_success(target())
        health.note_success(target())
    found = events(heard)
    assert [each["event"] for each in found] == ["model_away", "model_still_away", "model_back"]
    assert found[0]["error"] == "401 invalid_api_key"
    assert (found[2]["failures"], found[2]["away_seconds"]) == (50, 50 * 60 + HOUR)
    for line in found:
        assert not {"account", "conversation", "turn"} & set(line)
        assert "hidden" not in json.dumps(line)
        assert (line["model"], line["endpoint"]) == ("m", "user.example")


def test_a_blip_and_a_request_too_long_are_no_outage(heard: StringIO) -> None:
    health = Health(Clock())
    for _ in range(20):
        health.note_failure(target(), away(500))
        health.note_failure(target(), away(500))
        health.note_success(target())
        health.note_failure(target("n"), ModelRefused("x", status=400, code="context_length_exceeded"))
    assert health.away() == []
    assert events(heard) == []


def test_three_failures_in_a_row_are_one(heard: StringIO) -> None:
    health = Health(Clock())
    for _ in range(3):
        health.note_failure(target(), away(502))
    (one,) = health.away()
    assert (one["error"], one["failures"], one["model"]) == ("502", 3, "m")
    assert one["since"].endswith("Z")


async def test_what_is_done_in_the_background_borrows_no_turns_ids(heard: StringIO) -> None:
    background, told = Background(), asyncio.Event()

    async def work() -> None:
        await told.wait()
        log.get("x").warning("from_the_background")

    with log.bound(account="7", turn="t"):
        background.start(work())
        log.get("x").warning("from_the_turn")
    told.set()
    await background.settle()
    mine, its = events(heard)
    assert (mine["account"], mine["turn"]) == ("7", "t")
    assert not {"account", "turn"} & set(its)


def test_what_is_bound_is_bound_again_after_lines_without_it(heard: StringIO) -> None:
    with log.bound(account="7"):
        with log.unbound():
            log.get("x").warning("bare")
        log.get("x").warning("mine")
    log.get("x").warning("after")
    assert [each.get("account") for each in events(heard)] == [None, "7", None]


def test_a_missing_key_is_told_by_the_variables_name() -> None:
    served = Settings.model_validate({"model": {"base_url": "http://127.0.0.1:1/v1", "api_key": "k"}})
    assert without_key([Settings(), served], {}) == ("gpt-4.1-mini",)
    assert without_key([Settings(), served], {KEY: "sk"}) == ()
    assert without_key([served], {}) == ()
    assert KEY == "OPENAI_API_KEY"


@pytest.mark.parametrize("language", ["pt", "es", "en"])
def test_what_people_read_has_no_inward_word(language: str) -> None:
    from tests.unit.chatwootai.model.message.test_model_turn import question

    endpoint = ModelRefused("x", status=401, code="invalid_api_key", reason="HTTP error: wrong api_key for this model")
    for reason in (*Trouble, trouble_of(endpoint)):
        said = notes.handover_note(Need(Cause.MODEL, reason=reason), question(), language).splitlines()[1]
        assert not re.search(
            r"error|exception|http|openai|api|token|prompt|crew|model|llm|null|none|[{}<_]", said, re.IGNORECASE
        )
