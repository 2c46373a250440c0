"""The schemas that editors use accept what ships and underline what the check would refuse."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.schemas import FILES, schemas, write

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
ROOT = Path(__file__).resolve().parents[4]


class _Loader(yaml.SafeLoader):
    """As the check reads: dates stay text, `!append` is a list."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("!append", lambda loader, node: loader.construct_sequence(node, deep=True))
_SCHEMAS = schemas()


def _mistakes(name: str, text: str) -> list[str]:
    data: Any = yaml.load(text, Loader=_Loader)
    return [error.message for error in jsonschema.Draft202012Validator(_SCHEMAS[name]).iter_errors(data)]


def _shipped() -> list[tuple[str, Path]]:
    """Every YAML file that ships or stands as an example, with the schema that an editor would take for it."""
    places = {ROOT / "config": "", ROOT / "crews/catalog": "x/crews/", ROOT / "tests/crews": "x/crews/"}
    return [
        (_schema(head + path.relative_to(folder).as_posix()), path)
        for folder, head in places.items()
        for path in sorted(folder.rglob("*.yaml"))
    ]


def _schema(path: str) -> str:
    return next(name for name, globs in FILES.items() if any(fnmatch(f"/{path}", f"/{each}") for each in globs))


@pytest.mark.parametrize(("name", "path"), _shipped(), ids=lambda each: getattr(each, "name", each))
def test_what_ships_is_accepted(name: str, path: Path) -> None:
    assert _mistakes(name, path.read_text(encoding="utf-8")) == []


def test_every_schema_is_of_a_kind_of_file_and_is_one() -> None:
    assert set(_SCHEMAS) == set(FILES)
    for schema in _SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config", "emojis: true"),
        ("config", "emoji: maybe"),
        ("config", "deadline_ms: 1"),
        ("config", "hours: {week: {monday: ['9-18']}}"),
        ("config", "channels: {fax: {}}"),
        ("config", "promotions: [{name: x, text: y1}]"),
        ("config", "model: {fallbacks: [{name: x, api_key: k3JHs8fnQ2LmN9pRt5VwX7zB}]}"),
        ("chatwoot_mapping", 'accounts: {"1": {domain: Retail}}'),
        ("chatwoot_mapping", 'chatwoot: {default: {url: "chat.example.com"}}'),
        ("answers", "pix: {questions: pix, answer: Sim.}"),
        ("answers", "pix: {question: [pix], answer: Sim.}"),
        ("tools", "hosts: ['https://a.b']"),
        ("tools", "http: {price: {metod: GET}}"),
        ("tools", "mcp: {shop: {env: {KEY: plain}}}"),
        ("agents", "seller: {rol: x}"),
        ("agents", "- role: x"),
        ("agents", "seller: {max_iter: 99}"),
        ("tasks", "advise: {agent: [seller]}"),
        ("tasks", "advise: {context: research}"),
        ("channel", "tonne: x"),
        ("channel", "max_tokens: 5"),
        ("channel", "agents: {seller: {rol: x}}"),
        ("crew", "fuse: sometimes"),
        ("crew", "agents: [{id: a, rol: x}]"),
        ("crew", "style: formal"),
    ],
)
def test_mistakes_are_underlined(name: str, text: str) -> None:
    assert _mistakes(f"{name}.schema.json", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config", 'greeting: null\ndeadline_ms: "${DEADLINE:-9000}"\nmodel: {quick: {below_ms: 2000}}'),
        ("config", "handoff: {phrases: !append [gerente], teams: {sales: null}}"),
        ("answers", "pix: null\nfrete: {answer: Grátis.}"),
        ("tools", 'http: {price: {headers: {Authorization: "Bearer ${TOKEN}"}}}'),
        ("agents", "seller: {max_iter: 2}\nother: null"),
        ("tasks", "advise: {description: null}"),
        ("channel", "length: short\nagents: {seller: {role: x}}"),
        ("crew", "agents: [{id: a, role: r, goal: g, backstory: b, verbose: true}]\nwhatever: 1"),
    ],
)
def test_what_only_differs_or_removes_or_refers_is_accepted(name: str, text: str) -> None:
    assert _mistakes(f"{name}.schema.json", text) == []


def test_a_plain_secret_is_underlined() -> None:
    account = 'accounts: {"1": {domain: retail, bot_token: %s}}'
    assert _mistakes("chatwoot_mapping.schema.json", account % "k3JHs8fnQ2LmN9pRt5VwX7zB")
    assert _mistakes("chatwoot_mapping.schema.json", account % '"${TOKEN}"') == []


def test_they_are_written_where_asked(tmp_path: Path) -> None:
    paths = write(tmp_path / "new")
    assert [path.name for path in paths] == list(_SCHEMAS)
    assert all(path.read_text(encoding="utf-8").startswith("{") for path in paths)
