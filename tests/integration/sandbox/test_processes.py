"""Real processes are named when they fail, and none outlives whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.installation.processes import Failed, Process, first_to_end, free_port, stop

SLEEPS = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


def _script(folder: Path, name: str, text: str) -> Process:
    (folder / f"{name}.py").write_text(text)
    return Process(name, name, environ={"PYTHONPATH": str(folder)}, folder=folder)


async def test_one_that_ends_before_it_answers_is_named_with_its_logs_end(tmp_path: Path) -> None:
    process = _script(tmp_path, "fails_at_once", "raise SystemExit('the reason why')")
    process.start()
    with pytest.raises(Failed, match=r"(?s)fails_at_once ended \(exit code 1\).*the reason why"):
        await process.answers(f"http://127.0.0.1:{free_port()}/", 20)


async def test_one_that_never_answers_is_named_too(tmp_path: Path) -> None:
    process = _script(tmp_path, "never_answers", SLEEPS)
    process.start()
    with pytest.raises(Failed, match=r"never_answers did not answer .* within 0.1 s"):
        await process.answers(f"http://127.0.0.1:{free_port()}/", 0.1)
    process.stop()
    assert not process.alive


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = _script(tmp_path, "stubborn", STUBBORN)
    process.start()
    while "deaf" not in process.tail():
        assert process.alive
        time.sleep(0.02)
    process.stop(0.2)
    with pytest.raises(Failed, match="killed by SIGKILL"):
        process.check()


async def test_the_first_to_end_is_found_and_several_are_stopped_at_once(tmp_path: Path) -> None:
    several = [_script(tmp_path, name, SLEEPS) for name in ("one", "two", "three")]
    for process in several:
        process.start()
    several[1].send(signal.SIGKILL)
    assert (await first_to_end(several)).name == "two"
    stop(several)
    assert not any(process.alive for process in several)


def test_one_never_started_is_no_riddle(tmp_path: Path) -> None:
    process = _script(tmp_path, "never", SLEEPS)
    process.stop()
    with pytest.raises(Failed, match="never started"):
        process.check()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent died")
def test_children_of_a_killed_parent_end(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(SLEEPS)
    parent = (
        "import time; from pathlib import Path; from sandbox.installation.processes import Process\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "child = Process('child', 'child', environ={'PYTHONPATH': str(folder)}, folder=folder)\n"
        "child.start(); print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.kill()
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
