"""Step 10 of a turn: what was decided reaches Chatwoot, each action once, in order, unless people own the conversation.

The outbox entry is marked before its message is posted. A mark found later means: it may be there already; then it is
looked for in Chatwoot by `content_attributes.chatwootai` before it is posted again.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatwootai.attempts import attempts
from chatwootai.model.message import turn_names
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.policy.numbered_choice import with_choices
from chatwootai.model.policy.outcome import failure_note, opening
from chatwootai.stores.conversation.decision import Pending, Post
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.installation.incidents import Kind
from chatwootai.stores.keys import split_conv
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS, RETRIES, SUPERSEDED
from workers.account.tenant import Tenant
from workers.away import ChatwootAway
from workers.chatwoot.client import MarkPresence, MarkSearch
from workers.chatwoot.errors import ChatwootError, FateUnknown, Gone, OutOfTime, Refused, TokenRefused, TryAgain
from workers.chatwoot.operations import SHOW, Owner
from workers.chatwoot.records import Mark
from workers.context import WorkerContext
from workers.dead_letters import dead_letter
from workers.delivery.message_body import actions_outside_window, message_body, template_params
from workers.delivery.ownership import OwnershipConflict, ownership_conflict

_LOOK_SECONDS = 5.0
_POST_SECONDS = 10.0
_PAUSES = (0.2, 0.8, 2.0)
"""Seconds between the tries of one action before the job is put off: a stumble is waited out, an outage is not."""
_LONGEST_WAIT = 3.0
_LEAST_PART_DELAY, _LONGEST_PART_DELAY, _TYPED_A_SECOND = 0.6, 2.0, 800.0
_LOOK_AFTER = 2.0
"""Seconds after a post without an answer before its mark is looked for: mostly it is there by then."""
_STORED_WITHIN = 15.0
"""Seconds after which Chatwoot has stored a post or never will: its server gives no request longer."""
_WINDOW = "the channel takes no free text now"
_KEPT_SECONDS = 86_400.0
"""How long an undeliverable reply is tried: after a day nobody wants it, and an operator should know."""
_BARRED_SECONDS = 900.0
"""How long an action is tried that a firewall before Chatwoot refuses, and only it: its words will not change."""

_log = log.get("deliver")


@dataclass(slots=True)
class Entry:
    """One entry of the outbox on its way.

    `posted_at`: when it was first sent to Chatwoot, unix seconds, 0: never. `ended`: that request was answered with an
    error, so that what is not stored by now never will be. `unsaid`: what the contact does not read if this is the end
    of its turn, further parts and choices too.
    """

    pending: Pending
    action: Action
    posted_at: float = 0.0
    unsaid: str = ""
    ended: bool = False


async def deliver(
    worker: WorkerContext, tenant: Tenant, lease: FencedLease, outbox: Sequence[Pending], *, posted_at: float = 0.0
) -> None:
    """Carry out the outbox's entries in order. `posted_at`: when an earlier run may have posted the first of them.

    Raises:
        AccountClosed: Chatwoot does not take the bot's token; what is left stays in the outbox.
        ChatwootAway: Chatwoot is away; what is left stays in the outbox.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    dropped: set[str] = set()
    before: Action | None = None
    for at, pending in enumerate(outbox):
        if pending.action is None:
            await worker.conversations.replace(lease, pending, cause="unreadable")
        elif pending.action.turn not in dropped:
            await asyncio.sleep(part_delay(before, pending.action))
            before = pending.action
            entry = Entry(pending, pending.action, posted_at, _rest_of_turn(pending.action, outbox[at:]))
            with log.bound(turn=entry.action.turn, delivery=entry.action.delivery):
                if not await _deliver_action(worker, tenant, lease, entry):
                    dropped.add(pending.action.turn)
        posted_at = 0.0


def _rest_of_turn(action: Action, rest: Sequence[Pending]) -> str:
    same = (
        one.action for one in rest if one.action and (one.action.turn, one.action.kind) == (action.turn, action.kind)
    )
    return "\n\n".join(with_choices(each.text, each.choices) for each in same)


def part_delay(before: Action | None, action: Action) -> float:
    """Return the seconds before a further part of a reply: nobody types it at once, and people have time to step in."""
    further = before is not None and before.turn == action.turn and {before.kind, action.kind} == {ActionKind.REPLY}
    return min(_LONGEST_PART_DELAY, _LEAST_PART_DELAY + len(action.text) / _TYPED_A_SECOND) if further else 0.0


