"""What `make test` runs: all tests, five files at a time; then those marked `alone`; then a second chance.

`make real` runs those of tests/real, with the same second chance; `make real ARGS=production` one of its folders.

Most tests wait for processes of their own, so they share the machine. One that fails beside others has either found a
defect or missed a moment, and only a second run with the machine to itself tells which. At most 5 failures are run
again, one at a time: what passes then is named `flaky` at the end, with its first failure, and does not fail the run;
it is a fault of the test all the same, to be mended. More failures than that are no matter of moments.

`-p tests.run` makes pytest write what failed into the file that TESTS_FAILED_TO names.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

CHANCES: Final = 5
_REAL: Final = Path("tests/real")
_TO: Final = "TESTS_FAILED_TO"
_BESIDE: Final = ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder")
"""Files in the order of their names: those of tests/faults after each other, so that a worker starts their installation
once, and the many short ones last. xdist's own order puts files of few tests last, which here are the longest."""
_NONE: Final = int(pytest.ExitCode.NO_TESTS_COLLECTED)
_FAILED: Final = int(pytest.ExitCode.TESTS_FAILED)


@dataclass
class Stage:
    """How one pytest ended.

    `code` is its exit code, `failed` the id of each test that failed with what was said of it; `whole` is False where
    tests were left out: after a failure, or because their file could not be read.
    """

    code: int
    whole: bool = False
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def hopeless(self) -> bool:
        """Whether it failed in a way that no test alone can put right."""
        return self.code not in (0, _NONE) and not (self.code == _FAILED and self.whole and self.failed)


def main(arguments: Sequence[str]) -> int:
    """Run all stages and return the exit code.

    `--only=MARKER` or `--real` first; what follows is pytest's, but for names of folders in tests/real.
    """
    if arguments[:1] == ["--real"]:
        named = [str(_REAL / one) for one in arguments[1:] if (_REAL / one).is_dir()]
        real = ["-m", "real", *(one for one in arguments[1:] if not (_REAL / one).is_dir())]
        return _verdict([_stage(*(named or [str(_REAL)]), *real)], real)
    only = [f"({one.removeprefix('--only=')})" for one in arguments if one.startswith("--only=")]
    given = [one for one in arguments if not one.startswith("--only=")]
    chosen = " and ".join(["not real", *only])
    stages = [
        _stage(*_BESIDE, "-m", f"not alone and {chosen}", *given),
        _stage("-m", f"alone and {chosen}", *given),
    ]
    return _verdict(stages, given)


def _verdict(stages: Sequence[Stage], given: Sequence[str]) -> int:
    failed = {name: said for stage in stages for name, said in stage.failed.items()}
    if all(stage.code == _NONE for stage in stages):
        return _NONE
    if any(stage.hopeless for stage in stages):
        return max(abs(stage.code) for stage in stages if stage.hopeless)
    if len(failed) > CHANCES:
        print(f"{len(failed)} tests failed: too many for a second chance")
        return _FAILED
    return _again(failed, [one for one in given if not Path(one.partition("::")[0]).exists()])


def _again(failed: dict[str, str], options: Sequence[str]) -> int:
    """Run what failed once more, each by itself; return the exit code."""
    passed = {name for name in failed if _stage(*options, name).code == 0}
    for name, said in failed.items():
        if name in passed:
            print(f"\n{said}\nflaky: {name} (failed as above, passed when run again by itself)")
    for name in failed.keys() - passed:
        print(f"failed twice: {name}")
    return _FAILED if failed.keys() - passed else 0


def _stage(*arguments: str) -> Stage:
    sys.stdout.flush()
    with tempfile.NamedTemporaryFile(prefix="tests-failed-") as file:
        environ = {**_environ(), _TO: file.name}
        command = [sys.executable, "-m", "pytest", "-p", "tests.run", *arguments]
        code = subprocess.run(command, env=environ, check=False).returncode
        return Stage(code, **json.loads(Path(file.name).read_bytes() or b"{}"))


def _environ() -> dict[str, str]:
    """Return this environment, in which bytecode is kept under var/ also where nobody wants it beside the sources.

    A run starts hundreds of processes, and pytest rewrites every test's assertions: each of five times over, else.
    """
    folder = Path("var/pycache").resolve()
    shutil.rmtree(
        folder.joinpath(*Path(tempfile.gettempdir()).resolve().parts[1:]), ignore_errors=True
    )  # of tests' own
    kept = {"PYTHONPYCACHEPREFIX": str(folder), **os.environ}
    return {name: value for name, value in kept.items() if name != "PYTHONDONTWRITEBYTECODE"}


# The plugin, in pytest's process; beside xdist's workers, in the one that hears of all.

_seen: dict[str, str] = {}
_unread: list[str] = []


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a file whose tests could not be collected."""
    if report.failed:
        _unread.append(report.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a failure: the first of a test, whether it was in the test or around it."""
    if report.failed:
        _seen.setdefault(report.nodeid, report.longreprtext)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what failed. Workers are told apart by their input: they do not write."""
    if (file := os.environ.get(_TO)) and not hasattr(session.config, "workerinput"):
        whole = not (session.shouldfail or session.shouldstop or _unread)
        Path(file).write_text(json.dumps({"whole": whole, "failed": _seen}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
