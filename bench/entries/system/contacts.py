"""The index of contacts: Redis's processor time for an admission that notes its contact, and for one that does not."""

from bench.figure import Figure, best
from chatwootai.model.message.delivery import Contact, Delivery, Message
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded

_ROUNDS, _MESSAGES = 12, 1_000


async def run() -> list[Figure]:
    """Admit as many messages of contacts as of nobody, in turns: an admission for contact 0 notes nobody."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    with Embedded.start() as server:
        connection = connect(server.url)
        for at in range(_ROUNDS):
            for noted in (True, False) if at % 2 else (False, True):
                taken[noted].append(await _admitted(connection, first=2 * at + noted, noted=noted))
        await connection.aclose()
    against = "admission without it"
    return [best("contacts.admission", "us of Redis's CPU", taken[True], taken[False], against)]


async def _admitted(connection: Connection, *, first: int, noted: bool) -> float:
    """Return the microseconds of Redis's processor for one of a round's messages, each of another conversation."""
    mailbox, begin = Mailbox(connection, most_waiting=1 << 40), await _processor_seconds(connection)
    for number in range(first * _MESSAGES + 1, (first + 1) * _MESSAGES + 1):
        message = Message(id=number, text="Onde está meu pedido?", at=1.0)
        contact = Contact(id=number if noted else 0)
        delivery = Delivery(
            account="1",
            conversation=number,
            inbox=17,
            channel="whatsapp",
            message=message,
            contact=contact,
            received_at=1.0,
        )
        await mailbox.admit(delivery, priority=5)
    return (await _processor_seconds(connection) - begin) / _MESSAGES * 1e6


async def _processor_seconds(connection: Connection) -> float:
    used = await connection.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])
