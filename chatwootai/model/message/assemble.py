"""Many messages in, one question out."""

from collections.abc import Iterable, Sequence

from chatwootai.model.message.attached import described
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.routing import Route
from chatwootai.model.message.turn import Exchange, Question
from chatwootai.model.text.words import abridged

TOKEN_CHARACTERS = 4
"""Characters to a token, roughly: enough to bound a context without a tokenizer on the path."""

LEAST_SECONDS = 5.0
"""What an attempt gets however late it begins: after an outage a late answer is better than a person's late one."""


def deadline(deliveries: Sequence[Delivery], now: float, deadline_seconds: float) -> float:
    """When this turn must have a reply or a person, in unix seconds: counted from its last message's arrival."""
    last = max(delivery.received_at for delivery in deliveries)
    return max(last + deadline_seconds, now + min(LEAST_SECONDS, deadline_seconds))


def question(
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
    """One question from a burst (oldest first, at least one delivery) and what was said before it."""
    last = deliveries[-1]
    # Heard while people had it; what tells of it gives its time in whole seconds or in parts of them.
    asked = {("contact", said(delivery), int(delivery.message.at)) for delivery in deliveries}
    before = [one for one in history if (one.role, one.text, int(one.at)) not in asked]
    return Question(
        turn=turn,
        account=last.account,
        folder=route.folder,
        domain=route.domain,
        inbox=last.inbox,
        channel=route.channel,
        function=route.function or "",
        conversation=last.conversation,
        contact=last.contact,
        last_message=last.message.id,
        text=abridged("\n".join(said(delivery) for delivery in deliveries)),
        history=recent(before, most_exchanges=most_exchanges, most_tokens=most_tokens),
        deadline=due,
        assignee=last.assignee,
        language=language or last.language,
        subject=last.subject,
        priority=route.priority,
        cc=last.cc,
        carrier=last.carrier,
    )


def said(delivery: Delivery) -> str:
    """A message as words, as a crew reads and remembers it: its text, and what came with it in brackets."""
    pieces = [delivery.message.text, *(described(one) for one in delivery.message.attachments)]
    return abridged("\n".join(piece for piece in pieces if piece))


def spoken(delivery: Delivery) -> str:
    """The contact's own words, written or spoken: not what stands in files."""
    return "\n".join((delivery.message.text, *(one.transcript or "" for one in delivery.message.attachments)))


def in_order(said: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """What was said, in the order in which it was. A teammate is heard at once, a contact when a turn has ended.

    Only these two are compared: they have Chatwoot's time, the crew has ours.
    """
    ordered: list[Exchange] = []
    for one in said:
        at = len(ordered)
        while one.role == "contact" and at and ordered[at - 1].role == "teammate" and ordered[at - 1].at > one.at:
            at -= 1
        ordered.insert(at, one)
    return tuple(ordered)


def recent(history: Sequence[Exchange], *, most_exchanges: int, most_tokens: int) -> tuple[Exchange, ...]:
    """The newest exchanges that fit both bounds, oldest first; one that does not fit ends the list."""
    kept: list[Exchange] = []
    room = most_tokens * TOKEN_CHARACTERS
    for exchange in reversed(history[-most_exchanges:] if most_exchanges else ()):
        room -= len(exchange.text)
        if room < 0:
            break
        kept.append(exchange)
    return tuple(reversed(kept))
