"""Arguments of scripts: given by name, sent in the order of the script's head."""

import re

import pytest

from chatwootai.stores.server.scripts import names, script, sources


def test_named_arguments_come_in_the_order_of_the_head() -> None:
    assert script("renew").ordered({"lease_ms": 5, "worker": "w"}, ("j1", "j2")) == ("w", 5, "j1", "j2")
    assert script("renew").ordered({}, ("w", 5, "j1")) == ("w", 5, "j1")


@pytest.mark.parametrize(
    ("name", "named", "rest"),
    [
        ("retire", {"worker": "w"}, ()),
        ("retire", {"worker": "w", "jobs": "j"}, ()),
        ("retire", {"worker": "w", "job": "j", "more": "x"}, ()),
        ("retire", {"worker": "w", "job": "j"}, ("more",)),
    ],
)
def test_other_arguments_than_the_heads_are_refused(name: str, named: dict[str, str], rest: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match=r"retire\.lua"):
        script(name).ordered(named, rest)


@pytest.mark.parametrize("name", [name for name in names() if script(name).names])
def test_a_script_reads_no_argument_that_its_head_does_not_name(name: str) -> None:
    text = sources()[f"{name}.lua"].read_text(encoding="utf-8")
    read = [int(number) for number in re.findall(r"ARGV\[(\d+)\]", text)]
    several = re.search(r"^-- ARGV .*\.\.\.$", text, re.MULTILINE) or "#ARGV" in text
    assert several or max(read, default=0) <= len(script(name).names)
    assert len(set(script(name).names)) == len(script(name).names)


def test_most_scripts_name_their_arguments() -> None:
    assert {"admit", "begin", "claim", "commit", "post", "readmit", "refuse", "take"} <= {
        name for name in names() if script(name).names
    }
