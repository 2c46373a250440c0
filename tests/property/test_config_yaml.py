"""Whatever a file holds, reading it ends soon, in a tree or in problems, and never in an exception."""

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.document.problems import Problem
from config.document.tree import Scalar, Table, leaves, plain
from config.document.yaml_source import MAPPING, Limits, parse
from config.loading.loader import inspect

PIECES = ["a", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&x", "*x", "<<", "!append", "!!str", "|", ">", "'"]
PIECES += [
    '"',
    "#",
    "?",
    "\t",
    "no",
    "null",
    "~",
    "1",
    "---",
    "...",
    "%",
    "@",
    "`",
    "\ufeff",
    "\u2028",
    "\x00",
    "é",
    "\U0001f600",
]
NOISE = st.lists(st.sampled_from(PIECES), max_size=60).map(lambda each: "".join(each).encode()) | st.binary(
    max_size=200
)


@given(NOISE)
@settings(max_examples=500)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    node, problems = parse(data, "f.yaml")
    assert all(isinstance(each, Problem) and each.line >= 1 and each.column >= 1 for each in problems)
    if node is not None:
        plain(node)


@given(NOISE)
@settings(max_examples=60)
def test_any_bytes_as_a_mapping_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    (folder / "chatwoot_mapping.yaml").write_bytes(data)
    assert inspect(folder, {}).problems


AMBIGUOUS = {"y", "n", "yes", "no", "on", "off"}  # PyYAML writes `y` and `n` as they are, and we refuse to guess
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"])).filter(
    lambda text: text.lower() not in AMBIGUOUS
)
VALUES = st.recursive(
    st.integers(-(10**15), 10**15) | st.booleans() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcde", min_size=1), VALUES, max_size=4))
def test_what_a_yaml_writer_writes_is_read_back(data: dict[str, object]) -> None:
    written = yaml.safe_dump(data, allow_unicode=True)
    node, problems = parse(written.encode(), "f.yaml")
    assert problems == []
    assert node is not None
    assert plain(node) == data


@given(st.lists(st.sampled_from(["key", "other", "k3"]), min_size=1, max_size=5, unique=True), st.integers(0, 5))
def test_every_key_and_value_knows_its_place(keys: list[str], indent: int) -> None:
    text = "\n" * indent + "".join(f"{key}:   value\n" for key in keys)
    node, _ = parse(text.encode(), "f.yaml")
    assert isinstance(node, Table)
    for line, key in enumerate(keys, start=indent + 1):
        assert node.keys[key] == ("f.yaml", line, 1)
        assert node.items[key].mark == ("f.yaml", line, len(key) + 5)


def test_aliases_are_counted_before_they_are_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*{'a' if n == 0 else f'k{n - 1}'}, *a]\n" for n in range(20))
    node, problems = parse(bomb.encode(), "f.yaml", Limits(values=100))
    assert node is None
    assert [each.rule for each in problems] == ["too-many-values"]


def test_depth_through_aliases_counts_as_depth() -> None:
    links = "".join(f"k{n}: &k{n} [[[[*k{n - 1}]]]]\n" for n in range(1, 400))
    node, problems = parse(f"k0: &k0 x\n{links}".encode(), "f.yaml", MAPPING)
    assert node is None
    assert [each.rule for each in problems] == ["too-deep"]


@pytest.mark.parametrize("word", ["no", "No", "NO", "yes", "on", "Off", "y", "N"])
def test_words_that_readers_disagree_about_are_refused_unless_quoted(word: str) -> None:
    _, problems = parse(f"language: {word}\n{word}: x\n".encode(), "f.yaml")
    assert [(each.rule, each.line) for each in problems] == [("ambiguous-word", 1), ("ambiguous-word", 2)]
    assert f'"{word}"' in problems[0].remedy
    assert parse(f'language: "{word}"\n'.encode(), "f.yaml")[1] == []


def test_a_word_of_a_setting_needs_no_quotes_there_and_nowhere_else() -> None:
    node, problems = parse(b"grounding: off\n", "f.yaml")
    assert node is not None
    assert (plain(node), problems) == ({"grounding": "off"}, [])
    for text in ("grounding: no\n", "greeting: off\n", "grounding: [off]\n", "off: grounding\n"):
        assert [each.rule for each in parse(text.encode(), "f.yaml")[1]] == ["ambiguous-word"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("true", True), ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0.5", 0.5)],
        *[("12:30", "12:30"), ("0123", "0123"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("2026-12-25", "2026-12-25")],
        ("+5531999990000", 5531999990000),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    node, problems = parse(f"k: {text}\n".encode(), "f.yaml")
    assert problems == []
    assert node is not None
    assert plain(node) == {"k": value}


def test_random_flips_of_a_real_file_end_in_a_tree_or_in_problems() -> None:
    source = (Path(__file__).resolve().parents[2] / "config/domains/retail/account_1/config.yaml").read_bytes()
    dice = random.Random(7)
    for _ in range(200):
        data = bytearray(source)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        node, problems = parse(bytes(data), "f.yaml")
        assert node is not None or problems
        assert node is None or all(isinstance(each, Scalar) for _, each in leaves(node))
