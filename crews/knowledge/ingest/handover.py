"""Input of an ingest in a process of its own: an account's sources, and of its secrets those they need."""

from pathlib import Path
from typing import Any, Final

import orjson

from config.secrets.secret import Secret
from config.settings.knowledge import Embeddings
from config.settings.settings import Settings
from config.snapshot import Account, Inbox, Installation
from crews.knowledge.sources import IngestContext

_SETTINGS: Final = {"language", "company", "hours", "answers", "knowledge", "records", "budget"}
"""Settings that sources, or what is encoded, depend on."""


def pack_context(around: IngestContext) -> bytes:
    """Return what the process reads from its standard input."""
    account = around.account
    said = {
        "configuration": str(around.configuration),
        "key": account.key,
        "id": account.id,
        "domain": account.domain,
        "folder": account.folder,
        "url": account.installation.url,
        "user_token": account.user_token.reveal() if account.user_token else None,
        "settings": _pack_settings(account.settings),
        "inboxes": {str(number): _pack_settings(inbox.settings) for number, inbox in account.inboxes.items()},
    }
    return orjson.dumps(said)


def unpack_context(data: bytes) -> IngestContext:
    """Return what was given.

    Raises:
        ValueError: it is something else.
    """
    said = orjson.loads(data)
    place = {"domain": said["domain"], "folder": said["folder"]}
    inboxes = {
        int(number): Inbox(id=int(number), settings=_unpack_settings(settings), **place)
        for number, settings in said["inboxes"].items()
    }
    account = Account(
        key=said["key"],
        id=said["id"],
        name=said["key"],
        installation=Installation("default", said["url"]),
        settings=_unpack_settings(said["settings"]),
        webhook_secrets=(),
        bot_token=Secret(""),
        user_token=Secret(said["user_token"]) if said["user_token"] else None,
        inboxes=inboxes,
        **place,
    )
    return IngestContext(Path(said["configuration"]), account)


def _pack_settings(settings: Settings) -> dict[str, Any]:
    named, model = settings.knowledge.embeddings, settings.model
    keys = (named.api_key if isinstance(named, Embeddings) else None, model.api_key)
    return {
        "plain": settings.model_dump(mode="json", include=_SETTINGS),
        "private_hosts": settings.tools.private_hosts,
        "base_url": model.base_url,
        "public_only": sorted(settings.public_only),
        "postgres": settings.knowledge.postgres.url.reveal() if settings.knowledge.postgres else None,
        "keys": [key.reveal() if key and isinstance(named, Embeddings) else None for key in keys],
    }


def _unpack_settings(said: dict[str, Any]) -> Settings:
    embeddings = said["plain"]["knowledge"]["embeddings"]
    if isinstance(embeddings, dict):
        embeddings["api_key"] = said["keys"][0]
    if said["postgres"] is not None:
        said["plain"]["knowledge"]["postgres"]["url"] = said["postgres"]
    tools = {"private_hosts": said["private_hosts"]}
    model = {"base_url": said["base_url"], "api_key": said["keys"][1]}
    settings = Settings.model_validate({**said["plain"], "tools": tools, "model": model})
    return settings.with_public_only(frozenset(said["public_only"]))
