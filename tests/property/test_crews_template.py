import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.prompt.template import fill, placeholders

NAMES = ("company.name", "tone", "message", "role", "goal")
braces = st.sampled_from(
    [*(f"{{{name}}}" for name in NAMES), "{{ x }}", "{% raw %}", "{", "}", "{}", "{0}", "%s", "$x", "{ tone }"]
)
hostile = st.lists(st.one_of(st.text(max_size=8), braces), max_size=8).map("".join)
plain = hostile.filter(lambda text: not re.search(r"\{[A-Za-z_][A-Za-z0-9_.]*\}", text))
everything = st.fixed_dictionaries(dict.fromkeys(NAMES, hostile))


@given(st.lists(st.tuples(plain, st.sampled_from(NAMES)), max_size=6), plain, everything)
def test_values_are_put_in_once_and_never_looked_at_again(
    pieces: list[tuple[str, str]], end: str, values: dict[str, str]
) -> None:
    # A separator keeps a piece's last brace from joining the placeholder's.
    template = "".join(f"{text}|{{{name}}}|" for text, name in pieces) + end
    expected = "".join(f"{text}|{values[name]}|" for text, name in pieces) + end
    assert fill(template, values) == expected


@given(plain, everything)
def test_text_without_placeholders_is_unchanged(text: str, values: dict[str, str]) -> None:
    assert fill(text, values) == text
    assert not list(placeholders(text))


@given(st.sampled_from(NAMES), hostile)
def test_doubled_braces_write_braces(name: str, value: str) -> None:
    assert fill(f"a {{{{{name}}}}} b", {name: value}) == f"a {{{name}}} b"
    assert not list(placeholders(f"{{{{{name}}}}}"))


@given(hostile)
def test_every_placeholder_is_found_or_filling_fails(template: str) -> None:
    names = {name for name, _ in placeholders(template)}
    fill(template, dict.fromkeys(names, ""))
    for name in names:
        rest = dict.fromkeys(names - {name}, "")
        with pytest.raises(KeyError, match=re.escape(name)):
            fill(template, rest)
