"""`knowledge.yaml` in the layers: inherited by name, paths kept to its folder, mistakes told with their lines."""

from pathlib import Path

import pytest

from config.document.problems import Problem
from config.loading.knowledge_files import missing_files
from config.loading.loader import Inspection, inspect, load
from crews.knowledge.reading.places import folder_of
from crews.knowledge.sources import allowed_sources, declared_sources

MAPPING = 'version: 1\naccounts:\n  "1": {domain: retail, tenant: one, webhook_secrets: ["${S}"], bot_token: "${T}"}\n'
ROOT = Path(__file__).resolve().parents[4]


def looked(folder: Path, files: dict[str, str]) -> Inspection:
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    for name, text in {"domains/_base/config.yaml": "language: pt\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return inspect(folder, {"S": "secret", "T": "token"})


def told(problems: "tuple[Problem, ...] | list[Problem]") -> list[tuple[int, str]]:
    return [(each.line, each.rule) for each in problems]


def test_a_layer_changes_keys_adds_and_removes_and_each_path_begins_where_it_is_written(tmp_path: Path) -> None:
    found = looked(
        tmp_path,
        {
            "domains/_base/knowledge.yaml": "sources: {law: {files: [law.md]}, old: {files: [old.md]}}",
            "domains/retail/knowledge.yaml": "sources: {faq: {records: knowledge/faq.jsonl}}",
            "domains/retail/knowledge/faq.jsonl": "{}",
            "domains/retail/one/config.yaml": "knowledge: {sources: {faq: {max_age_days: 9}, own: {files: ['*.md']}}}",
            "domains/retail/one/inbox_7/knowledge.yaml": "{show_sources: links, sources: {old: null}}",
        },
    )
    assert found.problems == ()
    settings = found.snapshot.accounts["1"].settings
    places = {name: (each.folder, each.max_age_days) for name, each in settings.knowledge.sources.items()}
    assert places == {
        "law": ("domains/_base", None), "old": ("domains/_base", None), "faq": ("domains/retail", 9),
        "own": ("domains/retail/one", None),
    }  # fmt: skip
    inbox = found.snapshot.accounts["1"].inboxes[7].settings
    assert {*inbox.knowledge.sources} == {"law", "faq", "own"}
    assert (settings.knowledge.show_sources, inbox.knowledge.show_sources) == ("never", "links")
    assert len(declared_sources(found.snapshot.accounts["1"])) == 4
    assert len(allowed_sources(inbox, "customers")) == 3
    assert found.library.tenants("retail") == ["one"]  # and not `knowledge`


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("sources:\n  a: {records: ../b.jsonl}\n", 2, "path"),
        ("sources:\n  a: {records: /etc/passwd}\n", 2, "format"),
        ("sources:\n  a: {files: ['x/../../*.md']}\n", 2, "path"),
        ("sources:\n  a: {files: ['C:\\x']}\n", 2, "format"),
        ("sources:\n  a: {files: [x.md], folder: ../two}\n", 2, "unknown-key"),
        ("sources:\n  a: {files: [x.md], site: 'https://a.example'}\n", 2, "one-of"),
        ("sources:\n  a: {url: 'https://a.example'}\n", 2, "one-of"),
        ("sources:\n  A b: {files: [x.md]}\n", 2, "format"),
        ("sources:\n  a: {files: [x.md], audience: everybody}\n", 2, "not-one-of"),
        ("sources:\n  a: {site: 'ftp://a.example'}\n", 2, "format"),
        ("sources:\n  a: {files: [x.md], pages: 0}\n", 2, "range"),
        ("embeddings: remote\n", 1, "not-one-of"),
        ("embeddings: {model: e, api_key: plain-secret-1234567890}\n", 1, "plain-secret"),
        ("show_sources: always\n", 1, "not-one-of"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, rule: str) -> None:
    found = looked(tmp_path, {"domains/retail/one/knowledge.yaml": text})
    assert (line, rule) in told(found.problems), found.problems


def test_a_missing_file_is_a_problem_of_the_check_alone(tmp_path: Path) -> None:
    found = looked(
        tmp_path,
        {
            "domains/retail/one/knowledge.yaml": (
                "sources:\n  a: {records: a.jsonl}\n  b:\n    files:\n      - b/*.md\n      - c.md\n"
            ),
            "domains/retail/one/c.md": "C",
            "domains/retail/config.yaml": "knowledge:\n  sources:\n    d: {files: [d.md]}\n",
        },
    )
    assert found.problems == ()
    assert told(missing_files(found.library.own)) == [(3, "missing-file"), (2, "missing-file"), (5, "missing-file")]


def test_an_accounts_folder_sends_no_key_of_the_operators_to_an_address_of_its_own(tmp_path: Path) -> None:
    found = looked(
        tmp_path,
        {
            "domains/retail/knowledge.yaml": "embeddings: {model: e, base_url: 'https://e.example', api_key: '${T}'}",
            "domains/retail/one/knowledge.yaml": "embeddings: {base_url: 'https://mine.example'}",
        },
    )
    assert "secret-elsewhere" in {each.rule for each in found.problems}


def test_what_ships_has_documents_and_they_are_there() -> None:
    environment = {f"CHATWOOT_{n}_{name}": f"s-{n}" for n in (1, 2) for name in ("SECRET", "BOT_TOKEN", "USER_TOKEN")}
    accounts = load(ROOT / "config", environment).accounts
    assert missing_files(inspect(ROOT / "config", environment).library.own) == []
    for account in accounts.values():
        sources = declared_sources(account)
        assert sources
        for each in sources:
            paths = (each.source.records,) if each.source.records else each.source.files
            folder = folder_of(ROOT / "config", each.source.folder)
            assert all([*folder.glob(path)] for path in paths if path)
