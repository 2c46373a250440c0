"""Takes links out of a draft that lead where the tenant does not lead people itself. Pure.

A model that obeys a stranger's instruction can send people anywhere, and can carry what it has read away in an address:
a picture is fetched by who only looks at it. A link is whatever a channel makes one of: with or without a scheme, as
Markdown, with a name before the host.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

from chatwootai.model.text.normalize import LONGEST

_DOT: Final = r"[.\u3002\uff0e\uff61]"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST: Final = rf"(?:{_LABEL}{_DOT}){{1,8}}[^\W\d_]{{2,24}}"
_NUMERIC: Final = r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{3,45}\]"
_REST: Final = r"(?::\d{1,5})?(?:[/?#\\][^\s<>\"'`\])]{0,2000})?"
_PICTURE: Final = re.compile(r"!\[([^\]\n]{0,300})\]\(\s*<?([^)\s>]{1,2000})>?[^)\n]{0,300}\)")
_MARKDOWN: Final = re.compile(r"\[([^\]\n]{1,500})\]\(\s*<?([^)\s>]{1,2000})>?[^)\n]{0,300}\)")
_SCHEME: Final = re.compile(
    rf"(?:\b[a-z][a-z0-9+.-]{{1,20}}:[/\\]{{2}}|(?<![:\w/\\])[/\\]{{2}}(?={_HOST}))[^\s<>\"'`\])]{{1,2000}}",
    re.IGNORECASE,
)
_DATA: Final = re.compile(r"\b(?:javascript|data|vbscript|blob):[^\s<>\"'`\])]{1,5000}", re.IGNORECASE)
_BARE: Final = re.compile(rf"(?<![\w@.\-/])(?:{_HOST}|{_NUMERIC}(?=[/:])){_REST}", re.IGNORECASE)
_NUMBER_HOST: Final = re.compile(rf"{_NUMERIC}|\d{{6,10}}|0x[0-9a-f]{{4,8}}", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_ENDINGS: Final = frozenset(
    "com net org io co app dev ai me info biz shop store online site xyz top link click live club tech cloud page web"
    " news blog vip fun icu pro mobi name tv cc ly gg br pt es us uk de fr it nl ar mx cl pe uy py eu ru cn in jp kr ca"
    " au ch at be se no dk fi pl cz gr tr za ng ke st sh to ws tk ml ga cf gq pw su is li lu ie il ae sa example test"
    " invalid local internal zip mov gov edu int arpa onion".split()
)
"""Ends of hosts without scheme and path that channels make links of: `manual.pdf` and a missing blank are none."""
_LEFT: Final = re.compile(r"[ \t]{2,}")
_EMPTY: Final = re.compile(r"\(\s*\)|\[\s*\](?!\()|<\s*>")


@dataclass(frozen=True, slots=True)
class Linked:
    """A text whose links all lead to known hosts, and the hosts of those that were taken out."""

    text: str
    removed: tuple[str, ...] = ()


def hosts_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the hosts of all links in texts, as they are compared."""
    return frozenset(host for text in texts for host in _hosts(_HIDDEN.sub("", text)))


def keep_known_links(text: str, known: Set[str]) -> Linked:
    """Return a text without the links whose host is not known: the words of a link stay, its address goes."""
    plain, removed = _HIDDEN.sub("", text[:LONGEST]), list[str]()

    def is_known(address: str) -> bool:
        found = _host_of(address)
        if found in known:
            return True
        removed.append(found or address[:60])
        return False

    kept = _PICTURE.sub(lambda found: found[0] if is_known(found[2]) else found[1], plain)
    kept = _MARKDOWN.sub(lambda found: found[0] if is_known(found[2]) else found[1], kept)
    removed += [found[0][:20] for found in _DATA.finditer(kept)]
    kept = _DATA.sub("", kept)
    kept = _SCHEME.sub(lambda found: found[0] if is_known(found[0]) else "", kept)
    kept = _BARE.sub(lambda found: found[0] if not _is_link(found[0]) or is_known(found[0]) else "", kept)
    if not removed:
        return Linked(text)
    return Linked(_LEFT.sub(" ", _EMPTY.sub("", kept)).strip(), tuple(removed))


def _hosts(text: str) -> Iterable[str]:
    for found in _SCHEME.finditer(text):
        yield _host_of(found[0])
    for found in _BARE.finditer(text):
        if _is_link(found[0]):
            yield _host_of(found[0])


def _is_link(found: str) -> bool:
    """Tell whether channels make a link of a host that has no scheme."""
    host, rest = _parted(found)
    if rest or found.casefold().startswith("www."):
        return True
    ending = re.split(_DOT, host)[-1]
    one_case = ending in {ending.lower(), ending.upper()}
    return one_case and (ending.casefold() in _ENDINGS or not ending.isascii())


def _parted(found: str) -> tuple[str, str]:
    host = re.split(r"[/?#\\:]", found, maxsplit=1)[0]
    return host, found[len(host) :]


def _host_of(address: str) -> str:
    """Return the host that a browser would go to: behind any name, without port and `www.`, in small letters."""
    _scheme, colon, rest = address.partition(":")
    if colon and rest[:1] in {"/", "\\"}:
        address = rest.lstrip("/\\")
    elif address.startswith(("//", "\\\\")):
        address = address.lstrip("/\\")
    authority = re.split(r"[/?#\\]", address, maxsplit=1)[0].rpartition("@")[2]
    host = authority if authority.startswith("[") else authority.partition(":")[0]
    host = re.sub(_DOT, ".", host).casefold().rstrip(".,;!")
    return host.removeprefix("www.")
