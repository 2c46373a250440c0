"""Forty planted mistakes of forty kinds in one folder: each found in one run, at its own file and line."""

from pathlib import Path

import pytest

from config.document.problems import ConfigurationError, Problem
from config.loading.loader import inspect, load

ENVIRONMENT = {"URL": "http://chatwoot:3000", "S1": "one", "S2": "two", "S3": "three", "SAME": "same", "T": "token"}
ENVIRONMENT |= {"EMPTY": "", "CHATWOOTAI_SECRET_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}

# Every line with a mistake ends in the rule that must be reported for it, after `#=`.
MAPPING = """\
version: 1
chatwot: {}                                                         #= unknown-key
chatwoot:
  default: {url: "${URL}"}
  other: {url: chatwoot.example}                                    #= format
accounts:
  "1":
    domain: retail
    webhook_secrets: ["${S1}"]
    bot_token: "${T}"
    priority: 11                                                    #= range
    crew: costumer_service                                          #= unknown-crew
    signature: sometimes                                            #= not-one-of
  "2":
    domain: retale                                                  #= unknown-domain
    webhook_secrets: ["${UNSET_NAME}"]                              #= unset-variable
    bot_token: plain-token-in-the-file                              #= plain-secret
  "3":                                                              #= missing-secret
    domain: retail
    bot_token: "${T}"
  shop:                                                             #= missing-key
    domain: retail
    webhook_secrets: ["${SAME}"]
    bot_token: "${T}"
  "5":
    id: 1                                                           #= account-twice
    domain: retail
    webhook_secrets: ["${SAME}"]                                    #= shared-secret
    bot_token: "${T}"
  "6":
    chatwoot: elsewhere                                             #= unknown-installation
    domain: retail
    webhook_secrets: ["${S2}", "${S2}"]                             #= secret-twice
    bot_token: "ENC:gAAAAABnotacipher"                              #= ciphertext
  "7":
    domain: retail
    webhook_secrets: ["${file:/nowhere/at/all}"]                    #= secret-file
    bot_token: "${T:-}${EMPTY:-}x${"                                #= reference
    tenant: renaimed                                                #= unknown-tenant
  "8":
    domain: retail
    webhook_secrets: "${S3}"                                        #= type
    bot_token: "${EMPTY:-}"                                         #= empty-secret
    domain: furniture                                               #= duplicate-key
inboxes:
  "17": {account: "1", priority: 8}
  "1/17": {priority: 9}                                             #= inbox-twice
  "18": {account: "99"}                                             #= unknown-account
  "1/19": {account: "3"}                                            #= contradiction
"""
TENANT = """\
sentences:
  pt: {failed: "Desculpe, {nome}"}                                  #= placeholder
emoji: no                                                           #= ambiguous-word
hours:
  week:
    monday: ["18:00-08:00"]                                         #= hours
burst: {window_ms: 500, cap_ms: 100}                                #= order
promotions:
  - {name: a, text: !!binary "aGk=", start: 2026-12-01, end: 2026-12-02} #= tag
handoff:
  team: sales                                                       #= unknown-team
greeting: *nothing                                                  #= alias
<<: {tone: x}                                                       #= merge-key
? [a]                                                               #= key
: b
tone: {{LONG}}                                                      #= too-long
"""
BOMB = "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
ALONE = {  # each ends the reading of its file
    "tabs": ("company:\n\tname: x\n", "tab", 2),
    "mark": ("\ufefflanguage: pt\n", "byte-order-mark", 1),
    "twice": ("language: pt\n---\nlanguage: es\n", "documents", 2),
    "deep": ("company: " + "[" * 100_000, "too-deep", 1),
    "syntax": ("language: 'pt\n", "yaml", 1),
    "bytes": (b"language: pt\ntone: \xff\n", "encoding", 2),
    "large": ("# " + "x" * 1024 * 1024 + "\nlanguage: pt\n", "too-large", 1),
    "bomb": ("a: &a [x,x,x,x,x,x,x,x,x]\n" + BOMB, "too-many-values", 5),
}


def _plant(folder: Path) -> set[tuple[str, int | None, str]]:
    tenant = TENANT.replace("{{LONG}}", "x" * 20_001)
    expected = {
        *_planted(folder / "chatwoot_mapping.yaml", MAPPING),
        *_planted(folder / "domains/retail/account_1/config.yaml", tenant),
        (str(folder / "domains/retail/Bad Name"), 1, "folder-name"),
        (str(folder / "domains/retail/renamed/config.yml"), 1, "unknown-file"),
        (str(folder / "domains/retail/pipe/config.yaml"), 1, "unreadable"),
    }
    for name, (text, rule, line) in ALONE.items():
        path = folder / "domains/retail" / name / "config.yaml"
        _write(path, text)
        expected.add((str(path), line, rule))
    (folder / "domains/retail/Bad Name").mkdir()
    (folder / "domains/retail/pipe/config.yaml").mkdir(parents=True)
    _write(folder / "domains/retail/renamed/config.yml", "language: pt\n")
    return expected


def _planted(path: Path, text: str) -> set[tuple[str, int | None, str]]:
    _write(path, text)
    lines = enumerate(text.splitlines(), start=1)
    return {(str(path), number, line.split("#= ")[1].strip()) for number, line in lines if "#= " in line}


def _write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[tuple[str, int | None, str]], tuple[Problem, ...]]:
    folder = tmp_path_factory.mktemp("planted")
    return _plant(folder), inspect(folder, ENVIRONMENT).problems


def test_every_mistake_is_found_at_its_line(planted) -> None:
    expected, problems = planted
    found = {(each.file, each.line, each.rule) for each in problems}
    anywhere = {(each.file, None, each.rule) for each in problems}
    assert {each for each in expected if each not in found | anywhere} == set()


def test_nothing_else_is_reported(planted) -> None:
    expected, problems = planted
    extra = [
        str(each)
        for each in problems
        if (each.file, each.line, each.rule) not in expected and (each.file, None, each.rule) not in expected
    ]
    assert extra == []
    assert len(problems) == len(expected)


def test_they_are_forty_kinds(planted) -> None:
    expected, _ = planted
    assert len({rule for _, _, rule in expected}) >= 40


def test_each_says_what_to_write(planted) -> None:
    _, problems = planted
    for problem in problems:
        assert problem.message
        assert len(problem.remedy) > 5
        assert problem.column >= 1


def test_no_value_of_the_environment_is_told(planted) -> None:
    _, problems = planted
    text = "\n".join(map(str, problems))
    assert "plain-token-in-the-file" not in text
    assert not [value for value in ENVIRONMENT.values() if len(value) > 8 and value in text]


def test_load_refuses_with_all_of_them(planted, tmp_path: Path) -> None:
    _plant(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, ENVIRONMENT)
    assert len(caught.value.problems) == len(planted[1])