async def _deliver_action(worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry) -> bool:
    """Carry out one action; False if the rest of its turn was dropped with it."""
    tries, failed = attempts(_PAUSES), 0
    async for _ in tries:
        try:
            done = await _attempt(worker, tenant, lease, entry)
            worker.incidents.works(Kind.CHATWOOT, tenant.account.key, _place(entry))
            return done
        except (TryAgain, FateUnknown, OutOfTime) as error:
            RETRIES.labels("post").inc()
            failed += 1
            if failed > 1:  # once is nothing that anybody need know
                worker.incidents.note(Kind.CHATWOOT, tenant.account.key, _place(entry), str(error))
            wait = _retry_pause(error, tries.pause)
            if wait is None or not tries.wait(wait):
                return await _put_off(worker, tenant, lease, entry, error)
            _log.warning("post_again", kind=entry.action.kind.value, error=str(error), pause=round(wait, 1))
        except TokenRefused as error:
            raise await worker.standing.note_refusal(tenant, lease.conv, error) from error
        except Gone as error:
            if (closed := await worker.standing.note_gone(tenant, lease.conv, error)) is not None:
                raise closed from error
            await _dead_letter(worker, tenant, lease, entry, str(error), lost=error.operation == SHOW.name)
            return False
        except Refused as error:
            await _dead_letter(worker, tenant, lease, entry, str(error))
            return False
    raise AssertionError("unreachable")


def _place(entry: Entry) -> str:
    return f"inbox {entry.action.inbox}"


def _retry_pause(error: ChatwootError, pause: float | None) -> float | None:
    """Return the seconds until the next attempt; None: too many were made, or it is too long to hold a slot for."""
    if pause is None:
        return None
    if isinstance(error, FateUnknown):
        return max(pause, _LOOK_AFTER)
    wait = max(pause, error.at - time.time()) if isinstance(error, TryAgain) else pause
    return wait if wait <= _LONGEST_WAIT else None


async def _attempt(worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry) -> bool:
    """Make one attempt; return whether the rest of the turn is to be carried out."""
    conversation, action = split_conv(lease.conv)[1], entry.action
    found = await tenant.chatwoot.conversation(conversation, deadline=time.time() + _LOOK_SECONDS)
    await worker.standing.probes.note_shown(tenant, conversation)
    unsigned = tenant.settings(action.inbox).messages.unsigned
    if (reason := ownership_conflict(found, action, unsigned_is_person=unsigned == "person")) is not None:
        await _abandon(worker, lease, entry.pending, action, reason)
        return False
    if action.kind is ActionKind.REPLY and not found.can_reply:
        return await _replace_outside_window(worker, tenant, lease, entry)
    may, begin_by = await worker.conversations.ask_to_post(lease, entry.pending)
    if may is Post.GONE:
        return True
    if may is Post.UNSURE and action.posts:
        if await _already_posted(worker, tenant, conversation, entry):
            _log.info("found_our_mark", kind=action.kind.value, part=action.part)
            await worker.conversations.sent(lease, entry.pending)
            return True
        begin_by = await _renew_post_right(worker, lease, entry)
    await _post(worker, tenant, lease, entry, begin_by)
    await worker.conversations.sent(lease, entry.pending)
    return True


async def _renew_post_right(worker: WorkerContext, lease: FencedLease, entry: Entry) -> float:
    """Ask anew for the right to post, after one that came to nothing; return until when it holds (unix seconds)."""
    await worker.conversations.sent(lease, entry.pending, arrived=False)
    return (await worker.conversations.ask_to_post(lease, entry.pending))[1]


async def _post(worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry, begin_by: float) -> None:
    """Send an action; what was surely not stored needs no search before the next attempt."""
    entry.posted_at, entry.ended = time.time(), False
    try:
        await _send_action(tenant, split_conv(lease.conv)[1], entry.action, begin_by)
    except FateUnknown as error:
        entry.ended = error.ended
        raise
    except (TryAgain, TokenRefused):
        await worker.conversations.sent(lease, entry.pending, arrived=False)
        raise
    await worker.standing.note_post(tenant)


async def _abandon(
    worker: WorkerContext, lease: FencedLease, pending: Pending, action: Action, reason: OwnershipConflict
) -> None:
    """Drop the rest of a turn whose conversation people have, or that nobody shall read."""
    SUPERSEDED.labels("takeover").inc()
    _log.info("not_ours", kind=action.kind.value, why=reason.why)
    opened = (opening(action, turn_names.taken_from(action.turn)),) if reason.open_it else ()
    await worker.conversations.replace(lease, pending, instead=opened, drop_turn=True, cause=reason.why)


async def _replace_outside_window(worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry) -> bool:
    """Put a template, or a note for people, in the place of a text that the channel does not take now.

    Returns:
        Whether the rest of the turn is to be carried out.
    """
    action = entry.action
    instead, go_on = actions_outside_window(action, tenant.settings(action.inbox), entry.unsaid)
    _log.info("window_closed", part=action.part, template=go_on)
    await worker.conversations.replace(lease, entry.pending, instead=instead, drop_turn=not go_on, cause=_WINDOW)
    return go_on


