"""Secrets travel nowhere: not in the wheel, the source archive or the image, and git ignores where `connect` writes."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from config.loading.loader import inspect
from config.mapping.mapping_edit import MappingEdit
from ops.connect.examples import ADDRESS, SHOWN, unused_examples

ROOT = Path(__file__).resolve().parents[2]
CANARY = b"-".join((b"TOKEN=canary", b"5e1f"))  # whole nowhere in these files themselves
SECRETS = (".env", ".env.production", "prod.env", "config/secrets.env", "config/.env", "config/.env.local")
SECRETS += ("crews/catalog/sales/sales.env", "ops/secrets.yaml", "chatwootai/.env", "sandbox/tls.key", "ingress/a.pem")
OTHERS = ("config/notes.txt", "config/tokens.json", "config/domains/nimbus/config.yaml", "config/sub/tool.py")
OTHERS += ("config/domains/retail/mine/config.yaml", "config/domains/retail/account_1/private.yaml")
EXAMPLE = "config/chatwoot_mapping.yaml"  # an operator's own, once it is written


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files, with an operator's secrets and tenants among them."""
    folder = tmp_path_factory.mktemp("clone")
    for name in tracked("."):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in (*SECRETS, *OTHERS, EXAMPLE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(CANARY)
    return folder


def tracked(*places: str) -> set[str]:
    done = subprocess.run(["git", "ls-files", *places], cwd=ROOT, check=True, capture_output=True, text=True)
    return {name for name in done.stdout.splitlines() if (ROOT / name).exists()}


def build(folder: Path, to: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(to)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return next(path for path in to.iterdir() if path.suffix in {".whl", ".gz"})


def test_neither_wheel_nor_source_archive_takes_an_operators_files(clone: Path, tmp_path: Path) -> None:
    wheel = zipfile.ZipFile(build(clone, tmp_path / "wheel", "wheel"))
    assert [name for name in wheel.namelist() if CANARY in wheel.read(name)] == []
    with tarfile.open(build(clone, tmp_path / "sdist", "sdist")) as archive:
        files = [member for member in archive if member.isfile()]
        assert [each.name for each in files if (file := archive.extractfile(each)) and CANARY in file.read()] == []
        assert any(each.name.endswith("/config/loading/loader.py") for each in files)


def test_the_images_steps_copy_no_secret_and_all_that_ships(clone: Path, tmp_path: Path) -> None:
    context = tmp_path / "src"
    for source, target in copied_by_the_image():
        for path in [clone / source] if (clone / source).is_file() else sorted((clone / source).rglob("*")):
            name = str(path.relative_to(clone))
            if path.is_file() and not left_out(name):
                inside = context / target / Path(name).name if path == clone / source else context / name
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, inside)
    assert [str(path) for path in context.rglob("*") if path.is_file() and CANARY in path.read_bytes()] == []
    wheel = zipfile.ZipFile(build(context, tmp_path / "wheel", "wheel"))
    rooms = ("chatwootai", "config", "crews", "ingress", "ops", "sandbox", "workers")
    assert tracked(*rooms) - {EXAMPLE} <= set(wheel.namelist())


def copied_by_the_image() -> list[tuple[str, str]]:
    """Source and target of each COPY from the build context."""
    steps = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [(source, step.split()[-1]) for step in steps for source in step.split()[:-1]]


def left_out(name: str) -> bool:
    """Whether .dockerignore leaves a file out: the last pattern decides that fits it or a folder that it lies in."""
    found = False
    places = [name, *(str(each) for each in Path(name).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and any(_go_pattern(pattern).fullmatch(place) for place in places):
            found = not line.startswith("!")
    return found


def _go_pattern(pattern: str) -> re.Pattern[str]:
    """As Docker reads it: `**/` any folders or none, `*` anything but a slash."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda m: parts.get(m[0], re.escape(m[0])), pattern))


def test_our_reading_of_dockerignore_is_dockers() -> None:
    assert left_out("config/secrets.env")
    assert left_out("config/domains/retail/mine/config.yaml")
    assert left_out("a/b/.env.local")
    assert not left_out("config/loading/loader.py")
    assert not left_out("config/domains/_base/config.yaml")
    assert not left_out("ops/connect/secrets_file.py")


@pytest.mark.parametrize("name", SECRETS)
def test_git_ignores_files_of_secrets(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode == 0
    assert not any(left_out(each) for each in tracked("chatwootai", "crews", "ingress", "ops", "sandbox", "workers"))


def test_the_examples_of_the_shipped_mapping_are_the_ones_that_connect_knows() -> None:
    edit = MappingEdit.read(ROOT / EXAMPLE)
    assert unused_examples(edit, {}) == SHOWN
    assert edit.written_value("chatwoot", "default", "url") == ADDRESS
    assert len(inspect(ROOT / "config", os.environ).entries.accounts) == len(SHOWN)  # type: ignore[union-attr]
    assert unused_examples(edit, {"CHATWOOT_1_BOT_TOKEN": "in use"}) == {"2": SHOWN["2"]}
