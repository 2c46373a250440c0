"""However an address inside is written, it is refused; however a path's argument is encoded, it stays one segment."""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.net import Forbidden, allow, is_public, normal_host
from config.settings.tools import HttpTool
from crews.tools.url_template import InvalidArgument, fill_url

INSIDE = [
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8")
]
private = st.sampled_from(INSIDE).flatmap(lambda network: st.ip_addresses(v=4, network=network))


def octets(address: ipaddress.IPv4Address) -> list[int]:
    return list(address.packed)


def written(form: Callable[[int], str], parts: int) -> Callable[[ipaddress.IPv4Address], str]:
    def write(address: ipaddress.IPv4Address) -> str:
        *first, _ = octets(address)[:parts] if parts == 4 else [*octets(address)[: parts - 1], 0]
        rest = int(address) & (1 << 8 * (5 - parts)) - 1
        return ".".join(form(each) for each in [*first, rest])

    return write


FORMS = {
    f"{name} in {parts}": written(form, parts)
    for name, form in (
        ("decimal", str),
        ("hex", hex),
        ("octal", lambda each: f"0{each:o}"),
        ("wide", lambda each: "".join(chr(0xFF10 + int(digit)) for digit in str(each))),
    )
    for parts in (1, 2, 3, 4)
}
WRAPPED = ("::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}", "::ffff:0:{}")


@pytest.mark.parametrize("form", FORMS)
@given(address=private)
def test_a_private_address_is_refused_in_every_dress(form: str, address: ipaddress.IPv4Address) -> None:
    host = FORMS[form](address)
    with pytest.raises(Forbidden):
        allow(f"http://{host}/", [host, str(address)], [])


@given(address=private, form=st.sampled_from(WRAPPED))
def test_an_address_that_wraps_a_private_one_is_not_public(address: ipaddress.IPv4Address, form: str) -> None:
    assert not is_public(form.format(address))
    first, second = f"{int(address) >> 16:x}", f"{int(address) & 0xFFFF:x}"
    assert not is_public(f"2002:{first}:{second}::1")
    assert not is_public(f"2001:0:{first}:{second}:8000:63bf::1")


@given(st.text(max_size=60))
def test_a_host_is_normal_or_refused_and_stays_so(text: str) -> None:
    try:
        host = normal_host(text)
    except Forbidden:
        return
    assert normal_host(host) == host == host.lower()
    assert not set(host) & set("/\\@?#%[] ")


TOOL = HttpTool(
    description="d",
    url="https://erp.example/orders/{n}/lines?q={n}",
    parameters={"properties": {"n": {"type": "string"}}},
)
nasty = st.lists(
    st.sampled_from(["..", ".", "/", "\\", ";", "%", "a", "é", "．", "／", "\n", "#", "?", "&", "２"]),
    min_size=1,
    max_size=6,
).map("".join)


def encoded(text: str, times: int) -> str:
    for _ in range(times):
        text = quote(text, safe="")
    return text


@given(value=nasty | st.text(max_size=30), times=st.integers(0, 4))
def test_an_argument_is_one_segment_of_the_path_or_refused(value: str, times: int) -> None:
    try:
        url = fill_url(TOOL, {"n": encoded(value, times)})
    except InvalidArgument:
        return
    path, _, query = url.removeprefix("https://erp.example").partition("?")
    for _ in range(6):  # whatever decodes it, and however often
        assert len(path.split("/")) == 4
        assert path.startswith("/orders/")
        assert path.endswith("/lines")
        assert path.split("/")[2] not in ("", ".", "..")
        assert not set(path) & set("\\;")
        path = unquote(path)
    assert query.startswith("q=")
    assert "&" not in query


@given(value=st.text(alphabet="abc123-_. ", min_size=1, max_size=20).filter(lambda each: each.strip(" .")))
def test_plain_arguments_pass(value: str) -> None:
    assert unquote(fill_url(TOOL, {"n": value}).partition("?")[0]).endswith(f"/{value}/lines")


@pytest.mark.parametrize(
    ("value", "passes"),
    [("a/b", True), ("a/../b", False), ("/a", False), ("a//b", False), ("a\\b", False), ("%2e%2e/a", False)],
)
def test_slashes_let_a_path_of_a_file_through_and_no_dots(value: str, passes: bool) -> None:
    tool = HttpTool.model_validate({**TOOL.model_dump(), "slashes": True})
    values: dict[str, Any] = {"n": value}
    if passes:
        assert fill_url(tool, values).startswith("https://erp.example/orders/a/b/lines?q=a%2Fb")
    else:
        with pytest.raises(InvalidArgument):
            fill_url(tool, values)
