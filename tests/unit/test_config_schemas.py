"""The schemas that editors use accept what ships and underline what the check would refuse."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.schemas import schemas, write

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
ROOT = Path(__file__).resolve().parents[2] / "config"


class _Loader(yaml.SafeLoader):
    """As the check reads: dates stay text, `!append` is a list."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("!append", lambda loader, node: loader.construct_sequence(node, deep=True))


def _mistakes(name: str, text: str) -> list[str]:
    data: Any = yaml.load(text, Loader=_Loader)
    return [error.message for error in jsonschema.Draft202012Validator(schemas()[name]).iter_errors(data)]


def test_what_ships_is_accepted() -> None:
    text = (ROOT / "chatwoot_mapping.yaml").read_text(encoding="utf-8")
    assert _mistakes("chatwoot_mapping.schema.json", text) == []
    for path in ROOT.glob("domains/**/config.yaml"):
        assert _mistakes("config.schema.json", path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize(
    "text",
    ["emojis: true", "emoji: maybe", "deadline_ms: 1", "hours: {week: {monday: ['9-18']}}", "channels: {fax: {}}"],
)
def test_mistakes_are_underlined(text: str) -> None:
    assert _mistakes("config.schema.json", text)


def test_null_and_references_are_accepted() -> None:
    assert _mistakes("config.schema.json", 'greeting: null\ndeadline_ms: "${DEADLINE:-9000}"') == []


def test_a_plain_secret_is_underlined() -> None:
    account = 'accounts: {"1": {domain: retail, bot_token: %s}}'
    assert _mistakes("chatwoot_mapping.schema.json", account % "k3JHs8fnQ2LmN9pRt5VwX7zB")
    assert _mistakes("chatwoot_mapping.schema.json", account % '"${TOKEN}"') == []


def test_they_are_written_where_asked(tmp_path: Path) -> None:
    paths = write(tmp_path / "new")
    assert [path.name for path in paths] == ["chatwoot_mapping.schema.json", "config.schema.json"]
    assert all(path.read_text(encoding="utf-8").startswith("{") for path in paths)
