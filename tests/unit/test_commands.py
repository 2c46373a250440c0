"""A command that is forked is a process of its own, as one that a shell starts."""

import json
import signal
import subprocess
from pathlib import Path

from tests.commands import program


def run(*words: str, folder: Path, text: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), *words],
        check=False,
        cwd=folder,
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_has_an_environment_and_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    here = run("check", folder=tmp_path)
    assert here.stdout.startswith("config:1:1: missing-") or "config" in here.stdout
    named = run("check", folder=tmp_path, CHATWOOTAI_CONFIG="/nowhere/at/all")
    assert "/nowhere/at/all" in named.stdout
    assert "/nowhere/at/all" not in run("check", folder=tmp_path).stdout, "nothing stays from one to the next"


def test_it_ends_with_the_commands_code_and_speaks_on_both_streams(tmp_path: Path) -> None:
    told = run("--version", "--json", folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert json.loads(told.stdout)
    wrong = run("nothing-of-the-sort", folder=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no verb" in wrong.stderr


def test_it_reads_what_is_typed(tmp_path: Path) -> None:
    key = run("secret", "key", folder=tmp_path).stdout.strip()
    sealed = run("secret", "encrypt", folder=tmp_path, text="a secret\n", CHATWOOTAI_SECRET_KEY=key)
    assert (sealed.returncode, sealed.stdout[:4]) == (0, "ENC:")


def test_a_signal_ends_it_as_it_ends_the_command(tmp_path: Path) -> None:
    """`secret encrypt` waits for a line that does not come."""
    pipe, environ = subprocess.PIPE, {"CHATWOOTAI_SECRET_KEY": "x" * 43 + "="}
    with subprocess.Popen(
        [*program(), "secret", "encrypt"], cwd=tmp_path, env=environ, stdin=pipe, stdout=pipe
    ) as waits:
        waits.send_signal(signal.SIGTERM)
        assert waits.wait(60) == -signal.SIGTERM
