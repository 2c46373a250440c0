"""`chatwootai monitoring export`: what it writes, what it leaves alone, and what promtool says of it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.access import CommandError
from ops.cli import main
from ops.monitoring.export import export, files, is_own
from ops.monitoring.rules import ALERTS, RECORDINGS, TESTS, WEEKLY_TESTS


def test_it_says_what_it_wrote_and_next_time_that_all_is_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitoring", "export", str(tmp_path / "m"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["unchanged"] == []
    written = sorted(str(path.relative_to(tmp_path / "m")) for path in (tmp_path / "m").rglob("*") if path.is_file())
    assert sorted(said["written"]) == written == sorted(files())
    assert {name.partition("/")[0] for name in written} == {"prometheus", "grafana", "alertmanager"}
    assert main(["monitoring", "export", str(tmp_path / "m")]) == 0
    assert capsys.readouterr().out == f"{len(written)} files are as they were\n"


def test_what_was_edited_or_is_somebody_elses_stays_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path)
    edited = tmp_path / "alertmanager/alertmanager.yml"
    edited.write_text(edited.read_text().replace("127.0.0.1:9095", "pager.example.com"))
    board = tmp_path / "grafana/chatwootai-mind.json"
    board.write_text(board.read_text().replace("Models and tools", "Models"))
    (tmp_path / ALERTS).unlink()
    assert main(["monitoring", "export", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "nothing was written" in said
    assert "alertmanager/alertmanager.yml, grafana/chatwootai-mind.json" in said
    assert not (tmp_path / ALERTS).exists()
    assert set(export(tmp_path, force=True).written) == {
        ALERTS, "alertmanager/alertmanager.yml", "grafana/chatwootai-mind.json",
    }  # fmt: skip
    (tmp_path / RECORDINGS).write_text("groups: []\n")
    with pytest.raises(CommandError):
        export(tmp_path)


def test_what_another_release_exported_is_replaced(tmp_path: Path) -> None:
    before = export(tmp_path, "https://old.example.com/")
    assert before.unchanged == ()
    after = export(tmp_path, "https://new.example.com/")
    assert after.written == (ALERTS,)
    text = (tmp_path / ALERTS).read_text()
    assert "https://new.example.com/docs/guides/operations.md#doordown" in text
    assert "old.example.com" not in text


def test_each_file_knows_itself() -> None:
    for name, text in files().items():
        assert is_own(text), name
        assert not is_own(text.replace("chatwootai", "other", 1)), name
        assert not is_own(text[:-2]), name
    assert not is_own("")
    assert not is_own("[]")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["monitoring", "export", str(tmp_path / "file")]) == 1
    assert "Not a directory" in capsys.readouterr().err


def test_the_example_of_alertmanager_calls_somebody_for_pages_and_nobody_for_tickets() -> None:
    said = yaml.safe_load(files()["alertmanager/alertmanager.yml"])
    receivers = {each["name"] for each in said["receivers"]}
    routes = said["route"]["routes"]
    assert {said["route"]["receiver"], *(each["receiver"] for each in routes)} == receivers
    assert routes[0]["matchers"] == ['severity = "page"']
    assert said["inhibit_rules"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus")
def test_promtool_accepts_the_rules_and_each_alert_fires_once_and_stays_silent_once(tmp_path: Path) -> None:
    export(tmp_path)

    def promtool(*words: str) -> str:
        command = ["promtool", *words]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    assert "46 rules found" in promtool("check", "rules", RECORDINGS, ALERTS)
    promtool("test", "rules", TESTS, WEEKLY_TESTS)
    tests = [
        one["name"] for name in (TESTS, WEEKLY_TESTS) for one in yaml.safe_load((tmp_path / name).read_text())["tests"]
    ]
    assert len(tests) == len(set(tests)) == 2 * 46 - 1  # the watchdog is never silent
