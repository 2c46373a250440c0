"""Step 10 of a turn: what was decided reaches Chatwoot, each action once, in order, unless people own the conversation.

The outbox entry is marked before its message is posted. A mark found later means: it may be there already; then it is
looked for in Chatwoot by `content_attributes.chatwootai` before it is posted again.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from chatwootai.model.outbox import Action, ActionKind
from chatwootai.model.outcome import opening
from chatwootai.stores.conversations import Hold, Pending, Post
from chatwootai.stores.keys import split_conv
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS, RETRIES, SUPERSEDED
from workers.chatwoot import Sight
from workers.chatwoot_errors import FateUnknown, OutOfTime, Refused, TryAgain
from workers.chatwoot_json import Mark
from workers.floor import Floor, Tenant
from workers.letters import dead_letter
from workers.owner import Taken, taken
from workers.patience import patient

_LOOK_SECONDS = 5.0
_POST_SECONDS = 10.0
_PAUSES = (0.2, 0.8, 2.0)
"""Seconds between the tries of one action before the job is put off: a stumble is waited out, an outage is not."""
_KEPT_SECONDS = 86_400.0
"""How long an undeliverable reply is tried: after a day nobody wants it, and an operator should know."""

_log = log.get("deliver")


class ChatwootAway(Exception):
    """Chatwoot cannot be reached now: put the job off. `waiting_since`: when this reply should have arrived, unix."""

    def __init__(self, why: str, waiting_since: float) -> None:
        super().__init__(why)
        self.waiting_since = waiting_since


async def deliver(floor: Floor, tenant: Tenant, hold: Hold, outbox: Sequence[Pending]) -> None:
    """Carry out the outbox's entries in order.

    Raises:
        ChatwootAway: Chatwoot is away; what is left stays in the outbox.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    dropped: set[str] = set()
    for pending in outbox:
        if pending.action is None:
            await patient(lambda one=pending: floor.conversations.replace(hold, one))  # type: ignore[misc]
        elif pending.action.turn not in dropped and not await _delivered(floor, tenant, hold, pending, pending.action):
            dropped.add(pending.action.turn)


async def _delivered(floor: Floor, tenant: Tenant, hold: Hold, pending: Pending, action: Action) -> bool:
    """Carry out one action; False if the rest of its turn was dropped with it."""
    for pause in (*_PAUSES, None):
        try:
            return await _tried(floor, tenant, hold, pending, action)
        except (TryAgain, FateUnknown, OutOfTime) as error:
            RETRIES.labels("post").inc()
            if pause is None:
                return await _put_off(floor, hold, pending, action, str(error))
            _log.warning("post_again", kind=action.kind.value, error=str(error), pause=pause)
            await asyncio.sleep(pause)
        except Refused as error:
            await _bury(floor, hold, pending, action, str(error))
            return False
    raise AssertionError("unreachable")


async def _tried(floor: Floor, tenant: Tenant, hold: Hold, pending: Pending, action: Action) -> bool:
    """One try: look who owns the conversation, mark, look for our mark if it may be there, act, and say so."""
    conversation = split_conv(hold.conv)[1]
    found = await tenant.chatwoot.conversation(conversation, deadline=time.time() + _LOOK_SECONDS)
    if (reason := taken(found, action)) is not None:
        await _leave_it(floor, hold, pending, action, reason)
        return False
    may = await patient(lambda: floor.conversations.post(hold, pending))
    if may is Post.GONE:
        return True
    if may is Post.UNSURE and action.posts and await _there(tenant, conversation, action):
        _log.info("found_our_mark", kind=action.kind.value, part=action.part)
    else:
        await _act(tenant, conversation, action)
    await patient(lambda: floor.conversations.sent(hold, pending))
    return True


async def _leave_it(floor: Floor, hold: Hold, pending: Pending, action: Action, reason: Taken) -> None:
    """People have it, or nobody shall read this: nothing more of this turn. Chatwoot is told whose it is."""
    SUPERSEDED.labels("takeover").inc()
    _log.info("not_ours", kind=action.kind.value, why=reason.why)
    opened = (opening(action, f"{action.turn}-taken"),) if reason.open_it else ()
    await patient(lambda: floor.conversations.replace(hold, pending, instead=opened, drop_turn=True))


async def _there(tenant: Tenant, conversation: int, action: Action) -> bool:
    """Whether our mark stands in the conversation. Unsure counts as yes: it is silence or saying it twice."""
    found = await tenant.chatwoot.find_mark(
        conversation, action.turn, action.part, after=action.after or None, deadline=time.time() + _LOOK_SECONDS
    )
    return found.sight is not Sight.ABSENT


async def _act(tenant: Tenant, conversation: int, action: Action) -> None:
    chatwoot, deadline = tenant.chatwoot, time.time() + _POST_SECONDS
    match action.kind:
        case ActionKind.REPLY | ActionKind.NOTE:
            mark, private = Mark(action.turn, action.part), action.kind is ActionKind.NOTE
            await chatwoot.create_message(conversation, action.text, mark=mark, private=private, deadline=deadline)
        case ActionKind.LABELS:
            await chatwoot.add_labels(conversation, action.values, deadline=deadline)
        case ActionKind.PRIORITY:
            await chatwoot.set_priority(conversation, action.text, deadline=deadline)
        case ActionKind.TEAM:
            await chatwoot.assign_team(conversation, int(action.text), deadline=deadline)
        case ActionKind.STATUS:
            await chatwoot.set_status(conversation, action.text, deadline=deadline)


async def _put_off(floor: Floor, hold: Hold, pending: Pending, action: Action, why: str) -> bool:
    if time.time() - action.due > _KEPT_SECONDS:
        await _bury(floor, hold, pending, action, why)
        return False
    raise ChatwootAway(why, action.due)


async def _bury(floor: Floor, hold: Hold, pending: Pending, action: Action, why: str) -> None:
    """Chatwoot will never take this: tell people once, open the conversation, and keep a dead letter."""
    _log.error("dead_letter", cause=why, kind=action.kind.value, turn=action.turn)
    DEAD_LETTERS.labels("refused").inc()
    instead = _for_people(action, why) if action.kind is ActionKind.REPLY else ()
    letter = dead_letter(action.turn, hold.conv, f"Chatwoot refused: {why}")
    await patient(
        lambda: floor.conversations.replace(
            hold, pending, instead=instead, drop_turn=action.kind is ActionKind.REPLY, dead=letter
        )
    )


def _for_people(action: Action, why: str) -> tuple[Action, ...]:
    text = f"**The assistant's reply could not be sent**\nReason: {why}\nThe reply was:\n> {action.text[:1000]}"
    turn = f"{action.turn}-refused"
    return replace(action, turn=turn, kind=ActionKind.NOTE, part=0, text=text), opening(action, turn)
