"""Names what is the contact's own in requests and picks it from responses, by a tool's `own`. Pure.

Shops look an order up by a number that anybody may type. So the phone, e-mail or identifier in the response is compared
with the contact's, however either is written, and what is another's is left out before a model sees it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.phones import spellings

_ALL: Final = "*"
_NATIONAL: Final = 10
"""Digits that a phone without its country must have at least to be compared by its end."""
_DIGITS: Final = re.compile(r"[^0-9]")


def contact_values(contact: Contact | None) -> dict[str, Any]:
    """Return what requests may say of a contact, by its name there, as `contact.phone`."""
    names = ("id", "name", "phone", "email", "identifier")
    return {f"contact.{name}": getattr(contact, name) for name in names} if contact is not None else {}


def of_contact(value: Any, own: Mapping[str, str], contact: Contact) -> Any:
    """Return what of a response is the contact's; None: nothing is.

    Args:
        value: the JSON that came.
        own: dotted paths to what must be equal there, as `contact.phone`; one of them is enough. With `*` in them, each
            of that list is looked at for itself.
        contact: whose it must be.
    """
    paths = {tuple(path.split(".")): attribute for path, attribute in own.items()}
    before = next(iter(paths))
    if _ALL not in before:
        return value if _is_own(value, paths, contact) else None
    at = before.index(_ALL)
    return _keep_own(value, before[:at], {path[at + 1 :]: attribute for path, attribute in paths.items()}, contact)


def _keep_own(value: Any, way: tuple[str, ...], paths: Mapping[tuple[str, ...], str], contact: Contact) -> Any:
    """Return the response with those alone in the list at the end of `way` that are the contact's."""
    if not way:
        return [each for each in value if _is_own(each, paths, contact)] if isinstance(value, list) else None
    if not isinstance(value, dict) or way[0] not in value:
        return None
    kept = _keep_own(value[way[0]], way[1:], paths, contact)
    return None if kept is None else {**value, way[0]: kept}


def _is_own(value: Any, paths: Mapping[tuple[str, ...], str], contact: Contact) -> bool:
    return any(_equal(attribute, _at(value, path), contact) for path, attribute in paths.items())


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _equal(attribute: str, found: Any, contact: Contact) -> bool:
    known = getattr(contact, attribute.removeprefix("contact."))
    if not known or not isinstance(found, str | int) or isinstance(found, bool) or not str(found).strip():
        return False
    if attribute == "contact.phone":
        return _is_same_line(str(found), str(known))
    if attribute == "contact.email":
        return str(found).strip().casefold() == str(known).strip().casefold()
    return str(found) == str(known)


def _is_same_line(found: str, known: str) -> bool:
    """Tell whether two phones are one line.

    As E.164, or the one without its country, and perhaps with a zero before it.
    """
    digits = _DIGITS.sub("", found)
    lines = {_DIGITS.sub("", each) for each in (known, *spellings(known))} - {""}
    if digits in lines:
        return True
    national = digits.lstrip("0")
    whole = found.strip().startswith(("+", "00"))
    return not whole and len(national) >= _NATIONAL and any(line.endswith(national) for line in lines)
