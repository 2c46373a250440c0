"""Checks that web sites which sources name can be read: for an operator who asks, and for nobody's turn."""

from collections.abc import Iterable

from config.snapshot import Account
from crews.knowledge.reading.reader import SourceFailed
from crews.knowledge.reading.web import PageUnavailable, Site
from crews.knowledge.sources import declared_sources


async def unreachable_sites(accounts: Iterable[Account]) -> list[str]:
    """Return a sentence for each site of these accounts that does not let its first page be read, each site once."""
    wanted = {
        (str(each.source.site), tuple(each.settings.tools.private_hosts)): f"account {account.key}, source {each.name}"
        for account in accounts
        for each in declared_sources(account)
        if each.source.site
    }
    found = []
    for (address, private), where in wanted.items():
        if reason := await _describe_failure(address, private):
            found.append(f"{where}: {address} cannot be read: {reason}")
    return found


async def _describe_failure(address: str, private: tuple[str, ...]) -> str:
    try:
        async with Site(address, private, pause=0.0) as site:
            await site.read_robots()
            if not site.may(site.start):
                return "its robots.txt lets nobody read it"
            await site.page(site.start)
    except (SourceFailed, PageUnavailable) as error:
        return str(error)
    return ""
