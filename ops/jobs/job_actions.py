"""Does `jobs retry`, `jobs drop` and `replay`."""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.operators.actions import DropResult, OperatorActions, RunNowResult
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.history import ConversationHistories, ConversationHistory
from chatwootai.stores.server.connection import Connection
from ops.access import ChatwootRefused, CommandError, chatwoot_clients, confirm, operator_name, sound_accounts
from ops.events.audit import options_used, write_down
from ops.jobs.lookup import Target, find_target
from ops.printing import complain, tell

if TYPE_CHECKING:
    from config.snapshot import Account

_PATIENCE = 5.0
RUN_NOW_WORDS = {
    RunNowResult.READY: "runs now",
    RunNowResult.WAITING: "waits for a worker already: see `chatwootai jobs stats`",
    RunNowResult.RUNNING: "runs already",
    RunNowResult.GONE: "is done, or was replaced: see `chatwootai jobs show`",
}


async def retry(connection: Connection, arguments: argparse.Namespace) -> int:
    """Answer dead letters after all, or run at once what was put off.

    Raises:
        CommandError: there is nothing to retry, or people own the conversation.
        StoreUnavailable: Redis is away.
    """
    target = await find_target(connection, arguments.what, lambda: sound_accounts(arguments.config))
    letters = [target.letter] if target.letter else await _letters(connection, target)
    if letters:
        assignee = await ensure_pending(target.conv, arguments)
        codes = [await retry_letter(connection, letter, assignee) for letter in letters]
        await _write_down(connection, "retry", target.conv, arguments, codes.count(0))
        return max(codes)
    life = await ConversationHistories(connection).read(target.conv)
    job = target.job or life.job
    if target.turn or not job:
        raise CommandError(
            f"{arguments.what} has no dead letter and nothing put off: nothing was done. "
            f"`chatwootai replay {arguments.what}` has answered messages answered again"
        )
    became = await OperatorActions(connection, operator_name()).run_now(job)
    tell(f"{job} {RUN_NOW_WORDS[became]}")
    if became is RunNowResult.READY:
        await _write_down(connection, "retry", target.conv, arguments)
    return 1 if became is RunNowResult.GONE else 0


async def _write_down(
    connection: Connection, what: str, conv: str, arguments: argparse.Namespace, count: int = 1
) -> None:
    if count:
        account, used = conv.rpartition(":")[0], options_used(arguments)
        await write_down(connection, what, account=account, of=conv, count=count, details=used)


async def _letters(connection: Connection, target: Target) -> list[DeadLetter]:
    """The dead letters of a conversation, the oldest first; none where a job or a turn was named."""
    return [] if target.job or target.turn else (await DeadLetters(connection).of(target.conv))[::-1]


async def retry_letter(connection: Connection, letter: DeadLetter, assignee: int | None) -> int:
    """Retry one of several: what cannot be retried does not keep the others from it."""
    try:
        return await _admit_letter(connection, letter, assignee)
    except CommandError as error:
        complain(error)
        return 1


async def _admit_letter(connection: Connection, letter: DeadLetter, assignee: int | None) -> int:
    deliveries = letter.deliveries or await _kept_deliveries(connection, letter)
    if not deliveries:
        raise CommandError(
            f"dead letter {letter.turn} holds no message that can be read ({letter.cause}): answer it in Chatwoot, "
            f"then `chatwootai jobs drop {letter.turn}`"
        )
    answered = await _answered_since(connection, letter)
    left = [one for one in deliveries if one.message.id not in answered]
    if not left:
        await DeadLetters(connection).discard(letter.turn)
        tell(f"{letter.turn}: another turn has dealt with all of it since. The letter is spent, nothing was answered")
        return 0
    put = await OperatorActions(connection, operator_name()).admit(
        letter.conv, _with_assignee(left, assignee), now=time.time(), letter=letter.turn
    )
    if put is None:
        tell(f"{letter.turn} was retried or dropped a moment ago: nothing was done")
    else:
        tell(f"{letter.turn}: {_count(put, 'message')} of conversation {letter.conv} will be answered")
    return 0


