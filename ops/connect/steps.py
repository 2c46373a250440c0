"""Plans `chatwootai connect` as a list of steps made from what Chatwoot has: nothing is done while it is made.

Steps are done in order; secrets and the mapping come last, when everything that they speak of exists.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from workers.chatwoot.admin import EVENTS, Admin, Bot, Setup, Webhook, address


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """The operator's wishes. `ours`: the ingress's public address; `inboxes`: None for all."""

    key: str
    ours: str
    inboxes: tuple[int, ...] | None = None
    bot_name: str = "ChatwootAI"


@dataclass(slots=True)
class Connected:
    """Result of the steps."""

    bot: Bot | None = None
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change in Chatwoot: what it is, and how it is done."""

    description: str
    do: Callable[[], Awaitable[None]] = field(repr=False)


class UnknownInbox(LookupError):
    """The account has no inbox of that number; the message lists those it has."""


def plan_connect(admin: Admin, setup: Setup, wish: ConnectRequest, made: Connected) -> list[Step]:
    """The steps that are still to be done; none where all is as wished."""
    made.bot, made.webhook = setup.bot(wish.key), setup.webhook(wish.key)
    wanted = address(wish.ours, wish.key)
    return [*_bot(admin, wish, wanted, made), *_bindings(admin, setup, wish, made), *_webhook(admin, wanted, made)]


def _bot(admin: Admin, wish: ConnectRequest, wanted: str, made: Connected) -> Iterator[Step]:
    bot = made.bot
    if bot is None:

        async def create() -> None:
            made.bot = await admin.create_bot(wish.bot_name, wanted)

        yield Step(f"create the agent bot `{wish.bot_name}` that reports to {wanted}", create)
    elif bot.address != wanted:
        yield Step(f"bot {bot.id} reports to {wanted} instead of {bot.address}", lambda: admin.move_bot(bot.id, wanted))


def _bindings(admin: Admin, setup: Setup, wish: ConnectRequest, made: Connected) -> Iterator[Step]:
    doors = {door.id: door for door in setup.inboxes}
    for number in wish.inboxes if wish.inboxes is not None else doors:
        if number not in doors:
            raise UnknownInbox(f"there is no inbox {number}; there are: {', '.join(map(str, doors)) or 'none'}")
        door = doors[number]
        if made.bot is not None and door.bot == made.bot.id:
            continue

        async def bind(inbox: int = number) -> None:
            assert made.bot is not None  # noqa: S101 - an earlier step has made it
            await admin.bind(inbox, made.bot.id)

        instead = f" instead of bot {door.bot}" if door.bot is not None else ""
        yield Step(f"let it answer inbox {number} `{door.name}` ({door.channel}){instead}", bind)


def _webhook(admin: Admin, wanted: str, made: Connected) -> Iterator[Step]:
    webhook = made.webhook
    if webhook is None:

        async def create() -> None:
            made.webhook = await admin.create_webhook(wanted)

        yield Step(f"create the account's webhook to {wanted} for {', '.join(EVENTS)}", create)
    elif webhook.address != wanted or not set(EVENTS) <= set(webhook.events):
        yield Step(
            f"webhook {webhook.id} reports {', '.join(EVENTS)} to {wanted}",
            lambda: admin.change_webhook(webhook, wanted),
        )


def plan_removal(admin: Admin, setup: Setup, key: str) -> list[Step]:
    """The steps that undo a connection: inboxes unbound, bot and webhook deleted."""
    bot, webhook = setup.bot(key), setup.webhook(key)
    steps = [
        Step(f"inbox {door.id} `{door.name}` is answered by people alone", _unbinding(admin, door.id))
        for door in setup.inboxes
        if bot is not None and door.bot == bot.id
    ]
    if bot is not None:
        steps.append(Step(f"delete the agent bot `{bot.name}` ({bot.id})", lambda: admin.remove_bot(bot.id)))
    if webhook is not None:
        steps.append(Step(f"delete the account's webhook {webhook.id}", lambda: admin.remove_webhook(webhook.id)))
    return steps


def _unbinding(admin: Admin, inbox: int) -> Callable[[], Awaitable[None]]:
    return lambda: admin.bind(inbox, None)
