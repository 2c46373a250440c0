"""Log lines on their way to Redis: bounded, counted, and without what people wrote."""

from typing import Any

from chatwootai.telemetry.recent import RecentEvents, shown


def said(recent: RecentEvents, method: str, **event: Any) -> None:
    recent.processor(None, method, {"level": method, **event})


def test_closed_it_takes_nothing_and_debug_never() -> None:
    recent = RecentEvents()
    said(recent, "error", event="a")
    recent.open()
    said(recent, "debug", event="b")
    said(recent, "warning", event="c")
    said(recent, "info", event="d")
    assert [(trouble, line["event"]) for trouble, line in recent.take()] == [(True, "c"), (False, "d")]
    assert list(recent.take()) == []


def test_a_flood_pushes_out_its_own_kind_and_is_counted() -> None:
    recent = RecentEvents()
    recent.open()
    said(recent, "error", event="kept")
    for number in range(1000):
        said(recent, "info", event="accepted", number=number)
    lines = list(recent.take())
    assert (True, {"level": "error", "event": "kept"}) in lines
    told = [line for _, line in lines if line["event"] == "events_left_out"]
    assert [line["count"] for line in told] == [800]
    assert lines[-1][1]["number"] == 999


def test_texts_tracebacks_and_peoples_details_are_left_out() -> None:
    line = shown(
        {
            "event": "turn_failed", "level": "error", "account": "1", "message": 812, "text": "hello", "content": "x",
            "exception": "Traceback: hello", "error": "no mail to ann@example.com or +55 31 99999-0000", "_record": 1,
            "parts": ["a"], "seconds": 0.5, "ids": [1, 2], "nested": {"a": 1}, "nothing": None,
        }
    )  # fmt: skip
    assert line == {
        "event": "turn_failed", "level": "error", "account": "1", "message": 812, "seconds": 0.5, "ids": "1,2",
        "error": "no mail to *** or ***",
    }  # fmt: skip


def test_words_of_code_that_is_not_ours_are_left_out() -> None:
    assert shown({"event": "a customer said hello", "logger": "somelib", "level": "warning"}) == {
        "event": "library", "logger": "somelib", "level": "warning",
    }  # fmt: skip
    assert shown({"event": "crew_failed", "error": "bad input: hello", "kind": "ValueError"}) == {
        "event": "crew_failed", "kind": "ValueError",
    }  # fmt: skip


def test_long_values_are_cut() -> None:
    assert len(shown({"error": "x" * 5000})["error"]) == 160
    assert len(shown({f"k{number}": 1 for number in range(100)})) == 24
