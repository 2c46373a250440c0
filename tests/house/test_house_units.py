"""The systemd units that are shipped: systemd takes them, and what they name exists."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
_PYTHON = "/opt/chatwootai/bin/python"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    here = tmp_path / unit.name.replace("@", "@8080")
    here.write_text(unit.read_text("utf-8").replace(_PYTHON, sys.executable).replace("=chatwootai\n", "=root\n"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    about = [line for line in said.stderr.splitlines() if here.name in line]  # not what it says of the machine's own
    assert about == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_names_exists(unit: Path) -> None:
    text = unit.read_text("utf-8")
    (module,) = re.findall(rf"^ExecStart={_PYTHON} -m (\w+)$", text, re.MULTILINE)
    assert find_spec(f"{module}.__main__") is not None
    environment = (ROOT / "docs/reference/environment.md").read_text("utf-8")
    (line,) = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
    for pair in line.split():
        assert f"`{pair.partition('=')[0]}`" in environment, pair
    assert ("KillMode=mixed" in text) == (module == "workers")  # whose children get SIGTERM from their parent
    guide = (ROOT / "docs/guides/service.md").read_text("utf-8")
    assert unit.stem in guide
