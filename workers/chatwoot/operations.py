"""Every call this project makes to Chatwoot, in one table: path, whose token, and whether it may be repeated."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Owner(StrEnum):
    """The owner of a call's token. A bot may do little (docs/reference/chatwoot.md), but as itself; a user may read."""

    BOT = "bot"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `path` continues `/api/v1/accounts/{account}`.

    `repeatable`: done twice, it leaves what it leaves done once. What is not is never sent again unless it is certain
    that the first did not arrive. `says`: Chatwoot answers a done one with JSON; an empty 200 comes from somebody else.
    """

    name: str
    method: str
    path: str
    owner: Owner
    repeatable: bool = True
    says: bool = True


_CONVERSATION: Final = "/conversations/{conversation}"

CREATE_MESSAGE: Final = Operation("create_message", "POST", f"{_CONVERSATION}/messages", Owner.BOT, repeatable=False)
SHOW: Final = Operation("conversation", "GET", _CONVERSATION, Owner.BOT)
TYPING: Final = Operation("typing", "POST", f"{_CONVERSATION}/toggle_typing_status", Owner.BOT, says=False)
STATUS: Final = Operation("status", "POST", f"{_CONVERSATION}/toggle_status", Owner.BOT)
PRIORITY: Final = Operation("priority", "POST", f"{_CONVERSATION}/toggle_priority", Owner.BOT, says=False)
LABELS: Final = Operation("labels", "GET", f"{_CONVERSATION}/labels", Owner.BOT)
SET_LABELS: Final = Operation("set_labels", "POST", f"{_CONVERSATION}/labels", Owner.BOT)
ASSIGN: Final = Operation("assign", "POST", f"{_CONVERSATION}/assignments", Owner.BOT, says=False)
ATTRIBUTES: Final = Operation("custom_attributes", "POST", f"{_CONVERSATION}/custom_attributes", Owner.BOT, says=False)
MESSAGES: Final = Operation("messages", "GET", f"{_CONVERSATION}/messages", Owner.USER)
CONVERSATIONS: Final = Operation("conversations", "GET", "/conversations", Owner.USER)

OPERATIONS: Final = (
    CREATE_MESSAGE, SHOW, TYPING, STATUS, PRIORITY, LABELS, SET_LABELS, ASSIGN, ATTRIBUTES, MESSAGES, CONVERSATIONS,
)  # fmt: skip
