"""What pages are made of: texts in each language, assets as released, nothing from elsewhere, nothing inline."""

import hashlib
import re
import string
import tomllib
from pathlib import Path

import pytest

from ops.console import view
from ops.console.routes import routes
from ops.console.view.assets import assets
from ops.console.view.texts import LANGUAGES, chosen_language, texts

ROOT = Path(view.__file__).parent
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))
VENDOR = ROOT / "static" / "vendor"


def test_vendored_files_are_as_released_with_version_and_licence() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| npm `[^`]+`, `[^`]+` \| ([\d.]+) \| [\w-]+, `([^`]+)` \| ([0-9a-f]{64}) \|$",
        (VENDOR / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    listed = {name: digest for name, _, _, digest in rows}
    held = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.*")
            if file.suffix in {".js", ".css"}}  # fmt: skip
    assert listed == held
    assert {version for name, version, _, _ in rows if name == "uplot.min.js"} == {"1.6.32"}
    assert all(version.startswith("2.0.") for name, version, _, _ in rows if name == "htmx.min.js")
    assert all((VENDOR / licence).exists() for _, _, licence, _ in rows)


def test_names_of_assets_change_with_their_content() -> None:
    for name, one in assets().items():
        digest = hashlib.sha256(one.body).hexdigest()[:12]
        assert digest in one.path, name


def test_every_language_has_every_text_with_the_same_values() -> None:
    english = texts("en")
    for language in LANGUAGES:
        own = texts(language)
        assert own.keys() == english.keys()
        for key, text in own.items():
            assert fields(text) == fields(english[key]), (language, key)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_text_is_written_twice() -> None:
    for language in LANGUAGES:
        files = [file for file in (ROOT / "texts").iterdir() if f".{file.name}".endswith(f".{language}.toml")]
        keys = [
            (group, name) for file in files for group, names in tomllib.loads(file.read_text("utf-8")).items()
            for name in names
        ]  # fmt: skip
        assert len(keys) == len(set(keys)) == len(texts(language))


def test_every_text_of_a_template_exists() -> None:
    for file in TEMPLATES:
        for key in re.findall(r"\bt\('([a-z_]+\.[a-z_0-9]+)'[,)]", file.read_text("utf-8")):
            assert key in texts("en"), (file.name, key)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_have_nothing_inline_and_nothing_from_elsewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|\|\s*safe\b|https?://(?!\{)", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "hx-on" not in text
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text)  # conditions need eval


@pytest.mark.parametrize(
    ("cookie", "accepted", "chosen"),
    [
        (None, "", "en"),
        (None, "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        (None, "pt-PT", "pt-BR"),
        (None, "de,es-MX;q=0.4,en;q=0.3", "es"),
        (None, "de;q=x,*", "en"),
        ("es", "pt-BR", "es"),
        ("../x", "pt", "pt-BR"),
    ],
)
def test_the_language_is_the_one_switched_to_or_else_the_browsers(
    cookie: str | None, accepted: str, chosen: str
) -> None:
    assert chosen_language(cookie, accepted) == chosen


def test_every_route_is_in_the_reference_with_its_least_role() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/console.md").read_text("utf-8")
    listed = {
        route: row.split("|")[2].strip()
        for row in page.splitlines()
        if row.startswith("| `")
        for route in re.findall(r"`((?:GET|POST) [^`]+)`", row.split("|")[1])
    }
    served = {
        f"{one.method} {re.sub(r':[^}]*', '', one.path)}": "nobody" if one.right.public else one.right.role.value
        for one in routes()
        if not one.path.startswith("/assets/")
    }
    assert listed == served
