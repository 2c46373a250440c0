"""Addresses: which may be linked, and how they are written."""

import re
from typing import Final

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ALLOWED: Final = ("http://", "https://", "mailto:", "tel:")
_DOMAIN: Final = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?(?:[/?#].*)?", re.DOTALL)
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f-\xa0\"<>\\`{}()\u2000-\u200f\u2028-\u202f\u3000]")
WEB: Final = re.compile(r"https?://", re.IGNORECASE)


def address(url: str) -> str:
    """Return an address that is safe to post, "" if it is none.

    Mentions (`mention://`), scripts, data and addresses relative to nothing are none. Characters with a meaning to
    Markdown, Liquid or HTML are percent-encoded.
    """
    url = url.strip()
    if not _SCHEME.match(url) and _DOMAIN.fullmatch(url):
        url = f"https://{url}"
    return _UNSAFE.sub(_percent, url) if url.lower().startswith(_ALLOWED) else ""


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def shown(url: str) -> str:
    """Return what a person reads of an address: no `mailto:`, no `tel:`."""
    return url[url.index(":") + 1 :] if url.lower().startswith(("mailto:", "tel:")) else url


def bare(url: str) -> str:
    """Return what two spellings of one address have in common."""
    return shown(url).lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
