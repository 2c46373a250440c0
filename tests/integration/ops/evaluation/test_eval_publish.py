"""`chatwootai config publish` of a tenant with a gate: refused with the cases named, or gone around with a reason."""

import json
import os
import subprocess
from pathlib import Path

from tests.commands import program
from tests.integration.ops.evaluation.rehearsed_shop import TENANT, change, open_shop

ROOT = Path(__file__).resolve().parents[4]


def call(url: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [*program(crews=True), *words]
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": url, "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=240)


def test_a_folder_whose_cases_fail_is_put_in_force_only_with_a_reason(redis_url: str, tmp_path: Path) -> None:
    folder = open_shop(tmp_path)
    publish = ("config", "publish", "--yes", "--config", str(folder))
    green = call(redis_url, *publish)
    assert green.returncode == 0, green.stderr
    assert "12 of 12 cases pass" in green.stdout
    change(folder, TENANT / "config.yaml", "R$ 164,90", "R$ 184,90")
    refused = call(redis_url, *publish)
    assert refused.returncode == 1
    assert "`the price`" in refused.stderr
    assert "version 2" not in refused.stdout
    around = call(redis_url, *publish, "--without-gate", "the price list is right")
    assert around.returncode == 0, around.stderr
    assert "version 2 is in force" in around.stdout
    told = json.loads(call(redis_url, "audit", "--json").stdout)
    entry = next(each for each in told if each["what"] == "publish without gate")
    assert entry["details"]["why"] == "the price list is right"
