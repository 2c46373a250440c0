"""Does `jobs retry`, `jobs drop` and `replay`."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.operators.letters import Letter, Letters
from chatwootai.stores.operators.lives import Life, Lives
from chatwootai.stores.operators.readmission import Fate, Hastened, Readmission
from chatwootai.stores.server.connection import Connection
from ops.jobs.sought import Sought, find
from ops.printing import complain
from ops.reach import Impossible, accounts, agreed, chatwoots

_PATIENCE = 5.0
_HASTENED = {
    Hastened.READY: "runs now",
    Hastened.WAITING: "waits for a worker already: see `chatwootai jobs stats`",
    Hastened.RUNNING: "runs already",
    Hastened.GONE: "is done, or was replaced: see `chatwootai jobs show`",
}


async def retry(connection: Connection, arguments: argparse.Namespace) -> int:
    """Answer dead letters after all, or run at once what was put off.

    Raises:
        Impossible: there is nothing to retry, or people own the conversation.
        StoreUnavailable: Redis is away.
    """
    sought = await find(connection, arguments.what, lambda: [*accounts(arguments.config)])
    letters = [sought.letter] if sought.letter else await _letters(connection, sought)
    if letters:
        named = await _own(sought.conv, arguments)
        return max([await _revived(connection, letter, named) for letter in letters])
    life = await Lives(connection).read(sought.conv)
    job = sought.job or life.job
    if sought.turn or not job:
        raise Impossible(
            f"{arguments.what} has no dead letter and nothing put off: nothing was done. "
            f"`chatwootai replay {arguments.what}` has answered messages answered again"
        )
    became = await Readmission(connection).hasten(job)
    print(f"{job} {_HASTENED[became]}")
    return 1 if became is Hastened.GONE else 0


async def _letters(connection: Connection, sought: Sought) -> list[Letter]:
    """The dead letters of a conversation, the oldest first; none where a job or a turn was named."""
    return [] if sought.job or sought.turn else (await Letters(connection).of(sought.conv))[::-1]


async def _revived(connection: Connection, letter: Letter, named: int | None) -> int:
    """Retry one of several: what cannot be retried does not keep the others from it."""
    try:
        return await _revive(connection, letter, named)
    except Impossible as error:
        complain(error)
        return 1


async def _revive(connection: Connection, letter: Letter, named: int | None) -> int:
    deliveries = letter.deliveries or await _kept_of(connection, letter)
    if not deliveries:
        raise Impossible(
            f"dead letter {letter.turn} holds no message that can be read ({letter.cause}): answer it in Chatwoot, "
            f"then `chatwootai jobs drop {letter.turn}`"
        )
    answered = await _answered_since(connection, letter)
    left = [one for one in deliveries if one.message.id not in answered]
    if not left:
        await Letters(connection).discard(letter.turn)
        print(f"{letter.turn}: another turn has dealt with all of it since. The letter is spent, nothing was answered")
        return 0
    put = await Readmission(connection).admit(letter.conv, _named(left, named), now=time.time(), letter=letter.turn)
    if put is None:
        print(f"{letter.turn} was retried or dropped a moment ago: nothing was done")
    else:
        print(f"{letter.turn}: {_count(put, 'message')} of conversation {letter.conv} will be answered")
    return 0


async def _answered_since(connection: Connection, letter: Letter) -> frozenset[int]:
    """The messages of its conversation that later turns dealt with: after a catch-up, or once it was handed back."""
    return (await Lives(connection).read(letter.conv)).answered_after(letter.turn, letter.at)


async def _kept_of(connection: Connection, letter: Letter) -> tuple[Delivery, ...]:
    life = await Lives(connection).read(letter.conv)
    answered = life.answered_by(letter.turn)
    return tuple(one for one in life.kept if one.message.id in answered)


def _named(deliveries: Sequence[Delivery], teammate: int | None) -> list[Delivery]:
    """As if they came now: who is named in the conversation already does not step in by being so."""
    return [replace(one, assignee=teammate) for one in deliveries]


async def _own(conv: str, arguments: argparse.Namespace) -> int | None:
    """Make sure that a reply would be posted: people own a conversation once a turn has given it up.

    Returns:
        The teammate who is named in it.
    """
    if arguments.force:
        return None
    from workers.chatwoot.errors import ChatwootError

    key, _, conversation = conv.rpartition(":")
    account = accounts(arguments.config).get(key)
    if account is None:
        raise Impossible(f"account {key} is not in {Path(arguments.config)}: put it into the mapping first, or --force")
    async with chatwoots() as client:
        chatwoot = client(account)
        try:
            found = await chatwoot.conversation(int(conversation), deadline=time.time() + _PATIENCE)
            status = found.status
            if status != "pending" and arguments.hand_back:
                status = await chatwoot.set_status(int(conversation), "pending")
        except ChatwootError as error:
            raise Impossible(f"Chatwoot was asked who owns {conv}: {error}. --force does without") from error
    if status != "pending":
        raise Impossible(
            f"conversation {conv} is {status}: people own it, and a reply would not be posted. "
            "--hand-back sets it to pending first"
        )
    return found.assignee_id if found.assignee_type == "User" else None


async def drop(connection: Connection, arguments: argparse.Namespace) -> int:
    """Throw a dead letter away, or give up what a conversation has to do.

    Raises:
        Impossible: nobody agreed, or a worker is at it.
        StoreUnavailable: Redis is away.
    """
    sought = await find(connection, arguments.what, lambda: [*accounts(arguments.config)])
    if sought.letter:
        return await _throw_away(connection, sought.letter, yes=arguments.yes)
    life = await Lives(connection).read(sought.conv)
    if not life.job and not life.waiting and not life.outbox:
        raise Impossible(await _nothing_to_drop(connection, sought.conv))
    if sought.job and sought.job != life.job:
        raise Impossible(f"{sought.job} is done, or was replaced by {life.job}: nothing was dropped")
    what = f"{_count(len(life.waiting), 'message')} unanswered and {_count(len(life.outbox), 'action')} undelivered"
    if not agreed(f"conversation {sought.conv}: leave {what}?", yes=arguments.yes):
        return 1
    dropped = await Readmission(connection).drop(sought.conv)
    if dropped.fate is Fate.RUNNING:
        raise Impossible(
            f"a worker is at conversation {sought.conv}: take it over in Chatwoot, and the turn ends itself"
        )
    print(f"dropped {_count(dropped.messages, 'message')} and {_count(dropped.actions, 'action')} of {sought.conv}")
    return 0


async def _nothing_to_drop(connection: Connection, conv: str) -> str:
    said = f"conversation {conv} has nothing to do: nothing was dropped"
    letters = [letter.turn for letter in await Letters(connection).of(conv)]
    return f"{said}. To throw a dead letter of it away, name that: {', '.join(letters)}" if letters else said


async def _throw_away(connection: Connection, letter: Letter, *, yes: bool) -> int:
    if not agreed(f"throw dead letter {letter.turn} of conversation {letter.conv} away ({letter.cause})?", yes=yes):
        return 1
    gone = await Letters(connection).discard(letter.turn)
    print(f"dead letter {letter.turn} {'is gone' if gone else 'was gone already'}")
    return 0


async def replay(connection: Connection, arguments: argparse.Namespace) -> int:
    """Have messages that were dealt with answered again.

    Raises:
        Impossible: nothing of it is kept, nobody agreed, or people own the conversation.
        StoreUnavailable: Redis is away.
    """
    sought = await find(connection, arguments.what, lambda: [*accounts(arguments.config)])
    life = await Lives(connection).read(sought.conv)
    deliveries = sought.letter.deliveries if sought.letter else _chosen(sought, life)
    if not deliveries:
        raise Impossible(_nothing_kept(sought, life))
    ids = ", ".join(str(one.message.id) for one in deliveries)
    print(f"conversation {sought.conv}, channel {deliveries[-1].channel}: messages {ids} will be answered again")
    named = await _own(sought.conv, arguments)
    if not agreed("The contact will get another answer. Go on?", yes=arguments.yes):
        return 1
    letter = sought.letter.turn if sought.letter else ""
    put = await Readmission(connection).admit(sought.conv, _named(deliveries, named), now=time.time(), letter=letter)
    print(f"{_count(put, 'message')} admitted" if put else "nothing was done: they wait already, or were retried")
    return 0


def _chosen(sought: Sought, life: Life) -> Sequence[Delivery]:
    """Return what is kept of the message or turn that was named, or of the conversation's last turn."""
    if sought.message is not None:
        return [one for one in life.kept if one.message.id == sought.message]
    turns = [step.details.get("turn", "") for step in life.steps if step.name == "committed"]
    turn = sought.turn or next((one for one in reversed(turns) if life.answered_by(one)), "")
    answered = life.answered_by(turn)
    return [one for one in life.kept if one.message.id in answered]


def _nothing_kept(sought: Sought, life: Life) -> str:
    if sought.message is not None and any(one.message.id == sought.message for one in life.waiting):
        return f"message {sought.message} waits for its first answer: see `chatwootai jobs show {sought.conv}`"
    return (
        f"nothing of it is kept (the last 20 messages of a conversation are, for a day). If it is still unanswered, "
        f"`chatwootai catch-up --account {sought.conv.rpartition(':')[0]}` asks Chatwoot for it"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
