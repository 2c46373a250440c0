"""A worker's calls to Chatwoot, counted by account until they are told of."""

import time
from collections.abc import Mapping
from typing import Any, cast

import pytest

from chatwootai.stores.installation.chatwoot_calls import CallsTold
from chatwootai.stores.server.connection import StoreUnavailable, connect
from workers.account import call_tally
from workers.account.call_tally import CallTally


class Told:
    """What was told, a mapping each time. `fails`: Redis is away."""

    def __init__(self) -> None:
        self.all: list[Mapping[str, CallsTold]] = []
        self.fails = False

    async def tell(self, told: Mapping[str, CallsTold]) -> None:
        if self.fails:
            raise StoreUnavailable("away")
        self.all.append(told)


def tally() -> tuple[CallTally, Told]:
    made, told = CallTally(connect("redis://127.0.0.1:1/0")), Told()
    made._calls = cast(Any, told)
    return made, told


async def test_calls_are_counted_by_account_and_told_of_once() -> None:
    counted, told = tally()
    before = time.time()
    for account, error in (("7", ""), ("7", "create_message: HTTP 502"), ("7", ""), ("8", "")):
        counted.note(account, error)
    await counted.tell()
    await counted.tell()
    (found,) = told.all
    assert {key: (one.calls, one.errors) for key, one in found.items()} == {"7": (3, 1), "8": (1, 0)}
    assert found["7"].why == "create_message: HTTP 502"
    assert before <= found["7"].bad <= found["7"].ok <= time.time()
    assert (found["8"].bad, found["8"].why) == (0.0, "")


async def test_an_error_is_told_masked_and_cut() -> None:
    counted, told = tally()
    counted.note("7", f"no route with sk-{'a' * 24} {'x ' * 500}")
    await counted.tell()
    why = told.all[0]["7"].why
    assert "aaaa" not in why
    assert len(why) == 120


async def test_what_cannot_be_told_is_left_out_and_later_calls_are_told() -> None:
    counted, told = tally()
    told.fails = True
    counted.note("7", "")
    await counted.tell()
    told.fails = False
    counted.note("8", "")
    await counted.tell()
    assert [set(found) for found in told.all] == [{"8"}]


async def test_beyond_the_bound_only_known_accounts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_tally, "_MOST_ACCOUNTS", 2)
    counted, told = tally()
    for account in ("1", "2", "3", "1"):
        counted.note(account, "")
    await counted.tell()
    assert {key: one.calls for key, one in told.all[0].items()} == {"1": 2, "2": 1}
