"""A program of somebody else's tries to look into its parent, which holds every secret: really, with real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.files.sources import Folder, Sources
from config.live import own_process
from crews import confined
from workers.media.attached_file import Unreadable
from workers.media.attached_file_process import DocumentReader

ROOT = Path(__file__).resolve().parents[3]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl are Linux's")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users to give")
PYTHON = "/usr/bin/python3"
CHILD = """
import json, os, sys
def tried(path):
    try:
        with open(path, "rb") as file:
            return b"canary" in file.read(1 << 20)
    except OSError as error:
        return type(error).__name__
parent = os.getppid()
status = open("/proc/self/status").read()
said = {"environ": tried(f"/proc/{parent}/environ"), "own": "SECRET" in os.environ, "user": os.getuid(),
        "powers": int(status.split("CapEff:")[1].split()[0], 16) | int(status.split("CapBnd:")[1].split()[0], 16),
        "home": os.environ.get("HOME"), "groups": os.getgroups()}
try:
    os.readlink(f"/proc/{parent}/exe"), open(f"/proc/{parent}/mem", "rb").close()
    said["memory"] = True
except OSError as error:
    said["memory"] = type(error).__name__
print(json.dumps(said))
"""
PARENT = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[2])
from config.live import own_process
from crews import confined
if sys.argv[1] == "closed":
    assert own_process.refuse_inspection()
launch = [sys.executable, "-I", "-S", confined.__file__, str(os.getpid()), os.environ.get("ITS_HOME", "")]
command = sys.argv[3:]
print(subprocess.run([*(launch if sys.argv[1] == "closed" else []), *command], capture_output=True, text=True,
                     env={"HOME": "/nowhere"}).stdout)
"""


def looked(how: str, program: str, script: Path, **environ: str) -> dict[str, object]:
    """What a child of ours found in us. The parent runs in our own interpreter, with a secret in its environment."""
    script.write_text(CHILD)
    done = subprocess.run(
        [sys.executable, "-c", PARENT, how, str(ROOT), program, str(script)],
        env={"SECRET": "canary", **environ}, capture_output=True, text=True, timeout=60, check=False, cwd="/",
    )  # fmt: skip
    assert done.stdout.strip(), done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def shared() -> "Path":
    """A folder that every user may read."""
    folder = Path("/tmp") / f"chatwootai-confined-{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


@LINUX
def test_an_open_parent_would_be_read(shared: Path) -> None:
    """So that the tests below can fail."""
    found = looked("open", sys.executable, shared / "child.py")
    assert found["environ"] is True


@LINUX
@AS_ROOT
def test_where_we_are_root_it_is_somebody_else_without_powers(shared: Path, tmp_path: Path) -> None:
    home = shared / "home"
    home.mkdir(exist_ok=True)
    found = looked("closed", PYTHON, shared / "child.py", ITS_HOME=str(home))
    assert int(str(found["user"])) >= confined._USERS
    assert (found["environ"], found["memory"], found["own"]) == ("PermissionError", "PermissionError", False)
    assert (found["powers"], found["groups"], found["home"]) == (0, [], str(home))
    assert home.stat().st_uid == found["user"]


@LINUX
@AS_ROOT
def test_what_only_root_can_reach_stays_root_without_its_powers(shared: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    found = looked("closed", PYTHON, hidden / "child.py")
    assert (found["user"], found["powers"]) == (0, 0)
    assert (found["environ"], found["memory"], found["own"]) == ("PermissionError", "PermissionError", False)


@LINUX
@AS_ROOT
def test_where_we_are_nobody_special_it_still_cannot_look_into_us(shared: Path) -> None:
    (shared / "child.py").write_text(CHILD)
    found = subprocess.run(
        [PYTHON, "-c", _PLAIN_PARENT, str(shared / "child.py")],
        env={"SECRET": "canary"}, capture_output=True, text=True, timeout=60, check=True, cwd="/",
    )  # fmt: skip
    before, after = (json.loads(line) for line in found.stdout.splitlines())
    assert before["environ"] is True  # the same user, and not closed yet
    assert (after["environ"], after["memory"]) == ("PermissionError", "PermissionError")


_PLAIN_PARENT = """
import ctypes, os, subprocess, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
prctl = ctypes.CDLL(None).prctl
for dumpable in (1, 0):  # as config.live.own_process.refuse_inspection does, which nobody may read here
    prctl(4, dumpable, 0, 0, 0)
    print(subprocess.run([sys.executable, sys.argv[1]], capture_output=True, text=True, env={}).stdout.strip())
"""


def test_a_program_that_is_not_there_is_not_started() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", confined.__file__, str(os.getpid()), "", "/nowhere/program"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0


async def test_a_file_is_read_by_the_confined_reader() -> None:
    assert await DocumentReader().read(b"<p>Oi</p>", "a.html", "text/html", 2**33) == "Oi"
    with pytest.raises(Unreadable):
        await DocumentReader().read(b"%PDF-1.4 nothing", "a.pdf", "application/pdf", 2**33)


def test_what_the_configuration_names_is_forgotten_and_nothing_else() -> None:
    files = {"chatwoot_mapping.yaml": b'bot_token: "${TOKEN}"\nurl: ${HOME:-x} ${OPENAI_API_KEY} ${REDIS_URL}'}
    environ = dict.fromkeys(
        ("TOKEN", "HOME", "PATH", "OPENAI_API_KEY", "REDIS_URL", "CHATWOOTAI_SECRET_KEY", "CHATWOOT_1_SECRET",
         "CHATWOOTAI_PRICES", "LOG_LEVEL"), "x",
    )  # fmt: skip
    own_process.forget_secrets(Sources(Folder(Path("x"), files)), environ)
    assert environ.keys() == {"HOME", "PATH", "OPENAI_API_KEY", "REDIS_URL", "CHATWOOTAI_PRICES", "LOG_LEVEL"}
