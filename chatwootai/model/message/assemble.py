"""Many messages in, one question out."""

from collections.abc import Iterable, Sequence

from chatwootai.model.message.attachment_text import attachment_text
from chatwootai.model.message.delivery import Delivery, Role
from chatwootai.model.message.origin import origin_of
from chatwootai.model.message.routing import Route
from chatwootai.model.message.turn import Exchange, Question
from chatwootai.model.text.normalize import abridge

TOKEN_CHARACTERS = 4
"""Characters to a token, roughly: enough to bound a context without a tokenizer on the path."""

LEAST_SECONDS = 5.0
"""What an attempt gets however late it begins: after an outage a late answer is better than a person's late one."""


def turn_deadline(deliveries: Sequence[Delivery], now: float, deadline_seconds: float) -> float:
    """Return when this turn must have a reply or a person, in unix seconds: counted from its last message's arrival."""
    last = max(delivery.received_at for delivery in deliveries)
    return max(last + deadline_seconds, now + min(LEAST_SECONDS, deadline_seconds))


def build_question(
    deliveries: Sequence[Delivery],
    history: Sequence[Exchange],
    *,
    turn: str,
    route: Route,
    due: float,
    most_exchanges: int,
    most_tokens: int,
    language: str | None = None,
) -> Question:
    """Return one question from a burst (oldest first, at least one delivery) and what was said before it."""
    last = deliveries[-1]
    # Heard while people had it; what tells of it gives its time in whole seconds or in parts of them.
    asked = {(Role.CONTACT, delivery_text(delivery), int(delivery.message.at)) for delivery in deliveries}
    before = [one for one in history if (one.role, one.text, int(one.at)) not in asked]
    return Question(
        turn=turn,
        origin=origin_of(last),
        folder=route.folder,
        domain=route.domain,
        function=route.function or "",
        text=abridge("\n".join(delivery_text(delivery) for delivery in deliveries)),
        history=recent_exchanges(before, most_exchanges=most_exchanges, most_tokens=most_tokens),
        deadline=due,
        language=language or last.language,
        subject=last.subject,
        priority=route.priority,
        own_words="\n".join(map(contact_words, deliveries)),
    )


def delivery_text(delivery: Delivery) -> str:
    """Return a message as words, as a crew reads and remembers it: its text, and what came with it in brackets."""
    pieces = [delivery.message.text, *(attachment_text(one) for one in delivery.message.attachments)]
    return abridge("\n".join(piece for piece in pieces if piece))


def contact_words(delivery: Delivery) -> str:
    """Return the contact's own words, written or spoken: not what stands in files."""
    return "\n".join((delivery.message.text, *(one.transcript or "" for one in delivery.message.attachments)))


def in_spoken_order(said: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Return what was said, in the order in which it was. A teammate is heard at once, a contact when a turn has ended.

    Only these two are compared: they have Chatwoot's time, the crew has ours.
    """
    ordered: list[Exchange] = []
    for one in said:
        at = len(ordered)
        while one.role is Role.CONTACT and at and ordered[at - 1].role is Role.TEAMMATE and ordered[at - 1].at > one.at:
            at -= 1
        ordered.insert(at, one)
    return tuple(ordered)


def recent_exchanges(history: Sequence[Exchange], *, most_exchanges: int, most_tokens: int) -> tuple[Exchange, ...]:
    """Return the newest exchanges that fit both bounds, oldest first; one that does not fit ends the list."""
    kept: list[Exchange] = []
    room = most_tokens * TOKEN_CHARACTERS
    for exchange in reversed(history[-most_exchanges:] if most_exchanges else ()):
        room -= len(exchange.text)
        if room < 0:
            break
        kept.append(exchange)
    return tuple(reversed(kept))
