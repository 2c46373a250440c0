"""Finds a contact's words in what people wrote into the configuration: its folder, and the draft of the account."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from chatwootai.stores.installation.config_drafts import ConfigDrafts
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection
from config.files.drafts import unpack_draft

_LARGEST = 8 * 1024 * 1024


async def find_in_configuration(connection: Connection, configuration: Path, subject: Subject) -> list[str]:
    """Return where a contact's names and addresses stand in the configuration, a sentence each with its remedy.

    Raises:
        StoreUnavailable: Redis is away.
    """
    needles = subject.needles()
    places = await asyncio.to_thread(lambda: list(_in_folder(configuration, needles)))
    found = [f"{path} holds one of their {what}: edit it, and publish" for path, what in places]
    kept = await ConfigDrafts(connection).read(subject.account)
    if kept is None:
        return found
    where = f"the draft of account {subject.account} (console, Drafts)"
    try:
        files = unpack_draft(kept.packed, os.environ).files
    except ValueError as error:
        return [*found, f"{where} cannot be read here ({error}): look at it in the console"]
    text = " ".join(data.decode("utf-8", "replace") for data in files.values() if data)
    return found + [f"{where} holds one of their {what}: drop it, or write it anew" for what in _kinds(text, needles)]


def _in_folder(configuration: Path, needles: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for path in sorted(configuration.rglob("*")) if needles else ():
        if path.is_file() and path.stat().st_size <= _LARGEST:
            for what in _kinds(path.read_bytes().decode("utf-8", "replace"), needles):
                yield path, what


def _kinds(text: str, needles: Mapping[str, str]) -> list[str]:
    folded = text.casefold()
    return sorted({kind for needle, kind in needles.items() if needle in folded})
