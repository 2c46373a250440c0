"""A full Redis is told of when it begins to refuse, and when it has room: once each, whatever is refused meanwhile."""

from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from redis.exceptions import OutOfMemoryError

from chatwootai.stores.server.errors import StoreUnavailable, store_errors
from chatwootai.stores.server.fullness import Fullness
from chatwootai.stores.server.state import shard_state


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def gauge() -> float | None:
    return REGISTRY.get_sample_value("chatwootai_redis_full")


def test_it_begins_and_ends_with_a_line() -> None:
    clock = Clock()
    one = Fullness(clock)
    one.details = lambda: {"records": 3}
    with structlog.testing.capture_logs() as lines:
        for _ in range(600):
            one.note_refusal("OOM: command not allowed")
            clock.now += 1
        assert gauge() == 1
        clock.now += 10
        one.note_room()
        one.note_room()
    assert [line["event"] for line in lines] == ["redis_full", "redis_has_room"]
    assert "maxmemory" in lines[0]["remedy"]
    assert (lines[1]["seconds"], lines[1]["records"]) == (599, 3)
    assert not one.full
    assert gauge() == 0


def test_at_the_bound_a_write_that_is_taken_is_no_room() -> None:
    clock = Clock()
    one = Fullness(clock)
    with structlog.testing.capture_logs() as lines:
        for _ in range(100):
            one.note_refusal("OOM: command not allowed")
            clock.now += 1
            one.note_room()
    assert [line["event"] for line in lines] == ["redis_full"]
    assert one.full


def test_a_refusal_for_want_of_memory_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_state().outage, "error", "")
    lines: list[Any]
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="OOM"), store_errors(None):
                raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'")
    assert [line["event"] for line in lines] == ["redis_full"]
    assert (shard_state().fullness.full, shard_state().outage.away) == (True, False)
