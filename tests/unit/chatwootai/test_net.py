"""Where a request may go whose address comes from outside."""

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chatwootai.guarded_session import Resolver, session
from chatwootai.net import (
    Forbidden,
    allow,
    is_metadata,
    is_public,
    normal_host,
    parse,
    redirected,
    same_origin,
)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::8", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_addresses_out_in_the_world(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0.1.2.3", "100.64.0.1",
     "100.100.100.200", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.192", "192.0.0.9", "168.63.129.16",
     "198.18.0.1", "203.0.113.9", "192.88.99.1", "::", "::1", "::127.0.0.1", "::8.8.8.8", "fe80::1%eth0", "fec0::1",
     "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
     "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "", "localhost", "nonsense"],
)  # fmt: skip
def test_addresses_inside_in_any_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254",
     "168.63.129.16", "100.100.100.200", "192.0.0.192", "fe80::a9fe:a9fe"],
)  # fmt: skip
def test_where_clouds_keep_secrets_is_refused_even_to_hosts_that_may_be_private(address: str) -> None:
    assert is_metadata(address)
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Forbidden):
        allow(f"http://{literal}/", [literal], [literal])


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "file:///etc/passwd", "gopher://erp.example/", "https://erp.example.evil.example/",
     "https://erp.example@evil.example/", "https://evil.example\\@erp.example/", "https://user@erp.example/",
     "https://:p@erp.example/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://127.1/",
     "http://0x7f.1/", "http://017700000001/", "http://127.0.0.1./", "http://１２７.0.0.1/", "//erp.example", "https:///x",
     "https://erp.example:0/", "https://erp.example:99999/", "https://erp.example:80:90/", "http://[::1%25lo]/",
     "https://erp.example /", "https://erp.example\r\nX: y/", "https://erp%2eexample/", "http://erp..example/"],
)  # fmt: skip
def test_urls_elsewhere_are_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        allow(url, ["erp.example", "127.0.0.1", "[::1]"], [])


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "0X7F000001", "017700000001", "127.0.0.01", "a.1", "a.0x", "1.2.3"]
)
def test_hosts_that_end_in_a_number_are_refused_by_us(host: str) -> None:
    with pytest.raises(Forbidden, match="is a number"):
        normal_host(host)


def test_hosts_are_compared_as_names_are() -> None:
    assert normal_host("ERP.Example.") == "erp.example"
    assert normal_host("münchen.example") == normal_host("xn--mnchen-3ya.example") == "xn--mnchen-3ya.example"
    assert normal_host("[2001:DB8:0::1]") == "2001:db8::1"
    assert normal_host("[::ffff:7f00:1]") == normal_host("127。0。0。1") == "127.0.0.1"
    assert allow("https://MÜNCHEN.example./x", ["münchen.example"], []).raw_host == "xn--mnchen-3ya.example"
    assert allow("http://127.0.0.1:9/x", ["127.0.0.1"], ["127.0.0.1"]).port == 9


def test_origins_are_scheme_host_and_port() -> None:
    here = parse("https://erp.example/a/b")
    assert same_origin(here, redirected(here, "../c"))
    assert same_origin(here, redirected(here, "https://ERP.example.:443/x"))
    for other in (
        "https://erp.example:8443/",
        "http://erp.example/",
        "//evil.example/",
        "https://erp.example.evil.test/",
    ):
        assert not same_origin(here, redirected(here, other))
    for never in ("https://u@erp.example/", "javascript:1", "file:///x", "https://[::1/", "http://127.1/"):
        with pytest.raises(Forbidden):
            redirected(here, never)


class Answers(AbstractResolver):
    """Names with one list of addresses after the other."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        several = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0) for each in several]

    async def close(self) -> None:
        pass


async def test_a_name_is_judged_by_every_address_that_it_has() -> None:
    assert await Resolver((), Answers(("93.184.216.34",))).resolve("erp.example")
    for hidden in (("127.0.0.1",), ("93.184.216.34", "10.0.0.1")):
        with pytest.raises(Forbidden):
            await Resolver((), Answers(hidden)).resolve("erp.example")
        assert await Resolver(("erp.example",), Answers(hidden)).resolve("ERP.example.")
    with pytest.raises(Forbidden):
        await Resolver(("erp.example",), Answers(("169.254.169.254",))).resolve("erp.example")


async def test_a_name_that_changes_its_address_is_judged_anew_where_it_is_connected_to() -> None:
    """First public, then private: the connection goes to what was judged, and the second look refuses."""
    resolver = Resolver((), Answers(("192.0.1.1",), ("127.0.0.1",)))
    assert [each["host"] for each in await resolver.resolve("erp.example")] == ["192.0.1.1"]
    async with session() as http:
        http.connector._resolver = resolver  # type: ignore[union-attr]
        with pytest.raises(Forbidden):
            await http.get(URL("http://erp.example/"))
