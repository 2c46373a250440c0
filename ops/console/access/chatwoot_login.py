"""Logs in who is an administrator in Chatwoot, as the lead of that account; the token is asked about, and not kept."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp

from config.snapshot import Account
from ops.console.access.identity import Identity, Role

SESSION_SECONDS: Final = 3600.0
"""Seconds after which Chatwoot is to be asked again: whoever is no administrator any more is out by then."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
_LARGEST: Final = 256 * 1024
_LONGEST_NAME: Final = 100


async def administrator(token: str, accounts: Iterable[Account]) -> list[Identity]:
    """Return the identities that a person's access token opens: a lead of each account that they administrate.

    An installation that does not answer, or does not know the token, opens nothing.
    """
    by_url: dict[str, list[Account]] = {}
    for account in accounts:
        by_url.setdefault(account.installation.url, []).append(account)
    found: list[Identity] = []
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for url, served in by_url.items():
            profile = await _profile(session, url, token)
            found += [_lead(one, profile) for one in served if one.id in _administrated(profile)]
    return found


async def _profile(session: aiohttp.ClientSession, url: str, token: str) -> Mapping[str, Any]:
    try:
        async with session.get(
            f"{url}/api/v1/profile", headers={"api_access_token": token}, allow_redirects=False
        ) as answer:
            if answer.status != 200 or (answer.content_length or 0) > _LARGEST:
                return {}
            said = await answer.json()
            return said if isinstance(said, dict) else {}
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}


def _administrated(profile: Mapping[str, Any]) -> set[int]:
    listed = profile.get("accounts")
    rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {one["id"] for one in rows if one.get("role") == "administrator" and isinstance(one.get("id"), int)}


def _lead(account: Account, profile: Mapping[str, Any]) -> Identity:
    name = str(profile.get("name") or profile.get("email") or "administrator")[:_LONGEST_NAME]
    return Identity(role=Role.LEAD, account=account.key, words=True, name=name)
