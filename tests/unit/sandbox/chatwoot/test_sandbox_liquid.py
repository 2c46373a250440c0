"""Chatwoot renders outgoing text as Liquid: what a bot's braces turn into."""

import pytest

from sandbox.chatwoot.world.liquid import render

DROPS = {
    "contact": {"name": "Ana Souza", "email": None, "custom_attribute": {"vip": "sim"}},
    "account": {"name": "Loja"},
}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Oi {{ contact.name }}!", "Oi Ana Souza!"),
        ("Oi {{contact.name | upcase}}!", "Oi ANA SOUZA!"),
        ("{{ contact.custom_attribute.vip }}", "sim"),
        ("Use {{ your.variable }} here", "Use  here"),
        ("mail: {{ contact.email | default: 'nenhum' }}", "mail: nenhum"),
        ("a{% comment %}gone{% endcomment %}b", "ab"),
        ("a{% assign x = 'y' %}b{{ x }}", "aby"),
        ("{% if contact.name %}yes{% else %}no{% endif %}", "yes"),
        ("{% if contact.phone %}yes{% else %}no{% endif %}", "no"),
        ("{% unless contact.phone %}yes{% endunless %}", "yes"),
        ("{% for i in list %}x{% endfor %}!", "!"),
        ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
        ("{% case x %}{% when 1 %}one{% endcase %}.", "."),
    ],
)
def test_templates_are_rendered(text: str, becomes: str) -> None:
    assert render(text, DROPS) == becomes


@pytest.mark.parametrize(
    "text",
    [
        "no braces at all, not even { one }",
        "`{{ contact.name }}` is code",
        "```\n{% if x %}\n```",
        "an open {{ pair",
        "an unknown {% tag %}",
        "{% if contact.name %} that nobody ends",
        "{\u200b{ contact.name }\u200b}",
        'JSON like {"a": {"b": 1}}',
    ],
)
def test_code_errors_and_broken_pairs_are_left_alone(text: str) -> None:
    assert render(text, DROPS) == text


def test_only_the_text_outside_backticks_is_rendered() -> None:
    assert render("{{ contact.name }} `{{ contact.name }}`", DROPS) == "Ana Souza `{{ contact.name }}`"
