"""Reads the journal's records back: which conversation each is about, and what stores it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry, unpack_delivery
from chatwootai.stores.conversation.mailbox import Mailbox
from ingress.journal import effect_records

Broken = tuple[bytes, Exception]
"""A payload that nothing will ever take, and why."""


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


def by_conversation(payloads: Sequence[bytes]) -> tuple[dict[str, list[Record]], list[Broken]]:
    """Return the records of each conversation in their order, and those that cannot be read."""
    records: dict[str, list[Record]] = {}
    broken: list[Broken] = []
    for payload in payloads:
        try:
            record = read_record(payload)
        except BrokenEntry as error:
            broken.append((payload, error))
        else:
            records.setdefault(record.conversation, []).append(record)
    return records, broken