async def _answered_since(connection: Connection, letter: DeadLetter) -> frozenset[int]:
    """The messages of its conversation that later turns dealt with: after a catch-up, or once it was handed back."""
    return (await ConversationHistories(connection).read(letter.conv)).answered_after(letter.turn, letter.at)


async def _kept_deliveries(connection: Connection, letter: DeadLetter) -> tuple[Delivery, ...]:
    life = await ConversationHistories(connection).read(letter.conv)
    answered = life.answered_by(letter.turn)
    return tuple(one for one in life.kept if one.message.id in answered)


def _with_assignee(deliveries: Sequence[Delivery], teammate: int | None) -> list[Delivery]:
    """As if they came now: who is named in the conversation already does not step in by being so."""
    return [replace(one, assignee=teammate) for one in deliveries]


async def ensure_pending(
    conv: str, arguments: argparse.Namespace, accounts: "Mapping[str, Account] | None" = None
) -> int | None:
    """Make sure that a reply would be posted: people own a conversation once a turn has given it up.

    Returns:
        The teammate who is named in it.
    """
    if arguments.force:
        return None
    from workers.chatwoot.errors import ChatwootError

    key, _, conversation = conv.rpartition(":")
    account = (sound_accounts(arguments.config) if accounts is None else accounts).get(key)
    if account is None:
        raise CommandError(
            f"account {key} is not in {Path(arguments.config)}: put it into the mapping first, or --force"
        )
    async with chatwoot_clients() as client:
        chatwoot = client(account)
        try:
            found = await chatwoot.conversation(int(conversation), deadline=time.time() + _PATIENCE)
            status = found.status
            if status != "pending" and arguments.hand_back:
                status = await chatwoot.set_status(int(conversation), "pending")
        except ChatwootError as error:
            raise ChatwootRefused(f"Chatwoot was asked who owns {conv}: {error}. --force does without") from error
    if status != "pending":
        raise CommandError(
            f"conversation {conv} is {status}: people own it, and a reply would not be posted. "
            "--hand-back sets it to pending first"
        )
    return found.assignee_id if found.assignee_type == "User" else None


async def drop(connection: Connection, arguments: argparse.Namespace) -> int:
    """Throw a dead letter away, or give up what a conversation has to do.

    Raises:
        CommandError: nobody agreed, or a worker is at it.
        StoreUnavailable: Redis is away.
    """
    target = await find_target(connection, arguments.what, lambda: sound_accounts(arguments.config))
    if target.letter:
        code = await _confirm_drop(connection, target.letter, yes=arguments.yes)
        await _write_down(connection, "drop", target.conv, arguments, 0 if code else 1)
        return code
    life = await ConversationHistories(connection).read(target.conv)
    if not life.job and not life.waiting and not life.outbox:
        raise CommandError(await _nothing_to_drop_message(connection, target.conv))
    if target.job and target.job != life.job:
        raise CommandError(f"{target.job} is done, or was replaced by {life.job}: nothing was dropped")
    what = f"{_count(len(life.waiting), 'message')} unanswered and {_count(len(life.outbox), 'action')} undelivered"
    if not confirm(f"conversation {target.conv}: leave {what}?", yes=arguments.yes):
        return 1
    dropped = await OperatorActions(connection, operator_name()).drop(target.conv)
    if dropped.fate is DropResult.RUNNING:
        raise CommandError(
            f"a worker is at conversation {target.conv}: take it over in Chatwoot, and the turn ends itself"
        )
    tell(f"dropped {_count(dropped.messages, 'message')} and {_count(dropped.actions, 'action')} of {target.conv}")
    await _write_down(connection, "drop", target.conv, arguments, dropped.messages + dropped.actions)
    return 0


