"""Decides where a request may go when its address comes from outside: tools, attachments, whatever else fetches.

Only judges; who connects does so over `guarded_session`. What is judged is what connects: one parser, yarl's, reads
every URL here.
"""

import ipaddress
import re
from collections.abc import Collection
from typing import Final

from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST: Final = 8192  # characters of a URL
_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# What `is_global` of this and earlier Pythons takes for public, and is not anybody's on the internet.
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32",
        ),
    )
)  # fmt: skip
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that IPv6 routes between networks
_NOT_UNICAST: Final = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks
            "2001:db8::/32", "2002::/16",  # documentation; 6to4
            "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
        ),
    )
)  # fmt: skip
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: the IPv4 address in it is what is reached
_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        # AWS, GCP, Azure and most others; AWS by IPv6; Azure's host; Alibaba; Oracle; GCP by IPv6; Scaleway by IPv6
        ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd20:ce::254",
         "fd00:42::42"),
    )
)  # fmt: skip
_LINK_LOCAL: Final = (ipaddress.IPv4Network("169.254.0.0/16"), ipaddress.IPv6Network("fe80::/10"))


_INSIDE: Final = (
    ".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".intranet", ".corp", ".test", ".localdomain",
)  # fmt: skip
"""How names end that no public name server knows."""


class Forbidden(Exception):
    """Do not connect there; the message names host or scheme, never an address or a path."""


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the internet's, also in what it wraps; False for what is no address."""
    found = _reached_address(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not any(found in network for network in _NOT_PUBLIC)
    return found.is_global and found in _UNICAST and not any(found in network for network in _NOT_UNICAST)


def is_private(host: str) -> bool:
    """Return whether a host is this machine, one of its network or a container, by its name: none is looked up."""
    plain = host.lower().rstrip(".").partition("%")[0].strip("[]")
    if not plain:
        return False
    if _reached_address(plain) is not None:
        return not is_public(plain)
    last = plain.rpartition(".")[2]
    return "." not in plain or plain.endswith(_INSIDE) or _NUMBER.fullmatch(last) is not None


def is_metadata(address: str) -> bool:
    """Return whether an IP address is where clouds tell machines their secrets: nobody's tool or file lies there."""
    found = _reached_address(address)
    return found is not None and (
        found in _METADATA or any(found.version == each.version and found in each for each in _LINK_LOCAL)
    )


def parse(url: str) -> URL:
    """Return the URL, its host in small letters, without a trailing dot, in ASCII.

    Raises:
        Forbidden: it is not http or https, names a user, or its host is none that may be connected to.
    """
    if len(url) > _LONGEST or any(character <= " " or character == "\\" for character in url):
        raise Forbidden("the address is broken")
    try:
        found = URL(url)
        host = normal_host(found.host or "")
        port = found.explicit_port
    except ValueError:
        raise Forbidden("the address is broken") from None
    if found.scheme not in ("http", "https"):
        raise Forbidden("only http and https are allowed")
    if found.user is not None or found.password is not None:
        raise Forbidden("an address may not name a user")
    if port == 0:
        raise Forbidden("the address is broken")
    return found.with_host(host)


def normal_host(host: str) -> str:
    """Return a host as names are compared: small letters, ASCII, no trailing dot; an IPv6 address without brackets.

    Raises:
        Forbidden: it is no host, or one that programs read as an address in other ways than it looks (`127.1`).
    """
    bare = host.removeprefix("[").removesuffix("]")
    if ":" in bare:
        address = _reached_address(bare)
        if address is None or "%" in bare:
            raise Forbidden("the host is broken")
        return address.compressed if isinstance(address, ipaddress.IPv6Address) else str(address)
    try:
        name = (URL.build(scheme="http", host=bare).raw_host or "").lower().removesuffix(".")
    except (ValueError, UnicodeError):
        raise Forbidden("the host is broken") from None
    if _HOST.fullmatch(name) is None or len(name) > 253:
        raise Forbidden("the host is broken")
    if _NUMBER.fullmatch(name.rpartition(".")[2]) and not _is_dotted(name):
        raise Forbidden(f"the host {name[:100]} is a number")
    return name


def allow(url: str, hosts: Collection[str], private: Collection[str]) -> URL:
    """Return the URL if its host is among `hosts`, and public where it is an address and not among `private`.

    Raises:
        Forbidden: and why.
    """
    found = parse(url)
    host = found.raw_host or ""
    if host not in normal_hosts(hosts):
        raise Forbidden(f"the host {host[:100]} is not allowed")
    if _reached_address(host) is not None:
        judge(host, [host], inside=host in normal_hosts(private))
    return found


def judge(host: str, addresses: Collection[str], *, inside: bool) -> None:
    """Refuse a host by its addresses. `inside`: it may be in a network of ours.

    Raises:
        Forbidden: an address is not public, or one of a cloud's metadata.
    """
    if any(map(is_metadata, addresses)) or (not inside and not all(map(is_public, addresses))):
        raise Forbidden(f"{host[:100]} is not at a public address")


def redirected(url: URL, location: str) -> URL:
    """Return where a redirect leads.

    Raises:
        Forbidden: not to an address that `parse` accepts.
    """
    try:
        target = url.join(URL(location))
    except ValueError:
        raise Forbidden("a redirect leads nowhere") from None
    return parse(str(target))


def is_redirect(status: int) -> bool:
    """Return whether an answer of this status leads elsewhere."""
    return status in _REDIRECTS


def same_origin(one: URL, other: URL) -> bool:
    """Return whether two URLs have scheme, host and port in common."""
    return (one.scheme, one.raw_host, one.port) == (other.scheme, other.raw_host, other.port)


def normal_hosts(hosts: Collection[str]) -> frozenset[str]:
    """Return hosts as names are compared.

    Raises:
        Forbidden: one of them is no host.
    """
    return frozenset(map(normal_host, hosts))


def _reached_address(address: str) -> Address | None:
    """Return the address that is reached: the IPv4 address in one that only wraps it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _TRANSLATED:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def _is_dotted(host: str) -> bool:
    """Tell whether a host is an IPv4 address as everybody writes it."""
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
