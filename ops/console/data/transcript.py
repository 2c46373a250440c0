"""The words of a conversation, live from its Chatwoot with the account's user token; kept nowhere."""

import time
from dataclasses import dataclass
from typing import Final

from config.snapshot import Account
from ops.access import chatwoot_clients
from workers.chatwoot.errors import ChatwootError

_PATIENCE: Final = 8.0


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `type`: incoming, outgoing, activity, template; `turn`: the turn of ours that it is of."""

    id: int
    at: float | None
    type: str
    private: bool
    text: str
    turn: str | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """The newest messages, oldest first, and what the conversation is at Chatwoot. `trouble`: why they are not here.

    `trouble` is a text's key: no_account, no_user_token or refused; `why`: what Chatwoot said. `url`: its page there.
    """

    messages: tuple[Said, ...] = ()
    status: str | None = None
    trouble: str = ""
    why: str = ""
    url: str = ""


async def read_transcript(account: Account | None, conversation: int, *, words: bool) -> Transcript:
    """Return what Chatwoot says of a conversation now; its messages only with `words`."""
    if account is None:
        return Transcript(trouble="no_account")
    url = f"{account.installation.url}/app/accounts/{account.id}/conversations/{conversation}"
    until = time.time() + _PATIENCE
    async with chatwoot_clients() as client:
        chatwoot = client(account)
        try:
            shown = await chatwoot.conversation(conversation, deadline=until)
            if not words:
                return Transcript(status=shown.status, url=url)
            if not chatwoot.reads_history:
                return Transcript(status=shown.status, trouble="no_user_token", url=url)
            found = await chatwoot.messages(conversation, deadline=until)
        except ChatwootError as error:
            return Transcript(trouble="refused", why=str(error)[:300], url=url)
    said = (
        Said(one.id, one.at, one.type, one.private, one.content, one.mark.turn if one.mark else None) for one in found
    )
    return Transcript(tuple(said), shown.status, url=url)