async def _already_posted(worker: WorkerContext, tenant: Tenant, conversation: int, entry: Entry) -> bool:
    """Tell whether our mark stands in the conversation. Unsure counts as yes: a reply is rather lost than said twice.

    Raises:
        TryAgain: it does not yet, but what was sent so lately may still be stored.
    """
    try:
        found = await _search_mark(tenant, conversation, entry.action)
    except TokenRefused as error:
        if error.owner is not Owner.USER:
            raise
        await worker.standing.note_user_refusal(tenant, error)
        found = await _search_mark(tenant, conversation, entry.action, history=False)
    if found.presence is MarkPresence.ABSENT and not entry.ended and time.time() < entry.posted_at + _STORED_WITHIN:
        raise TryAgain("find_mark", "it may still be stored", entry.posted_at + _STORED_WITHIN)
    return found.presence is not MarkPresence.ABSENT


async def _search_mark(tenant: Tenant, conversation: int, action: Action, *, history: bool = True) -> MarkSearch:
    return await tenant.chatwoot.find_mark(
        conversation, action.turn, action.part,
        after=action.after or None, deadline=time.time() + _LOOK_SECONDS, history=history,
    )  # fmt: skip


async def _send_action(tenant: Tenant, conversation: int, action: Action, begin_by: float) -> None:
    chatwoot, deadline = tenant.chatwoot, time.time() + _POST_SECONDS
    match action.kind:
        case ActionKind.REPLY:
            sent = message_body(action)
            await chatwoot.create_message(
                conversation,
                action.text,
                mark=Mark(action.turn, action.part),
                content_attributes=sent.content_attributes,
                deadline=deadline,
                begin_by=begin_by,
                extra=sent.extra,
            )
        case ActionKind.NOTE:
            mark = Mark(action.turn, action.part)
            await chatwoot.create_message(
                conversation, action.text, mark=mark, private=True, deadline=deadline, begin_by=begin_by
            )
        case ActionKind.TEMPLATE:
            extra = template_params(tenant.settings(action.inbox))
            mark = Mark(action.turn, action.part)
            await chatwoot.create_message(
                conversation, action.text, mark=mark, deadline=deadline, begin_by=begin_by, extra=extra
            )
        case ActionKind.LABELS:
            await chatwoot.add_labels(conversation, action.values, deadline=deadline)
        case ActionKind.PRIORITY:
            await chatwoot.set_priority(conversation, action.text, deadline=deadline)
        case ActionKind.TEAM:
            await chatwoot.assign_team(conversation, int(action.text), deadline=deadline)
        case ActionKind.STATUS:
            await chatwoot.set_status(conversation, action.text, deadline=deadline)


async def _put_off(
    worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry, error: ChatwootError
) -> bool:
    waited = time.time() - entry.action.due
    if waited > _KEPT_SECONDS or (waited > _BARRED_SECONDS and _is_only_this_barred(error)):
        await _dead_letter(worker, tenant, lease, entry, str(error))
        return False
    _log.warning("chatwoot_away", error=str(error))
    raise ChatwootAway(str(error), entry.action.due, error.at if isinstance(error, TryAgain) else 0.0)


def _is_only_this_barred(error: ChatwootError) -> bool:
    """Tell whether a firewall let us read the conversation a moment before, and does not let us do this in it."""
    return isinstance(error, TryAgain) and error.barred and error.operation != SHOW.name


async def _dead_letter(
    worker: WorkerContext, tenant: Tenant, lease: FencedLease, entry: Entry, why: str, *, lost: bool = False
) -> None:
    """Give up an action that Chatwoot refuses for good: tell people once, open the conversation, keep a dead letter.

    `lost`: Chatwoot no longer has the conversation: there is nothing to open, and nowhere to say it.
    """
    action = entry.action
    _log.error("dead_letter", cause=why, kind=action.kind.value)
    DEAD_LETTERS.labels("refused").inc()
    meant = action.kind in {ActionKind.REPLY, ActionKind.TEMPLATE}  # for the contact
    instead = _actions_for_people(entry, why, tenant.settings(action.inbox).note_language) if meant and not lost else ()
    # What should have told people so has no letter of its own: there is nothing in it to answer.
    letter = (
        None
        if turn_names.tells_of_refusal(action.turn)
        else dead_letter(action.turn, lease.conv, f"Chatwoot refused: {why}")
    )
    await worker.conversations.replace(
        lease, entry.pending, instead=instead, drop_turn=meant or lost, dead=letter, cause=why
    )


def _actions_for_people(entry: Entry, why: str, language: str) -> tuple[Action, ...]:
    action = entry.action
    turn, text = turn_names.refusal_of(action.turn), failure_note(why, entry.unsaid, language)
    return replace(action, turn=turn, kind=ActionKind.NOTE, part=0, text=text), opening(action, turn)
