"""One worker's look at a canary: it ends when its time is up or a rule is broken, and goes on else."""

import time
from collections.abc import Mapping
from typing import Any, cast

import pytest

from chatwootai.model.canary.rules import read_rule
from chatwootai.model.canary.terms import CanaryTerms, Side
from chatwootai.stores.installation.canaries import Canaries, Result
from chatwootai.stores.server.connection import connect
from workers.process.canary_watch import CanaryWatch

Counts = Mapping[str, int]


class Counted:
    """What was counted of each side, as Redis keeps it."""

    def __init__(self, canary: Counts, base: Counts) -> None:
        self.sides = {Side.CANARY: canary, Side.BASE: base}

    async def counts(self, _version: int) -> Mapping[Side, Counts]:
        return self.sides


async def look(
    monkeypatch: pytest.MonkeyPatch, *rules: str, left: float = 60.0, canary: Counts | None = None,
    base: Counts | None = None,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Look once at a canary with so many seconds left; return how it was ended."""
    ended: list[tuple[Any, ...]] = []

    async def end(_connection: object, version: int, result: Result, *, by: str, why: str) -> None:
        ended.append((version, result, by, why))

    monkeypatch.setattr("workers.process.canary_watch.end_canary", end)
    watch = CanaryWatch(connect("redis://127.0.0.1:1/0"), "worker w1", lambda: None)
    watch._canaries = cast(Canaries, Counted(canary or {}, base or {}))
    terms = CanaryTerms(version=7, share=100, until=time.time() + left, rules=tuple(map(read_rule, rules)))
    await watch.look(terms)
    return ended


async def test_while_nothing_is_shown_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await look(monkeypatch, "failures>10%", "handoffs>base") == []
    assert await look(monkeypatch) == []


async def test_once_its_time_is_up_it_ends_whatever_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = {"o|handoff|email": 50, "c|model|": 50}
    ended = await look(monkeypatch, "failures>10%", left=-0.001, canary=failing)
    assert ended == [(7, Result.EXPIRED, "worker w1", "its time was up")]


async def test_a_broken_rule_sends_it_back_with_what_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = {"o|handoff|email": 30, "o|reply|email": 10, "c|model|": 30, "h|3": 10, "fast": 10}
    ended = await look(monkeypatch, "slow>10%", "failures>10%", canary=failing)
    assert ended == [(7, Result.BACK, "worker w1", "failures>10% (failures: 30 of 40, more than 10 %)")]


@pytest.mark.parametrize(
    ("base", "ends"), [({"o|reply|email": 400, "fast": 400}, True), ({"o|handoff|email": 400}, False)]
)
async def test_against_the_version_in_force_both_sides_are_counted(
    monkeypatch: pytest.MonkeyPatch, base: Counts, ends: bool
) -> None:
    canary = {"o|handoff|email": 40, "o|reply|email": 40, "c|asked|": 40}
    assert bool(await look(monkeypatch, "handoffs>base", canary=canary, base=base)) is ends


async def test_handoffs_that_somebody_wished_for_are_no_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"o|handoff|email": 100, "c|asked|": 100}
    assert await look(monkeypatch, "failures>10%", canary=asked) == []
    assert await look(monkeypatch, "handoffs>10%", canary=asked) != []


async def test_slow_are_replies_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = {"o|reply|email": 100, "fast": 20, "o|handoff|email": 900}
    (ended,) = await look(monkeypatch, "slow>50%", canary=slow)
    assert ended[3] == "slow>50% (slow: 80 of 100, more than 50 %)"
