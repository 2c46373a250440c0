"""The recipes of docs/guides/extend.md: their files exist, and four of them are performed in a copy, as written."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatwootai.model.policy.handoff_cause import Cause

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/guides/extend.md").read_text(encoding="utf-8")
COPIED = ("chatwootai", "config", "crews", "docs", "ingress", "ops", "tests", "workers", "pyproject.toml", "README.md")
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?|[A-Z]+\.md)`( \*\(new\)\*)?")
_BLOCK = re.compile(r"```python\n# ([\w./]+)(?:, in ([^\n]+))?\n(.*?)```", re.DOTALL)
BLOCKS = {(path, place): text for path, place, text in _BLOCK.findall(PAGE)}


def test_every_file_of_a_recipe_exists_but_those_that_are_new() -> None:
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    named = _PATH.findall(prose)
    assert len(named) > 60
    assert [path for path, new in named if not new and not (ROOT / path).exists() and path != "channels/"] == []
    assert [path for path, new in named if new and (ROOT / path).exists()] == []
    assert [path for path, new in named if new and not (ROOT / path).parent.is_dir()] == []


def test_every_recipe_is_listed_once() -> None:
    assert len(re.findall(r"^## ", PAGE, re.MULTILINE)) == 12
    assert PAGE.split("\n\n")[1].startswith("Twelve additions")


def test_the_guide_to_people_has_a_row_for_every_cause() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/guides/people.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(Cause) <= set(rows)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source, to = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", "real", "browser", "faults"))
        else:
            shutil.copy(source, to)
    return tmp_path


def run(copy: Path, *words: str, fails: bool = False) -> str:
    """Run Python in the copy and return what it prints."""
    secrets = {f"CHATWOOT_{number}_{kind}": f"{kind}{number}" for number in (1, 2) for kind in ("SECRET", "BOT_TOKEN")}
    kept = {"PYTHONPATH": str(copy), "PYTHONPYCACHEPREFIX": str(copy / "var/pycache")}  # its files are read many times
    environment = {**os.environ, "OPENAI_API_KEY": "k", **secrets, **kept}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode != 0) == fails, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def pytest_in(copy: Path, *names: str, fails: bool = False) -> str:
    """Run tests of the copy, of the code in the copy."""
    return run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *names, fails=fails)


def write(copy: Path, path: str) -> None:
    """Write a new file as the page has it."""
    (copy / path).write_text(BLOCKS[path, ""], encoding="utf-8")


def insert(copy: Path, path: str, place: str) -> None:
    """Put lines of the page where it says: at the end of a class, or of a table in each of its blocks."""
    file, said = copy / path, BLOCKS[path, place]
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for line in reversed(_ends("".join(lines), place)):
        lines.insert(line, said)
    file.write_text("".join(lines), encoding="utf-8")


def _ends(source: str, place: str) -> list[int]:
    """Return the lines after which to insert: behind a class's last field, or inside a dictionary's last brace."""
    kind, _, rest = place.partition(" ")
    for node in ast.parse(source).body:
        if kind == "class" and isinstance(node, ast.ClassDef) and node.name == rest:
            return [_last_field(node)]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == kind.strip(","):
            whole = node.value
            assert isinstance(whole, ast.Dict)
            several = [each for each in whole.values if isinstance(each, ast.Dict)] if "each" in rest else [whole]
            return [(each.end_lineno or 0) - 1 for each in several]
    raise AssertionError(f"no {place}")


def _last_field(cls: ast.ClassDef) -> int:
    """Return the last line of the fields that open a class, each with its docstring."""
    fields = ast.AnnAssign | ast.Assign | ast.Expr
    opening = [node for index, node in enumerate(cls.body) if all(isinstance(x, fields) for x in cls.body[: index + 1])]
    return opening[-1].end_lineno or 0


@pytest.mark.slow
def test_a_channel_is_one_file(copy: Path) -> None:
    write(copy, "chatwootai/channels/definitions/viber.py")
    assert "viber" in run(copy, "-m", "ops.cli", "crew", "show", "--help")
    run(copy, "-m", "ops.cli", "check", "--schemas", "schemas")
    assert '"viber"' in (copy / "schemas/config.schema.json").read_text(encoding="utf-8")
    layer = copy / "config/domains/furniture/account_2/config.yaml"
    layer.write_text(layer.read_text(encoding="utf-8") + "\nchannels: {viber: {emoji: false}}\n", encoding="utf-8")
    run(copy, "-m", "ops.cli", "check")
    code = (
        "from chatwootai.channels.incoming.channel_names import channel_of; "
        "print(channel_of('Channel::Viber', '1', {}))"
    )
    assert run(copy, "-c", code) == "viber\n"
    run(copy, "-m", "tests.contract.test_channels_golden")
    pytest_in(
        copy, "tests/unit/chatwootai/channels/incoming/test_channels_words.py", "tests/contract/test_channels_golden.py"
    )


@pytest.mark.slow
def test_a_setting_is_a_field_with_its_docstring_and_a_line_of_the_table(copy: Path) -> None:
    insert(copy, "config/settings/mail_media_template.py", "class Messages")
    lines = "tests/integration/config/test_settings_observed.py::test_every_setting_has_a_line_here"
    narrow = ("tests/unit/config/schema/test_config_descriptions.py", "tests/unit/config/settings/test_config_guide.py")
    assert "messages.most_characters" in pytest_in(copy, lines, fails=True)
    assert "run `make docs`" in pytest_in(copy, *narrow, fails=True)
    insert(copy, "tests/settings_table.py", "OBSERVED")
    run(copy, "-m", "docs.tables")
    pytest_in(copy, lines, *narrow)
    shown = run(copy, "-m", "ops.cli", "tenants", "show", "1", "--explain")
    assert "messages.most_characters = 0  (default)\n      Characters of a message" in shown


@pytest.mark.slow
def test_a_cause_is_a_word_and_its_notes(copy: Path) -> None:
    insert(copy, "chatwootai/model/policy/handoff_cause.py", "class Cause")
    narrow = (
        "tests/unit/chatwootai/model/policy/test_handoff_rules.py",
        "tests/unit/chatwootai/model/message/test_model_turn.py",
        "tests/unit/config/schema/test_config_schemas.py",
    )
    pytest_in(copy, narrow[0], fails=True)
    insert(copy, "chatwootai/model/policy/notes.py", "_LINES, each language")
    pytest_in(copy, *narrow)
    row = "tests/house/test_house_extend.py::test_the_guide_to_people_has_a_row_for_every_cause"
    pytest_in(copy, row, fails=True)
    page = copy / "docs/guides/people.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n| `vip` | ... | `handoff` |\n", encoding="utf-8")
    pytest_in(copy, row)


@pytest.mark.slow
def test_a_verb_is_one_file(copy: Path) -> None:
    write(copy, "ops/verbs/configure/channels.py")
    assert "list the channels" in run(copy, "-m", "ops.cli", "--help")
    assert re.search(r"^sms +320$", run(copy, "-m", "ops.cli", "channels"), re.MULTILINE)
    assert '"sms": ' in run(copy, "-m", "ops.cli", "channels", "--json")
