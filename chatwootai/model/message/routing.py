"""Finds the route of a message: from account, inbox, channel and contact to who answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatwootai.model.message.phones import spellings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Settings of one inbox of an account that decide its route. None in an inbox: as the account says.

    `account` is the key of who is served and who pays, `folder` the one under the domain where settings stand: two
    accounts may have folders of one name, or share one.
    `priority` is 0 to 10, higher first. `special_numbers` maps a contact's phone (E.164, in any spelling of its line)
    to the function that answers it. `channels` holds, for each channel that the tenant speaks of, whether crews answer
    on it.
    """

    account: str
    folder: str
    domain: str
    crew: str
    priority: int
    inbox: int
    inbox_crew: str | None = None
    inbox_priority: int | None = None
    inbox_folder: str | None = None
    inbox_domain: str | None = None
    special_numbers: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Destination of a burst, and the reasons: one short sentence a decision.

    `folder`: where its settings stand under `domain`; `function` is None where people answer alone.
    """

    folder: str
    domain: str
    function: str | None
    channel: str
    priority: int
    why: tuple[str, ...]


def route(place: Place, channel: str, phone: str | None = None, *, verified: bool = True) -> Route:
    """Return the route of a message. Weakest to strongest: the account, the inbox, the contact's own number.

    `verified`: the channel vouches for the number; one that anyone could type (on a site, in a mail) opens no
    special crew.
    """
    why: list[str] = []
    folder, domain = _folder(place, why)
    function = _function(place, channel, phone, verified, why)
    priority = _priority(place, why)
    return Route(folder=folder, domain=domain, function=function, channel=channel, priority=priority, why=tuple(why))


def _folder(place: Place, why: list[str]) -> tuple[str, str]:
    folder, domain = place.inbox_folder or place.folder, place.inbox_domain or place.domain
    moved = (folder, domain) != (place.folder, place.domain)
    owner = f"inbox {place.inbox}" if moved else f"account {place.account}"
    why.append(f"{owner}: tenant {folder} of domain {domain}")
    return folder, domain


def _function(place: Place, channel: str, phone: str | None, verified: bool, why: list[str]) -> str | None:
    if place.channels.get(channel) is False:
        why.append(f"channel {channel} is switched off: people answer alone")
        return None
    special = _special(place, phone)
    if special and verified:
        why.append(f"special number: {special} answers this contact")
        return special
    if special:
        why.append("special number passed over: this channel does not vouch for it")
    if place.inbox_crew:
        why.append(f"inbox {place.inbox}: {place.inbox_crew} answers")
        return place.inbox_crew
    why.append(f"account {place.account}: {place.crew} answers")
    return place.crew


def _special(place: Place, phone: str | None) -> str | None:
    """Return the function that answers a contact's line, however the mapping and the channel spell it."""
    known = (place.special_numbers.get(each) for each in spellings(phone or ""))
    return next((function for function in known if function), None)


def _priority(place: Place, why: list[str]) -> int:
    own = place.inbox_priority
    priority = place.priority if own is None else own
    why.append(f"{f'account {place.account}' if own is None else f'inbox {place.inbox}'}: priority {priority}")
    return priority
