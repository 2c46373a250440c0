"""Characters that look like YAML's own: each is named where it stands, and what YAML makes of it is not."""

import unicodedata
from pathlib import Path

import pytest

from config.document.yaml_source import parse
from config.loading.loader import inspect

SECRETS = {"S": "secret", "T": "token"}
MAPPING = 'version: 1\naccounts: {"1": {domain: retail, tenant: loja, webhook_secrets: ["${S}"], bot_token: "${T}"}}\n'
NBSP, ZERO, BOM, LINES, WIDE, THIN = "\u00a0", "\u200b", "\ufeff", "\u2028", "\uff1a", "\u202f"
TENANT: dict[str, tuple[str, int, int]] = {
    # the file, and the line and column of the character
    "two as indentation": (f"company:\n{NBSP}{NBSP}name: Loja\n", 2, 1),
    "one beside a space": (f"company:\n {NBSP}name: Loja\n", 2, 2),
    "a space beside it": (f"company:\n{NBSP} name: Loja\n", 2, 1),
    "below a right line": (f"company:\n  name: Loja\n {NBSP}description: x\n", 3, 2),
    "deeper than it should": (f"company:\n  facts:\n    a: b\n  {NBSP} c: d\n", 4, 3),
    "after a colon": (f"company:\n  name:{NBSP}Loja\n", 2, 8),
    "after a colon, more below": (f"company:\n  name:{NBSP}Loja\n  description: x\n", 2, 8),
    "after a colon, at the top": (f"language:{NBSP}pt\n", 1, 10),
    "after a colon and a space": (f"company:\n  name: Loja\nhandoff:{NBSP} {{label: x1}}\n", 3, 9),
    "before a colon": (f"company{NBSP}: {{name: Loja}}\n", 1, 8),
    "a thin one before a colon": (f"company{THIN}:\n  name: Loja\n", 1, 8),
    "an unseen one before a key": (f"{ZERO}company: {{name: Loja}}\n", 1, 1),
    "an unseen one in a key": (f"com{ZERO}pany: {{name: Loja}}\n", 1, 4),
    "an unseen one at a key's end": (f"company{ZERO}: {{name: Loja}}\n", 1, 8),
    "a mark in mid-file": (f"language: pt\n{BOM}tone: x\n", 2, 1),
    "a mark as indentation": (f"company:\n  name: x\n{BOM} description: z\n", 3, 1),
    "a wide space as indentation": ("company:\n\u3000name: Loja\n", 2, 1),
    "a wide colon": (f"company:\n  name{WIDE}Loja\n", 2, 7),
    "a wide colon, more below": (f"company:\n  name{WIDE} Loja\n  description: x\n", 2, 7),
    "a wide colon at the top": (f"language{WIDE} pt\n", 1, 9),
    "dashes for a list": ("handoff:\n  phrases:\n    \u2013 quero\n    \u2013 falar\n", 3, 5),
    "bullets for a list": ("handoff:\n  phrases:\n    \u2022 quero\n", 3, 5),
    "a long dash for a list": ("promotions:\n  \u2014 name: x\n    text: y\n", 2, 3),
    "after a list's dash": (f"handoff:\n  phrases:\n    -{NBSP}quero\n    -{NBSP}falar\n", 3, 6),
    "curly quotes": ("company:\n  name: \u201cLoja\u201d\n", 2, 9),
    "curly single quotes": ("greeting: \u2018Oi\u2019\n", 1, 11),
    "low quotes": ("greeting: \u201eHallo\u201c\n", 1, 11),
    "a straight and a curly quote": ('company:\n  name: "Loja\u201d\n', 2, 14),
    "curly quotes in a list": ("handoff:\n  phrases: [\u201cum, dois\u201d, tres]\n", 2, 13),
    "a line separator": (f"company:{LINES}  name: Loja\n  description: [\n", 1, 9),
}


@pytest.mark.parametrize("case", TENANT)
def test_a_tenants_file_names_the_character_and_its_place(tmp_path: Path, case: str) -> None:
    text, line, column = TENANT[case]
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    path = tmp_path / "domains/retail/loja/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    problems = inspect(tmp_path, SECRETS).problems
    problem = next(each for each in problems if each.rule == "lookalike-character")
    assert (problem.line, problem.column) == (line, column)
    character = text.split("\n")[line - 1][column - 1]
    assert f"U+{ord(character):04X}" in problem.message
    assert unicodedata.name(character).lower() in problem.message
    assert not any("Did you mean" in each.remedy for each in problems)
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (MAPPING.replace('"1": {', '"1":\u00a0{'), 2, 0),
        ('version: 1\naccounts:\n\u00a0\u00a0"1": {domain: retail}\n', 3, 1),
        ("version: 1\naccounts:\n  abc:\u00a0retail\n", 3, 7),
        ("version\uff1a 1\n", 1, 8),
        ("version: 1\naccounts:\n  a1:\n    domain\uff1a retail\n", 4, 11),
    ],
)
def test_so_does_the_mapping(tmp_path: Path, text: str, line: int, column: int) -> None:
    (tmp_path / "chatwoot_mapping.yaml").write_bytes(text.encode())
    found = [each for each in inspect(tmp_path, SECRETS).problems if each.rule == "lookalike-character"]
    assert [each.line for each in found] == [line]
    assert column in (0, found[0].column)


FINE = [
    "tone: R$\u00a099 \u2013 calm \u2014 \u201cyes\u201d \u00abda\u00bb\n",
    "tone: Horaires\u00a0:\u00a09h\u00a0\u00e0 18h\n",
    "tone: \u8bed\u6c14\uff1a\u53cb\u597d\uff0c\u7b80\u77ed\u3002\n",
    "tone:\n  \u8bed\u6c14\uff1a\u53cb\u597d\uff0c\u7b80\u77ed\u3002\n",
    "tone:\n  \u00abМагазин\u00bb \u2014 спокойно\n",
    "tone:\n  Say \u201chello\u201d\n",
    "tone: |\n  \u2013 um\n  \u2013 dois\n  \u00a0tr\u00eas\n",
    'tone: "\u201cquoted\u201d"\n',
    "tone: \u201cone\u201d and \u201ctwo\u201d\n",
    "# \u00a0\u200b in a comment\ntone: x\n",
    "company: {facts: {pre\u00e7o\u00a0final: x, \u0646\u06cc\u0645\u200c\u0641\u0627\u0635\u0644\u0647: z}}\n",
    "handoff:\n  phrases:\n    - \u201cquero\u201d j\u00e1\n    - \u9000\u6b3e\uff1a\n",
]


@pytest.mark.parametrize("text", FINE)
def test_within_a_text_they_are_the_operators(text: str) -> None:
    node, problems = parse(text.encode(), "config.yaml")
    assert node is not None
    assert problems == []
