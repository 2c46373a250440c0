"""What `make test` makes of failures: run on a folder of tests made for it, without workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITE = """\
import pathlib
import pytest

def once(name):
    file = pathlib.Path(__file__).with_name(name)
    seen = file.exists()
    file.touch()
    assert seen, "the first time of " + name

def test_well(): pass
def test_moment(): once("beside")
def test_broken(): assert False, "for good"
@pytest.mark.parametrize("n", range(6))
def test_many(n): assert False
@pytest.mark.alone
def test_clock(): once("by itself")
"""
SETTINGS = """\
[tool.pytest.ini_options]
addopts = "-p no:cacheprovider"
markers = ["alone", "real"]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "test_suite.py").write_text(SUITE)
    return tmp_path


def run(suite: Path, chosen: str, *more: str) -> tuple[int, str]:
    """The exit code and the output of a run of these tests."""
    command = (sys.executable, "-m", "tests.run", "-p", "xdist", "-n0", "-k", chosen, *more)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # starts four times faster
    done = subprocess.run(command, cwd=suite, env=environ, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout


def named(output: str) -> set[str]:
    """Which tests are called flaky, which failed twice: the lines, without what stands in brackets."""
    lines = [line for line in output.splitlines() if line.startswith(("flaky: ", "failed twice: "))]
    return {line.partition(" (")[0] for line in lines}


def test_what_passes_by_itself_is_flaky_and_fails_nothing(suite: Path) -> None:
    code, output = run(suite, "well or clock")
    assert (code, named(output)) == (0, {"flaky: test_suite.py::test_clock"})
    assert "the first time of by itself" in output[output.rindex("===") :], "its first failure stands beside it"


def test_what_fails_again_fails_the_run(suite: Path) -> None:
    code, output = run(suite, "moment or broken")
    assert code == 1
    assert named(output) == {"flaky: test_suite.py::test_moment", "failed twice: test_suite.py::test_broken"}


@pytest.mark.parametrize("chosen", [("many",), ("moment or well", "-x")], ids=["too many", "left out"])
def test_no_second_chance(suite: Path, chosen: tuple[str, ...]) -> None:
    code, output = run(suite, *chosen)
    assert (code, named(output)) == (1, set())


def test_a_file_that_cannot_be_read_fails_the_run(suite: Path) -> None:
    (suite / "test_unread.py").write_text("import nothing_of_that_name\n")
    code, output = run(suite, "moment", "-n1")
    assert (code != 0, named(output)) == (True, set())