async def _nothing_to_drop_message(connection: Connection, conv: str) -> str:
    said = f"conversation {conv} has nothing to do: nothing was dropped"
    letters = [letter.turn for letter in await DeadLetters(connection).of(conv)]
    return f"{said}. To throw a dead letter of it away, name that: {', '.join(letters)}" if letters else said


async def _confirm_drop(connection: Connection, letter: DeadLetter, *, yes: bool) -> int:
    if not confirm(f"throw dead letter {letter.turn} of conversation {letter.conv} away ({letter.cause})?", yes=yes):
        return 1
    return await drop_letter(connection, letter)


async def drop_letter(connection: Connection, letter: DeadLetter) -> int:
    """Throw a dead letter away, whoever else does so; always 0."""
    if letter.conv:
        gone = await OperatorActions(connection, operator_name()).drop_letter(letter.conv, letter.turn)
    else:  # it cannot be read, so no history could tell of it
        gone = await DeadLetters(connection).discard(letter.turn)
    tell(f"dead letter {letter.turn} {'is gone' if gone else 'was gone already'}")
    return 0


async def replay(connection: Connection, arguments: argparse.Namespace) -> int:
    """Have messages that were dealt with answered again.

    Raises:
        CommandError: nothing of it is kept, nobody agreed, or people own the conversation.
        StoreUnavailable: Redis is away.
    """
    target = await find_target(connection, arguments.what, lambda: sound_accounts(arguments.config))
    life = await ConversationHistories(connection).read(target.conv)
    deliveries = target.letter.deliveries if target.letter else _replayed_deliveries(target, life)
    if not deliveries:
        raise CommandError(_nothing_kept_message(target, life))
    ids = ", ".join(str(one.message.id) for one in deliveries)
    tell(f"conversation {target.conv}, channel {deliveries[-1].channel}: messages {ids} will be answered again")
    assignee = await ensure_pending(target.conv, arguments)
    if not confirm("The contact will get another answer. Go on?", yes=arguments.yes):
        return 1
    letter = target.letter.turn if target.letter else ""
    put = await OperatorActions(connection, operator_name()).admit(
        target.conv, _with_assignee(deliveries, assignee), now=time.time(), letter=letter
    )
    tell(f"{_count(put, 'message')} admitted" if put else "nothing was done: they wait already, or were retried")
    await _write_down(connection, "replay", target.conv, arguments, put or 0)
    return 0


async def replay_turn(connection: Connection, conv: str, turn: str, assignee: int | None) -> int:
    """Have the messages of a conversation's turn answered again; 1 where none of them is kept any more."""
    life = await ConversationHistories(connection).read(conv)
    answered = life.answered_by(turn)
    deliveries = _with_assignee([one for one in life.kept if one.message.id in answered], assignee)
    if not deliveries:
        complain(f"conversation {conv}: no message of turn {turn} is kept any more")
        return 1
    put = await OperatorActions(connection, operator_name()).admit(conv, deliveries, now=time.time())
    tell(f"{conv}: {_count(put, 'message')} admitted" if put else f"{conv}: nothing was done, it waits already")
    return 0


def _replayed_deliveries(target: Target, life: ConversationHistory) -> Sequence[Delivery]:
    """Return what is kept of the message or turn that was assignee, or of the conversation's last turn."""
    if target.message is not None:
        return [one for one in life.kept if one.message.id == target.message]
    turns = [step.details.get("turn", "") for step in life.steps if step.name == "committed"]
    turn = target.turn or next((one for one in reversed(turns) if life.answered_by(one)), "")
    answered = life.answered_by(turn)
    return [one for one in life.kept if one.message.id in answered]


def _nothing_kept_message(target: Target, life: ConversationHistory) -> str:
    if target.message is not None and any(one.message.id == target.message for one in life.waiting):
        return f"message {target.message} waits for its first answer: see `chatwootai jobs show {target.conv}`"
    return (
        f"nothing of it is kept (the last 20 messages of a conversation are, for a day). If it is still unanswered, "
        f"`chatwootai catch-up --account {target.conv.rpartition(':')[0]}` asks Chatwoot for it"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
