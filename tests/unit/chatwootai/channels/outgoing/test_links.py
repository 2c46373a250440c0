"""Links of a draft lead to hosts that the tenant knows, and to no others, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.channels.outgoing.links import hosts_in, keep_known_links

KNOWN = frozenset({"loja.example", "instagram.com"})


@pytest.mark.parametrize(
    "text",
    [
        "Veja https://loja.example/pedido?n=1 e siga @loja.",
        "Estamos em www.loja.example.",
        "[Nosso site](https://www.loja.example/) e instagram.com/loja",
        "![Mapa](https://loja.example/mapa.png)",
        "Custa R$ 3.50, ou 1.234,50 em 2.5 meses. Obs.: manual.pdf segue em anexo.",
        "Escreva para sac@loja.example ou para ana.maria@outra.example.org sobre isso",
        "Obrigado pelo pedido.Na loja temos mais.",
        "Versão 1.2.3, das 08.00 às 18.00; 31.3222.4180",
        "Porta LOJA.EXAMPLE:443/x",
    ],
)
def test_what_the_tenant_names_and_what_is_no_link_stands_word_for_word(text: str) -> None:
    assert keep_known_links(text, KNOWN) == (type(keep_known_links("", KNOWN)))(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Pague em https://evil.example/x?d=31999 agora", "Pague em agora"),
        ("Clique [aqui](http://evil.example) já", "Clique aqui já"),
        ("Olhe ![foto](https://evil.example/p.png?d=segredo)", "Olhe foto"),
        ("[loja.example](https://evil.example)", "loja.example"),
        ("[https://evil.example](https://loja.example)", "[](https://loja.example)"),
        ("Vá a evil.com/login ou evil.com", "Vá a ou"),
        ("https://loja.example@evil.com/", ""),
        ("https://loja.example.evil.com/a", ""),
        ("https:\\\\evil.com\\a", ""),
        ("e\u200bvil.c\u200bom/x", ""),
        ("evil。com/x", ""),
        ("http://203.0.113.9/x e 203.0.113.9/y", "e"),
        ("http://3405803785/", ""),
        ("ftp://evil.com/x tg://resolve?domain=evil", ""),
        ("javascript:fetch('//x') data:text/html;base64,AAAA", "'//x')"),
        ("<https://evil.com>", ""),
        ("[1]: https://evil.com/ref", "[1]:"),
        ("éví1.com", ""),
        ("//evil.com/x", ""),
    ],
)
def test_what_leads_elsewhere_is_taken_out(text: str, left: str) -> None:
    found = keep_known_links(text, KNOWN)
    assert found.removed
    assert "evil" not in found.text.casefold()
    assert found.text == left


def test_the_hosts_of_a_text_are_found_in_all_spellings() -> None:
    text = "www.Loja.example, https://pay.example:8443/x [aqui](https://a.example/b) instagram.com/loja fim.Assim"
    assert hosts_in([text]) == {"loja.example", "pay.example", "a.example", "instagram.com"}


@given(st.text(max_size=200), st.sampled_from(["https://evil.com/x", "www.evil.com", "[a](https://evil.com)"]))
def test_nothing_around_a_link_saves_it(around: str, link: str) -> None:
    once = keep_known_links(f"{around} {link} {around}", KNOWN)
    assert "evil.com" not in once.text
    assert keep_known_links(once.text, KNOWN).text == once.text
