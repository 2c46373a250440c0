"""Reads the journal's records back: which conversation each is about, and what stores it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import unpack_delivery
from chatwootai.stores.conversation.mailbox import Mailbox
from ingress.journal import effect_records


class Record(NamedTuple):
    """A record of the journal. `store` stores it in a mailbox; twice is as good as once."""

    payload: bytes
    account: str
    conversation: str
    store: Callable[[Mailbox], Awaitable[object]]


def read_record(payload: bytes) -> Record:
    """Return what a record says.

    Raises:
        BrokenEntry: nothing that this version knows.
    """
    if payload[:1] == effect_records.MARK:
        effect = effect_records.unpack(payload)
        return Record(payload, effect.about.account, effect.conversation, effect.apply)
    delivery = unpack_delivery(payload[1:])

    async def store(mailbox: Mailbox) -> object:
        return await mailbox.admit(delivery, priority=payload[0])

    return Record(payload, delivery.account, keys.conv(delivery.account, delivery.conversation), store)
