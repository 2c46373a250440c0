"""The rooms: small enough to survey, in an order that a contract keeps, and where the pages say that they are."""

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bench", "chatwootai", "config", "crews", "ingress", "ops", "sandbox", "workers")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES.remove(ROOT / "docs/guides/extend.md")  # names files that are to be made: test_house_extend.py
MOST = 14
_PATH = re.compile(rf"`((?:{'|'.join(PACKAGES)})/[\w/]+(?:\.(?:py|lua|yaml)|/)?)`")


def folders() -> list[Path]:
    return sorted(sign.parent for package in PACKAGES for sign in (ROOT / package).rglob("__init__.py"))


def test_no_room_holds_more_modules_than_one_can_survey() -> None:
    held = {str(folder.relative_to(ROOT)): len(list(folder.glob("*.py"))) - 1 for folder in folders()}
    assert {name: number for name, number in held.items() if number > MOST} == {}


def test_every_package_with_rooms_keeps_their_order_by_a_contract() -> None:
    written = configparser.ConfigParser()
    written.read(ROOT / ".importlinter", encoding="utf-8")
    layered = {written[name].get("containers", "").strip() for name in written.sections()}
    packages = [ROOT / name for name in PACKAGES] + [
        ROOT / "chatwootai" / room for room in ("channels", "model", "stores")
    ]
    with_rooms = {
        str(package.relative_to(ROOT)).replace("/", ".") for package in packages if any(package.glob("*/__init__.py"))
    }
    assert with_rooms - {"bench"} <= layered


def test_circles_are_looked_for_in_every_room() -> None:
    written = configparser.ConfigParser()
    written.read(ROOT / ".importlinter", encoding="utf-8")
    looked = set(written["importlinter:contract:circles"]["ancestors"].split())
    several = {
        str(folder.relative_to(ROOT)).replace("/", ".")
        for folder in folders()
        if len(list(folder.glob("*.py"))) - 1 + len(list(folder.glob("*/__init__.py"))) > 1
    }
    assert several <= looked


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "extend.md"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_paths_that_pages_name_are_there(page: Path) -> None:
    """Extending names files that are yet to be made, too: test_house_extend.py holds it."""
    named = {found[1] for found in _PATH.finditer(page.read_text(encoding="utf-8"))}
    missing = {path for path in named if not (ROOT / path).exists() and not _theirs(path)}
    assert missing == set()


def test_the_page_of_rooms_names_each() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = {found[1]: found[0] for found in re.finditer(r"^\| `([a-z/]+)` \| .*$", page, re.MULTILINE)}
    rooms = {sign.parent for package in rows for sign in (ROOT / package).glob("*/__init__.py")}
    unnamed = {room for room in rooms if f"`{room.name}`" not in rows[str(room.parent.relative_to(ROOT))]}
    assert {str(room.relative_to(ROOT)) for room in unnamed} - {*rows} == set()


@pytest.mark.parametrize("kind", ["unit", "integration"])
def test_tests_stand_in_folders_of_the_house(kind: str) -> None:
    """`integration/system` holds what drives the whole system; `unit` itself what tests the tests."""
    top = ROOT / "tests" / kind
    held = {file.parent.relative_to(top) for file in top.rglob("test_*.py")} - {Path(), Path("system")}
    assert {str(folder) for folder in held if not (ROOT / folder / "__init__.py").exists()} == set()


def _theirs(path: str) -> bool:
    """Whether it is a file that an operator or a running process writes."""
    return path.startswith(("config/domains/", "config/secrets", "config/last"))


def test_no_two_files_of_tests_outside_packages_have_one_name() -> None:
    """Pytest imports such a file by its name alone, and refuses the second."""
    loose = [path.name for path in (ROOT / "tests").rglob("test_*.py") if not (path.parent / "__init__.py").exists()]
    assert sorted({name for name in loose if loose.count(name) > 1}) == []
