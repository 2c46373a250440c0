"""The origin of a question: where it was asked, by whom, and what of its newest message an answer needs. Pure."""

from dataclasses import dataclass
from typing import Final

from chatwootai.model.message.delivery import Contact, Delivery

NO_CONTACT: Final = Contact(id=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Account, conversation and contact of a burst, and its newest message.

    `account`: the key of who is served and who pays; `conversation`: Chatwoot's display id; `message`: the id of the
    newest message; `delivery_id`: that of the webhook request that brought it, for the log. `assignee`: the teammate
    who was named when it came. `cc`: who gets a copy of a mail. `carrier`: as a Delivery has it.
    """

    account: str
    channel: str
    conversation: int = 0
    inbox: int = 0
    contact: Contact = NO_CONTACT
    message: int = 0
    delivery_id: str | None = None
    assignee: int | None = None
    cc: tuple[str, ...] = ()
    carrier: str | None = None


def origin_of(newest: Delivery) -> Origin:
    """Return the origin of the burst that ends with this delivery."""
    return Origin(
        account=newest.account,
        channel=newest.channel,
        conversation=newest.conversation,
        inbox=newest.inbox,
        contact=newest.contact,
        message=newest.message.id,
        delivery_id=newest.delivery_id,
        assignee=newest.assignee,
        cc=newest.cc,
        carrier=newest.carrier,
    )
