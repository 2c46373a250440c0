"""Titles and addresses of the documents that a reply used, below it, where a tenant shows them."""

from collections.abc import Iterable
from typing import Final

from config.settings.settings import Settings
from crews.knowledge.passage import Passage

_MOST: Final = 3


def source_links(settings: Settings, used: Iterable[Passage]) -> str:
    """Return a Markdown list of at most three documents that have an address, each once; empty where none is shown."""
    if settings.knowledge.show_sources != "links":
        return ""
    found = {passage.url: passage.title or passage.url for passage in used if passage.url}
    lines = [f"- [{_plain(title)}](<{_safe(url)}>)" for url, title in list(found.items())[:_MOST]]
    return "\n".join(lines)


def _plain(title: str) -> str:
    return "".join(each for each in title if each not in "[]\\`*_<>")


def _safe(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E")
