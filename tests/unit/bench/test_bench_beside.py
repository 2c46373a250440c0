"""Peers beside us: installed when first asked for, each in a process of its own, and never in the way of the rest."""

from pathlib import Path

import pytest

from bench.beside import Peers
from bench.entries.crews import models
from bench.entries.queue import jobs
from bench.peers.race import Race

_MAKEFILE = """\
peers:
\tmkdir -p var/peers/bin && ln -sf "$(PYTHON)" var/peers/bin/python && echo made >> made.log
"""
_ECHO = """\
import json, sys
print(json.dumps({"given": sys.stdin.read(), "arguments": sys.argv[1:]}))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which `make peers` takes this very Python for the peers' environment."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "peers.txt").touch()
    (tmp_path / "Makefile").write_text(_MAKEFILE)
    peers = tmp_path / "bench" / "peers"
    peers.mkdir(parents=True)
    (peers / "echo.py").write_text(_ECHO)
    (peers / "broken.py").write_text("raise RuntimeError('no such queue')\n")
    (peers / "endless.py").write_text("import time\ntime.sleep(600)\n")
    return tmp_path


async def test_a_peer_runs_in_its_own_environment_that_is_made_once(checkout: Path) -> None:
    said: list[str] = []
    peers = Peers(said.append, root=checkout)
    for _ in range(2):
        measured = await peers.measured("echo", "--jobs", "3", given=b"hello")
        assert measured == {"given": "hello", "arguments": ["--jobs", "3"]}
    assert (checkout / "made.log").read_text() == "made\n"
    assert len(said) == 1
    assert "installing" in said[0]


async def test_a_peer_that_fails_is_said_and_the_next_goes_on(checkout: Path) -> None:
    said: list[str] = []
    peers = Peers(said.append, root=checkout)
    assert await peers.measured("broken") is None
    assert "broken could not be measured" in said[-1]
    assert "no such queue" in said[-1]
    assert await peers.measured("echo") is not None


async def test_a_peer_that_does_not_end_is_ended(checkout: Path) -> None:
    said: list[str] = []
    assert await Peers(said.append, root=checkout).measured("endless", seconds=0.5) is None
    assert "not done after 0.5 s" in said[-1]


async def test_what_cannot_be_installed_is_left_out_and_said_once(checkout: Path) -> None:
    (checkout / "Makefile").write_text("peers:\n\techo no network here >&2 && false\n")
    said: list[str] = []
    peers = Peers(said.append, root=checkout)
    assert [await peers.measured("echo"), await peers.measured("echo")] == [None, None]
    assert [line for line in said if "left out" in line] == said[1:]
    assert len(said) == 2


async def test_outside_a_checkout_there_are_none(tmp_path: Path) -> None:
    said: list[str] = []
    assert await Peers(said.append, root=tmp_path).measured("echo") is None
    assert "only in a checkout" in said[0]


async def test_whoever_wants_none_hears_nothing(checkout: Path) -> None:
    said: list[str] = []
    assert await Peers(said.append, wanted=False, root=checkout).measured("echo") is None
    assert said == []
    assert not (checkout / "made.log").exists()


def test_a_peer_without_a_figure_has_no_row() -> None:
    found = jobs.figures({"ours": [(3000, 30), (4000, 25)], "arq": [(200, 400)], "saq": [(800, 300)], "taskiq": []})
    assert [(figure.name, figure.value, figure.ratio) for figure in found] == [
        ("jobs.throughput", 4000, 20),
        ("jobs.cpu", 25, 0.062),
        ("jobs.throughput.saq", 4000, 5),
        ("jobs.cpu.saq", 25, 0.083),
    ]


def test_models_are_compared_with_the_bare_call_by_their_least() -> None:
    found = models.figures({"bare": [2.0, 2.4], "ours": [1.1, 1.0], "stock": [20.0], "langgraph": [5.0, 4.0]})
    assert [(figure.name, figure.ratio) for figure in found] == [
        ("models.ours", 0.5),
        ("models.stock", 10),
        ("models.langgraph", 2),
    ]


async def test_a_race_is_over_with_its_last_job_and_counts_from_when_all_is_warm() -> None:
    race = Race("unix://nowhere", jobs=300, slots=1)
    for _ in range(299):
        race.begin()
    assert not race.over.is_set()
    race.begin()
    assert race.over.is_set()
    assert race.result()["per_second"] > 0
    assert race.result()["cpu"] >= 0
