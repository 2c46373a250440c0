"""`chatwootai eval` as an operator calls it, without secrets, Redis or a model: what it prints, writes and returns."""

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.commands import program
from tests.integration.ops.evaluation.rehearsed_shop import TENANT, change, open_shop

ROOT = Path(__file__).resolve().parents[4]
SECRETS = ("CHATWOOT", "OPENAI", "REDIS_URL")


def call(*words: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    command = [*program(crews=True), *words]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize(("account", "least"), [("1", 60), ("2", 12)])
def test_the_cases_of_the_example_shops_pass(account: str, least: int, tmp_path: Path) -> None:
    junit, page, events = tmp_path / "a/eval.xml", tmp_path / "eval.html", tmp_path / "eval.jsonl"
    done = call(
        "eval", "run", "examples", "--account", account, "--json",
        "--junit", str(junit), "--html", str(page), "--events", str(events),
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [(each["name"], each["failures"], each["misses"]) for each in said["cases"] if not each["passed"]] == []
    assert (said["passed"], said["failed"], said["missed"]) == (len(said["cases"]), 0, 0)
    assert said["passed"] >= least
    assert said["gate"]["passed"]
    assert done.returncode == 0
    suite = Xml.parse(junit).getroot()[0]
    assert (int(suite.get("tests", 0)), suite.get("failures"), suite.get("skipped")) == (said["passed"], "0", "0")
    assert "Gate passed." in page.read_text(encoding="utf-8")
    first = json.loads(events.read_text(encoding="utf-8").splitlines()[0])
    assert first["event.name"] == "gen_ai.evaluation.result"


def test_a_miss_and_a_failure_are_told_apart(tmp_path: Path) -> None:
    folder = open_shop(tmp_path)
    (folder / TENANT / "evals/two").mkdir(parents=True)
    (folder / TENANT / "evals/two/cases.jsonl").write_text(
        '{"name": "nothing recorded", "say": ["Vocês vendem pente de madeira?"], "expect": {"outcome": "reply"}}\n'
        '{"name": "wrong", "say": ["Qual o horário?"], "expect": {"contains": "24 horas"}}\n',
        encoding="utf-8",
    )
    done = call("eval", "run", "two", "--account", "1", "--config", str(folder), "--json", "--repeat", "2")
    said = json.loads(done.stdout)
    assert (said["passed"], said["failed"], said["missed"]) == (0, 1, 1)
    missed, failed = said["cases"]
    assert missed["failures"] == []
    assert "is not recorded" in missed["misses"][0]
    assert failed["misses"] == []
    assert failed["failures"] == ["the answer lacks “24 horas”"]
    assert (failed["runs"], failed["passes"], said["pass_hat_k"]) == (2, 0, {"1": 0.0, "2": 0.0})
    assert done.returncode == 0, "neither of them must pass"


def test_a_broken_case_is_told_with_its_line_by_check_and_by_the_run(tmp_path: Path) -> None:
    folder = open_shop(tmp_path)
    path = TENANT / "evals/gate/cases.yaml"
    change(folder, path, "  expect: {outcome: reply, crew: balcao}", "  expect: {outcome: answer, crew: balcao}")
    place = f"{folder / path}:10:"
    checked = call("check", "--no-secrets", "--config", str(folder))
    assert place in checked.stdout
    assert checked.returncode == 1
    run = call("eval", "run", "gate", "--account", "1", "--config", str(folder))
    assert place in run.stderr
    assert run.returncode == 1


def test_an_unknown_set_is_not_found() -> None:
    done = call("eval", "run", "nothing", "--account", "1")
    assert done.returncode == 3
    assert "there are: examples" in done.stderr
