"""The house itself: every room has its sign, every key its row, every data file its place in the wheel."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from chatwootai.stores.key_list import key_kinds
from chatwootai.stores.server.scripts import Script

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("chatwootai", "config", "crews", "ingress", "ops", "sandbox", "workers")
BENCH = "bench"
"""Ours too, and in no wheel: it measures a checkout."""
SIGNS_WITH_CODE = {"workers/__init__.py"}  # arq's own CLI wants `workers.WorkerSettings`


def packages() -> list[Path]:
    return sorted(path for room in (*ROOMS, BENCH) for path in (ROOT / room).rglob("__init__.py"))


@pytest.mark.parametrize("sign", packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sign_says_what_lives_there_and_holds_no_code(sign: Path) -> None:
    tree = ast.parse(sign.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a sign is a docstring"
    if str(sign.relative_to(ROOT)) not in SIGNS_WITH_CODE:
        assert len(tree.body) == 1, "a sign holds no code"


def scripts() -> list[Path]:
    found = sorted((ROOT / "chatwootai" / "stores").glob("*/lua/*.lua"))
    assert len({script.name for script in found}) == len(found) > 50, "scripts are called by name"
    return found


def key_names(text: str) -> set[str]:
    """The fixed beginnings of our keys in a text: `cw:seen:m`, `cw:ready`, ..."""
    return {found.rstrip(":") for found in re.findall(r"cw:[a-z]+(?::[a-z]+)*:?", text)}


def test_every_key_of_the_scripts_stands_in_the_list_of_keys() -> None:
    listed = {name for kind in key_kinds() for name in key_names(kind.pattern)}
    used = {name for script in scripts() for name in key_names(script.read_text(encoding="utf-8"))}
    assert used <= listed, f"not in key_list.py: {used - listed}"


ALL_ACCOUNTS = {
    "cw:timers", "cw:open", "cw:scheduled", "cw:leases", "cw:owners", "cw:running", "cw:waiting", "cw:arrived",
    "cw:tenants:{lane}",
    "cw:job:{job}", "cw:wake", "cw:worker:{worker}", "cw:signals:{worker}", "cw:probe", "cw:full", "cw:dead",
    "cw:dead:{turn}", "cw:turn:{turn}", "cw:catchup", "cw:sweep", "cw:config:counter", "cw:config:current",
    "cw:config:version:{version}", "cw:config:versions", "cw:config:about", "cw:config:sync", "cw:config:told",
    "cw:config:canary", "cw:config:canary:look", "cw:canary:{version}:{side}",
    "cw:chatwoot", "cw:chatwoot:failing",
    "cw:refused", "cw:breaker:{target}", "cw:breakers", "cw:limit:{endpoint}", "cw:queue:{endpoint}",
    "cw:done", "cw:done:sizes", "cw:done:counts", "cw:vectors:{kind}", "cw:vectors:bytes", "cw:vectors:secret",
    "cw:processes", "cw:incidents", "cw:alike", "cw:alike:sizes",
    "cw:paused", "cw:paused:about",
    "cw:console:tokens", "cw:console:used", "cw:console:sessions", "cw:console:session:{digest}",
    "cw:turns-recent", "cw:days:{day}", "cw:turns-kept", "cw:turns-kept:sizes",
    "cw:drafts", "cw:requests", "cw:request:{request}", "cw:answers:{request}",
    "cw:audit", "cw:audit:head", "cw:format", "cw:events:info", "cw:events:trouble",
    "cw:erased", "cw:erasures", "cw:erasures:done", "cw:copy:{stream}",
}  # fmt: skip
"""The installation's own, indexes over all accounts, names that no two accounts can have, and what model endpoints
allow to whose key it is. Whatever else is kept is one account's, and its name says whose."""


def test_every_key_is_of_one_account_or_one_of_those_that_are_of_all() -> None:
    rows = [kind.pattern for kind in key_kinds()]
    assert len(rows) > 40
    of_one = {name for name in rows if name.split(":")[2:] and {"{account}", "{conv}"} & set(name.split(":"))}
    assert set(rows) - of_one == ALL_ACCOUNTS


def test_every_script_says_what_it_takes_and_returns() -> None:
    for script in scripts():
        head = [line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("--")]
        assert head, script.name
        assert head[0].startswith(f"-- {script.stem}"), script.name
        if script.stem != "queue":
            assert any("ARGV" in line for line in head), script.name
            assert any("returns" in line for line in head), script.name
            assert Script(script.stem).key(()) == "cw:{all}", script.name


def test_texts_are_normalised_in_one_place() -> None:
    """`unicodedata.normalize` is quadratic on runs of marks: marks.py limits them before."""
    files = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    found = {path for path in files if "unicodedata.normalize(" in path.read_text(encoding="utf-8")}
    assert found == {ROOT / "chatwootai/model/text/marks.py"}


def test_every_metric_has_a_writer() -> None:
    """One that nobody sets shows 0 for ever, and looks like good news."""
    source = (ROOT / "chatwootai/telemetry/metrics.py").read_text(encoding="utf-8")
    named = re.findall(r"^([A-Z_]+): Final = (?:Counter|Gauge|Histogram)\(", source, re.MULTILINE)
    assert len(named) > 40
    code = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    written = set(re.findall(r"\b([A-Z_]+)\.(?:inc|dec|set|set_function|observe|labels)\(", code))
    assert not set(named) - written


def test_only_our_distribution_owns_our_packages() -> None:
    owners = importlib.metadata.packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, ["chatwootai"])) == {"chatwootai"}, room


def test_the_wheel_carries_code_and_data_of_every_room_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listing = subprocess.run(["git", "ls-files", *ROOMS], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tracked = set(listing.split())
    own = {"config/chatwoot_mapping.yaml"}  # an operator writes it: no example travels, lest a real one does
    assert tracked - own <= inside, f"missing in the wheel: {tracked - inside}"
    assert {name.partition("/")[0] for name in inside} <= set(ROOMS)


def test_an_installed_wheel_says_where_the_bench_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    path = os.pathsep.join([str(tmp_path / "installed"), sysconfig.get_path("purelib")])  # without this checkout's .pth
    code = "import sys; from ops.cli import main; sys.exit(main(['bench', '--list']))"
    run = [sys._base_executable, "-s", "-c", code]  # type: ignore[attr-defined]
    done = subprocess.run(run, cwd=tmp_path, env={"PYTHONPATH": path}, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "the bench is not part of an installed wheel; run `make bench` in a checkout" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"]])
def test_the_linters_agree(command: list[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([str(program), *command[1:]], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
