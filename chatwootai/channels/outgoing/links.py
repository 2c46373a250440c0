"""Takes links out of a draft that lead where the tenant does not lead people itself. Pure.

A model that obeys a stranger's instruction can send people anywhere, and can carry what it has read away in an address:
a picture is fetched by who only looks at it. A link is whatever a channel makes one of: with or without a scheme, as
Markdown, with a name before the host.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from html import unescape
from typing import Final
from unicodedata import category, normalize
from urllib.parse import unquote

from chatwootai.model.text.normalize import LONGEST

_DOT: Final = r"[.\u3002\uff0e\uff61]"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST: Final = rf"(?:{_LABEL}{_DOT}){{1,8}}(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,24}})"
_NUMERIC: Final = r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{3,45}\]"
_REST: Final = r"(?::\d{1,5})?(?:[/?#\\][^\s<>\"'`\])]{0,2000})?"
_TO: Final = r"\(\s*+(?:<([^<>\n]{1,2000}+)>|([^)\s]{1,2000}+))(?:\s[^)\n]{0,300})?\)"
_PICTURE: Final = re.compile(r"!\[([^\[\]\n]{0,300}+)\]" + _TO)
_MARKDOWN: Final = re.compile(r"\[([^\[\]\n]{1,500}+)\]" + _TO)
_SCHEME: Final = (
    rf"(?:[a-z][a-z0-9+.-]{{1,20}}:[/\\]{{2}}|https?:[/\\]?(?=[^\s/\\])|mailto:(?=\S)|[/\\]{{2}}(?={_HOST}))"
    r"(?:\[[0-9a-f:.]{3,45}\])?[^\s<>\"'`\])]{1,2000}(?:[^\s/?#\\]{0,200}@\S{0,2000})?"
)
"""An address with its scheme. Readers take what stands before an `@` for a name, whatever signs it has."""
_DATA: Final = re.compile(r"\b(?:javascript|data|vbscript|blob):[^\s<>\"'`\])]{1,5000}", re.IGNORECASE)
_MAIL: Final = rf"(?<![\w.+%-])[\w.+%-]{{0,64}}@{_HOST}"
_BARE: Final = rf"(?<![\w@])(?:{_HOST}|{_NUMERIC}(?=[/:])){_REST}"
_ADDRESS: Final = re.compile(rf"(?P<scheme>{_SCHEME})|(?P<mail>{_MAIL})|(?P<bare>{_BARE})", re.IGNORECASE)
"""Addresses in one pass: what stands within a known one is judged with it (`_nested`), not by itself."""
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKS: Final = re.compile(r"[*_~`]+")
_ROUNDS: Final = 8
_ENDINGS: Final = frozenset(
    "com net org io co app dev ai me info biz shop store online site xyz top link click live club tech cloud page "
    "web news blog vip fun icu pro mobi name tv cc ly gg br pt es us uk de fr it nl ar mx cl pe uy py eu ru cn in "
    "jp kr ca au ch at be se no dk fi pl cz gr tr za ng ke st sh to ws tk ml ga cf gq pw su is li lu ie il ae sa "
    "example test invalid local internal zip mov gov edu int arpa onion academy agency art associates auction bar "
    "bargains beer best bid bike bio black blue boutique build business buzz cab cafe cam camp cards care careers "
    "cash casino cat center chat cheap church city clinic clothing coach codes coffee community company computer "
    "consulting contact cool coupons credit cyou date deals degree delivery dental design digital direct "
    "directory discount doctor domains download earth education email energy engineering estate events exchange "
    "expert express farm fashion finance financial fish fit fitness flights florist football foundation fund "
    "furniture fyi gallery games gift gifts gives global gold graphics gratis green group guide guru health help "
    "holdings holiday homes host hosting house immo industries ink institute insure international investments "
    "jetzt jewelry kim kitchen land law lawyer lease legal life lighting limited limo loan loans lol love ltd "
    "luxury maison management market marketing markets media memorial men menu money monster mortgage movie "
    "network ninja one ong organic partners parts party pet photo photography photos pics pictures pink pizza "
    "plumbing plus poker porn press productions promo properties property quest racing recipes red rehab rent "
    "rentals repair report republican rest restaurant review reviews rip rocks run sale salon sbs school science "
    "security services sexy shoes shopping show singles skin social software solar solutions space spot storage "
    "stream studio style supplies supply support surf surgery systems tattoo tax taxi team technology tel tennis "
    "theater tienda tips tires today tools tours town toys trade trading training travel university uno vacations "
    "ventures vet viajes video villas vin vision vodka vote watch webcam website wedding whoswho wiki win wine "
    "works world wtf yoga zone".split()
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
    return frozenset(host for text in texts for host in _hosts(_shown(text)))


def keep_known_links(text: str, known: Set[str]) -> Linked:
    """Return a text without the links whose host is not known: the words of a link stay, its address goes.

    Looked for are those in the text as it stands, and in what it is once its entities, escapes and marks are read: a
    channel reads them. Taking one out may join what stood around it, so this is done until nothing is left.
    """
    kept, removed = _shown(text[:LONGEST]), list[str]()
    for _ in range(_ROUNDS):
        once = _without_unknown(kept, known) or _without_unknown(_read(kept), known)
        if once is None:
            break
        kept, removed = once.text, [*removed, *once.removed]
    else:
        return Linked("", tuple(removed))  # it was made to outlast this
    if not removed:
        return Linked(text[:LONGEST])
    return Linked(kept, tuple(removed))


def _without_unknown(text: str, known: Set[str]) -> Linked | None:
    """Return a text with its unknown links taken out once; None where it has none."""
    removed = list[str]()

    def is_known(address: str) -> bool:
        strange = [host for host in _destinations(address) if host not in known]
        removed.extend(host or address[:60] for host in strange)
        return not strange

    def judged(found: re.Match[str]) -> str:
        link = found["scheme"] or (found["bare"] if found["bare"] and _is_link(found["bare"]) else "")
        return found[0] if not link or is_known(link) else ""

    kept = _PICTURE.sub(lambda found: found[0] if is_known(found[2] or found[3]) else found[1], text)
    kept = _MARKDOWN.sub(lambda found: found[0] if is_known(found[2] or found[3]) else found[1], kept)
    removed += [found[0][:20] for found in _DATA.finditer(kept)]
    kept = _ADDRESS.sub(judged, _DATA.sub("", kept))
    return Linked(_LEFT.sub(" ", _EMPTY.sub("", kept)).strip(), tuple(removed)) if removed else None


def _shown(text: str) -> str:
    """Return a text without signs that nobody sees, and that hosts are compared without."""
    return "".join(sign for sign in text if sign.isascii() or not _is_hidden(sign))


def _is_hidden(sign: str) -> bool:
    return (
        category(sign) == "Cf" or "\ufe00" <= sign <= "\ufe0f" or sign in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
    )


def _read(text: str) -> str:
    """Return a text as it is once Markdown and HTML are read: no entities, escapes and marks, plain forms of signs."""
    return normalize("NFKC", _MARKS.sub("", _ESCAPED.sub(r"\1", unescape(unescape(text)))))


def _destinations(address: str) -> Iterable[str]:
    """Yield the hosts that an address leads to, as any reader may take it, and those of addresses within it."""
    readings = dict.fromkeys((address, unescape(address), _ESCAPED.sub(r"\1", unescape(address))))
    for reading in readings:
        yield _host_of("".join(reading.split()))
    yield from _nested(address)


def _nested(address: str) -> Iterable[str]:
    """Yield the hosts of addresses that an address carries, as those of pages that send people on do."""
    _start, _, rest = unquote(unquote(unquote(address))).partition("//")
    for found in re.finditer(_SCHEME, rest, re.IGNORECASE):
        yield _host_of(found[0])


def _hosts(text: str) -> Iterable[str]:
    for found in _ADDRESS.finditer(text):
        if found["scheme"] or (found["bare"] and _is_link(found["bare"])):
            yield _host_of(found[0])


def _is_link(found: str) -> bool:
    """Tell whether channels make a link of a host that has no scheme."""
    host, rest = _parted(found)
    if rest or found.casefold().startswith("www."):
        return True
    ending = re.split(_DOT, host)[-1]
    one_case = ending in {ending.lower(), ending.upper()}
    return one_case and (ending.casefold() in _ENDINGS or not ending.isascii() or ending.casefold().startswith("xn--"))


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
    host, _, port = authority.partition(":")
    if authority.startswith("[") or (port and not port.isdecimal()):
        host = authority  # no host that anybody names
    host = re.sub(_DOT, ".", host).casefold().rstrip(".,;!")
    return host.removeprefix("www.")
