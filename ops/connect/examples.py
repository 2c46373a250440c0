"""The accounts that the shipped mapping shows as examples: out of the way once an account of one's own is connected."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.secrets.references import REFERENCE

if TYPE_CHECKING:
    from config.mapping.mapping_edit import MappingEdit

SHOWN = {"1": "Sandra Cosmeticos", "2": "Casa Bela Móveis"}
"""Account to name, as `config/chatwoot_mapping.yaml` ships; a house test compares."""

ADDRESS = "${CHATWOOT_URL:-http://127.0.0.1:3000}"
"""Its installation's address."""


def unused_examples(edit: "MappingEdit", variables: Mapping[str, str]) -> dict[str, str]:
    """Examples that a mapping still holds and that have no secrets: a process would not start with them.

    Args:
        edit: the mapping.
        variables: the environment, and what the file of secrets holds.
    """
    return {
        key: name
        for key, name in SHOWN.items()
        if edit.written_value("accounts", key, "name") == name
        and edit.written_value("accounts", key, "bot_token") == f"${{CHATWOOT_{key}_BOT_TOKEN}}"
        and not variables.get(f"CHATWOOT_{key}_BOT_TOKEN")
    }


def address_of(edit: "MappingEdit", installation: str, variables: Mapping[str, str]) -> str | None:
    """The address that a mapping gives an installation; None where it gives none, or only a process could tell."""
    written = edit.written_value("chatwoot", installation, "url")
    if written is None or "${file:" in written or written.startswith("ENC:"):
        return None
    return REFERENCE.sub(lambda found: variables.get(found["name"] or "") or found["default"] or "", written).rstrip(
        "/"
    )
