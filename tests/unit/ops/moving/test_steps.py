"""The steps of a move in memory: in which order, from where an earlier one was cut off, and what is told."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from chatwootai.stores.moving.move import Move, Occupied, Running, Stage
from ops.access import CommandError, acting
from ops.moving import steps
from ops.moving.steps import StillWaits, carry_out, occupied_message, take_back


@dataclass
class MemoryMove:
    """A move of account 7 from shard a to shard b. `own`: keys that the target holds by itself; `runs`: by look."""

    now: Stage = Stage.NEW
    own: int = 0
    runs: deque[Running] = field(default_factory=deque)
    account: str = "7"
    source: str = "a"
    target: str = "b"
    done: list[str] = field(default_factory=list)

    @property
    def move(self) -> Move:
        return cast(Move, self)

    async def stage(self, place: str) -> Stage:
        return self.now

    async def begin(self, *, replace: bool = False) -> None:
        if self.own and not replace:
            raise Occupied(self.own)
        self.done.append("begin")

    async def hold(self) -> Running:
        self.done.append("hold")
        return self.runs.popleft() if self.runs else Running()

    async def copy(self) -> int:
        self.done.append("copy")
        return 12

    async def open(self) -> int:
        self.done.append("open")
        return 3

    async def clear(self) -> int:
        self.done.append("clear")
        return 12

    async def undo(self) -> None:
        self.done.append("undo")

    async def switch(self) -> None:
        self.done.append("switch")


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_LOOK", 0.001)


async def carry(move: MemoryMove, *, patience: float = 5.0, **how: Any) -> list[str]:
    """Carry a move out and return what was told."""
    with acting("ana") as told:
        await carry_out(move.move, "a", move.switch, patience=patience, **how)
    return told


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.NEW, ["begin", "hold", "copy", "switch", "open", "clear"]),
        (Stage.COPYING, ["begin", "hold", "copy", "switch", "open", "clear"]),
        (Stage.COPIED, ["switch", "open", "clear"]),
        (Stage.OPENED, ["clear"]),
    ],
)
async def test_it_goes_on_from_where_an_earlier_one_was_cut_off(stage: Stage, expected: list[str]) -> None:
    move = MemoryMove(now=stage)
    await carry(move)
    assert move.done == expected


async def test_each_step_is_told_once_it_is_done() -> None:
    told = await carry(MemoryMove())
    assert [line.partition(":")[0] for line in told] == ["begun", "held", "ended", "copied", "opened", "cleared"]
    assert told[3].startswith("copied: 12 keys of 7 are on b (")
    assert told[4] == "opened: turns of 7 run on b; 3 jobs waited"
    assert told[5] == "cleared: 12 keys of 7 are gone from a"


async def test_nothing_is_copied_before_what_runs_has_ended() -> None:
    move = MemoryMove(runs=deque([Running(("j1", "j2")), Running(("j2",)), Running(ingest=True)]))
    await carry(move)
    assert move.done == ["begin", "hold", "hold", "hold", "hold", "copy", "switch", "open", "clear"]


@pytest.mark.parametrize(
    ("running", "words"), [(Running(("j",)), "1 turns of 7"), (Running(ingest=True), "an ingest of its knowledge of 7")]
)
async def test_what_does_not_end_in_time_stops_it_with_both_ways_on(running: Running, words: str) -> None:
    move = MemoryMove(runs=deque([running] * 100_000))
    with pytest.raises(StillWaits, match=f"there still run {words} on a: run the same command again, or --abort"):
        await carry(move, patience=0.01)
    assert "copy" not in move.done


async def test_a_switch_that_fails_opens_and_clears_nothing() -> None:
    move = MemoryMove()

    async def fails() -> None:
        raise StillWaits("a door serves another configuration")

    with pytest.raises(StillWaits):
        await carry_out(move.move, "a", fails, patience=1)
    assert move.done == ["begin", "hold", "copy"]


async def test_a_target_that_holds_something_by_itself_is_told_with_what_to_do() -> None:
    move = MemoryMove(own=5)
    with pytest.raises(CommandError, match="b holds 5 keys of 7 by itself"):
        await carry(move)
    assert move.done == []
    await carry(move, replace=True)
    assert move.done[0] == "begin"


def test_why_a_copy_cannot_begin_names_both_shards() -> None:
    words = occupied_message(MemoryMove().move, 5)
    assert "`shard: b` in the mapping" in words
    assert "what is on a, add --replace" in words


@pytest.mark.parametrize("stage", [Stage.COPYING, Stage.COPIED])
async def test_a_move_that_is_not_switched_is_taken_back(stage: Stage) -> None:
    move = MemoryMove(now=stage)
    with acting("ana") as told:
        await take_back(move.move, "a")
    assert move.done == ["undo"]
    assert told == ["undone: 7 goes on where it was, on a"]


@pytest.mark.parametrize(
    ("stage", "place", "words"),
    [
        (Stage.NEW, "a", "no move of 7 to b is under way"),
        (Stage.COPIED, "b", "7 is served on b by now"),
        (Stage.OPENED, "b", "7 is served on b by now"),
    ],
)
async def test_what_is_not_under_way_or_is_switched_is_not_taken_back(stage: Stage, place: str, words: str) -> None:
    move = MemoryMove(now=stage)
    with pytest.raises(CommandError, match=words):
        await take_back(move.move, place)
    assert move.done == []
