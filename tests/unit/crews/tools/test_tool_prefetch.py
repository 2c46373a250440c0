"""A pattern on a contact's message: what it finds, and that it ends in time whatever both are like."""

import time

import pytest

from crews.runtime import environment

environment.load()

from crews.tools.prefetch import MOST_CALLS, named_groups  # noqa: E402 - crewai is imported as the project does, first

ENOUGH = 60.0
"""Seconds for a search on a busy machine: what is looked at here is not how soon it ends."""


def test_named_groups_are_arguments() -> None:
    text = "Cadê o SC-10234 e o SC-777712?"
    assert named_groups(r"\bSC-(?P<number>\d{4,})\b", text, ENOUGH) == [{"number": "10234"}, {"number": "777712"}]
    assert named_groups(r"(?:pedido (?P<order>\d+)|nota (?P<invoice>\d+))", "nota 55", ENOUGH) == [{"invoice": "55"}]
    assert named_groups(r"\bSC-(?P<number>\d{4,})\b", "sc 10234", ENOUGH) == []


def test_no_more_are_found_than_are_called() -> None:
    assert len(named_groups(r"(?P<n>\d+)", " ".join(map(str, range(1000))), ENOUGH)) == MOST_CALLS


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<n>(?:\d+)+)x",
        r"(?P<n>(?:\d|\d\d)+)x",
        r"(?P<n>\d*\d*\d*\d*\d*\d*)x",
        r"(?P<n>(?:(?:\d{1,1000}){1,1000}){1,1000})x",
        r"(?P<n>(?:\d+\s?)*)$x",
    ],
)
def test_a_pattern_that_would_take_for_ever_ends(pattern: str) -> None:
    began = time.monotonic()
    assert named_groups(pattern, "1" * 4_000) == []
    assert time.monotonic() - began < 30  # for ever, without a limit: 2 to the 4,000
