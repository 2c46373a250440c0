"""Lists the places that an erasure or an export does not reach, with what an operator does there."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatwootai.stores.privacy.mentions import Mention

if TYPE_CHECKING:
    from config.snapshot import Account

_ALWAYS = (
    "logs of doors and workers, wherever they are kept: they hold ids of conversations and turns, no words; "
    "let them end by their own lifetime",
    "backups and snapshots of Redis and of its disk from before now: let them end, and erase again after restoring one",
    "traces and metrics sent elsewhere (OTLP): they hold ids of turns and conversations, no words",
)


def outside(account: "Account | None", mentions: Iterable[Mention] = (), *, in_chatwoot: bool = False) -> list[str]:
    """Return what lies outside, a sentence each with its remedy."""
    chatwoot = "Chatwoot: the contact with their conversations; delete it there, or erase with --in-chatwoot"
    found = [] if in_chatwoot else [chatwoot]
    return [*found, *_models(account), *_ALWAYS, *sorted({_mention(one) for one in mentions})]


def _models(account: "Account | None") -> list[str]:
    """Name the endpoints that have read the contact's words."""
    if account is None:
        return ["the model's provider: what it keeps of requests"]
    every = (account.settings, *(inbox.settings for inbox in account.inboxes.values()))
    names = sorted({one.model.base_url or "the provider's usual address" for one in every})
    return [f"the model's provider ({', '.join(names)}): what it keeps of requests ends by its own rules; ask it"]


def _mention(one: Mention) -> str:
    where = f"conversation {one.account}:{one.conversation}" if one.conversation else one.place
    return f"{where}, which is not theirs, holds one of their {one.what}: read it, and decide"
