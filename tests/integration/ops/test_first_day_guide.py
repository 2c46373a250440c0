"""docs/guides/first-day.md: a new operator's first reply by its commands alone, with real processes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.records import Account, Inbox, User
from sandbox.chatwoot.world.snapshot import save
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import Process, free_port, stop

GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/first-day.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def world() -> World:
    """A Chatwoot with an account 3 of nobody's yet."""
    planted = seed.plant(World(seed=7))
    planted.accounts[3] = Account(id=3, name="Nimbus", domain="", tenant="", questions=[])
    planted.users[99] = User(99, 3, "Nora", "nora@nimbus.example", "administrator", "token-of-nora")
    for number, (name, medium) in enumerate((("Mail", "email"), ("Site", "webchat")), 29):
        planted.inboxes[number] = Inbox(id=number, account_id=3, name=name, medium=medium)
    return planted


@pytest.fixture
def parts(tmp_path: Path, started_anew: None) -> Iterator[dict[str, Process]]:
    """A Chatwoot and a model; a door and a worker that start when the guide says so. All as a shell starts them."""
    ports = {name: free_port() for name in ("chatwoot", "llm", "door")}
    state = tmp_path / "world.json"
    save(world(), state)
    chatwoot = ("--port", str(ports["chatwoot"]), "--state-file", str(state))
    found = {
        "chatwoot": Process("chatwoot", "sandbox.chatwoot", *chatwoot, environ={}, folder=tmp_path),
        "llm": Process("llm", "sandbox.llm", "--port", str(ports["llm"]), environ={}, folder=tmp_path),
    }
    for process in found.values():
        process.start()
    yield found
    stop(list(found.values()))


class Shell:
    """A shell that keeps what its commands export."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "CHATWOOT"))}
        self.environ = {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environ}

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            ["bash", "-c", f"{command}\ncode=$?; env -0 >.environ; exit $code"], cwd=self.folder, env=self.environ,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        pairs = (self.folder / ".environ").read_text().split("\0")
        self.environ = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return done


GERMAN = 'chatwootai ask --account 3 --channel email "Wann habt ihr geöffnet?"'


async def test_the_first_reply_by_the_guide_alone(parts: dict[str, Process], tmp_path: Path, redis_url: str) -> None:
    place = tmp_path / "home"
    place.mkdir()
    chatwoot, llm = (next(each for each in parts[name]._command if each.isdigit()) for name in ("chatwoot", "llm"))
    door, shell = free_port(), Shell(place, REDIS_URL=redis_url)
    meant = {
        "https://chat.example.com": f"http://127.0.0.1:{chatwoot}",
        "https://ai.example.com": f"http://127.0.0.1:{door}",
        "OPENAI_API_KEY=...": f"OPENAI_API_KEY=sk-x OPENAI_BASE_URL=http://127.0.0.1:{llm}/v1",
        "CHATWOOT_ADMIN_TOKEN=...": "CHATWOOT_ADMIN_TOKEN=token-of-nora",
    }
    await parts["chatwoot"].answers(f"http://127.0.0.1:{chatwoot}/", 60)
    await parts["llm"].answers(f"http://127.0.0.1:{llm}/sandbox/stats", 60)
    said: dict[str, str] = {}
    for line in commands():
        if line == "chatwootai doctor":
            await started(parts, tmp_path, shell, door)
        command = line
        for shown, real in meant.items():
            command = command.replace(shown, real)
        done = shell.run(command)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        said[line] = done.stdout
    assert "We are here at these times" in said['chatwootai ask --account 3 "What are your opening hours?"']
    assert "Wir sind zu diesen Zeiten da" in said[GERMAN]
    assert "Guten Tag! Hier ist Nimbus." in said['chatwootai trigger message --account 3 "Was kostet Nimbus?"']


async def started(parts: dict[str, Process], folder: Path, shell: Shell, door: int) -> None:
    """Start a door and a worker with what the shell has by now."""
    probes = free_port()
    own = {"INGRESS_PORT": str(door), "INGRESS_HOST": "127.0.0.1", "JOURNAL_DIR": str(folder / "journal")}
    parts["ingress"] = Process("ingress", "ingress", environ={**shell.environ, **own}, folder=folder)
    own = {"WORKER_METRICS_PORT": str(probes)}
    parts["worker"] = Process("worker", "workers", environ={**shell.environ, **own}, folder=folder)
    for name, port in (("ingress", door), ("worker", probes)):
        parts[name].start()
        await parts[name].answers(f"http://127.0.0.1:{port}/readyz", 60)
