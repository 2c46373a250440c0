"""Questions that people answered after a handoff, grouped by meaning: what the account may want to answer itself.

Read from Chatwoot with the account's user token, and kept nowhere.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chatwootai.model.message.turn import Verdict
from chatwootai.model.policy.handoff import Rules, before_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.operators.worker_requests import RequestFailed
from config.settings.answers import Answer
from config.snapshot import Account
from crews.encoding.embedded import shared
from crews.encoding.encoder import EncoderUnavailable, Vectors
from crews.knowledge.passage import Hit
from crews.matching.matcher import Matcher, prepared
from workers.account.tenant import Tenant
from workers.chatwoot.errors import ChatwootError
from workers.chatwoot.records import Message
from workers.context import WorkerContext
from workers.handoff.build import handoff_rules

MOST_CONVERSATIONS: Final = 80
"""Conversations of one look, the newest: each is a request to Chatwoot."""
_ALIKE: Final = 0.62
"""A cosine from which two questions are shown as one: a person looks at each group before anything comes of it."""
_AT_ONCE: Final = 4
_SECONDS: Final = 10.0
_LONGEST: Final = 600
_SHOWN: Final = 5
Nearest = Callable[[Account, str], Awaitable[Hit | None]]
"""The document of an account that would be offered first for a question; None where none would be."""
_CLAUSE: Final = re.compile(r"(?<=[.,!?:;\n])\s+")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was handed over, and what a teammate answered."""

    conversation: int
    question: str
    answer: str


@dataclass(slots=True)
class Group:
    """Questions that mean the same, the newest first."""

    members: list[Answered] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)

    def likeness(self, vector: Vectors) -> float:
        """Return the cosine to the nearest member."""
        return max(float(one @ vector) for one in self.vectors)


async def suggest(worker: WorkerContext, nearest: Nearest, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return groups, the most asked first, of `days` days of `account`; names as POST /api/suggestions has them.

    Raises:
        RequestFailed: the account cannot be read.
    """
    tenant = worker.tenant(str(asked["account"]))
    if tenant is None:
        raise RequestFailed("no account of this key is in force")
    if not tenant.chatwoot.reads_history:
        raise RequestFailed("the account has no user_token: what people wrote cannot be read")
    since = time.time() - 86_400 * min(int(asked.get("days") or 7), 30)
    wanted = TurnFilter(account=tenant.account.key, outcome=Verdict.HANDOFF.value, since=since)
    handed: dict[int, float] = {}
    async for one in Figures(worker.connection).walk(wanted, most=1_000):
        handed.setdefault(one.turn.conversation, one.at)
        if len(handed) >= MOST_CONVERSATIONS:
            break
    found = _about_something(await _answered(tenant, handed), handoff_rules(tenant.account.settings))
    try:
        groups = await _grouped(found)
        shown = [await _shown(group, tenant, nearest) for group in groups]
    except EncoderUnavailable as error:
        raise RequestFailed(f"nothing can be grouped: {error}") from None
    return {"account": tenant.account.key, "conversations": len(handed), "answered": len(found), "groups": shown}


async def _answered(tenant: Tenant, handed: Mapping[int, float]) -> list[Answered]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def look(conversation: int) -> Answered | None:
        async with room:
            try:
                said = await tenant.chatwoot.messages(conversation, deadline=time.time() + _SECONDS)
            except ChatwootError:
                return None
        return answered_in(conversation, said)

    return [one for one in await asyncio.gather(*map(look, handed)) if one is not None]


def answered_in(conversation: int, said: Sequence[Message]) -> Answered | None:
    """Return the question before the first thing that a teammate wrote, and all that was written then in one go.

    None where no teammate wrote anything that the contact could read, or nothing was asked before.
    """
    first = next((place for place, one in enumerate(said) if _is_teammates(one)), None)
    if first is None:
        return None
    asked: list[str] = []
    for one in reversed(said[:first]):
        if one.type == "incoming":
            asked.append(one.content)
        elif asked and one.type == "outgoing" and not one.private:
            break  # what came before was answered
    told = []
    for one in said[first:]:
        if one.type == "incoming":
            break
        if _is_teammates(one):
            told.append(one.content)
    question, answer = "\n".join(reversed(asked)).strip(), "\n\n".join(told).strip()
    return Answered(conversation, question[:_LONGEST], answer[:_LONGEST]) if question and answer else None


def _about_something(found: Sequence[Answered], rules: Rules) -> list[Answered]:
    """Return questions without the sentences that ask for a person; what is nothing else is left out."""
    kept = []
    for one in found:
        clauses = _CLAUSE.split(one.question)
        asked = " ".join(each for each in clauses if not _asks_for_a_person(each, rules)).strip()
        if asked:
            kept.append(replace(one, question=asked))
    return kept


def _asks_for_a_person(text: str, rules: Rules) -> bool:
    need = before_draft(text, (), rules)
    return need is not None and need.cause is Cause.ASKED


def _is_teammates(one: Message) -> bool:
    """Tell whether a person wrote it for the contact: neither this product nor another bot."""
    written = one.type == "outgoing" and not one.private and one.mark is None and bool(one.content.strip())
    return written and (one.sender_type or "").lower() == "user"


async def _grouped(found: Sequence[Answered]) -> list[Group]:
    """Put each question to the nearest group; the most asked group first."""
    if not found:
        return []
    vectors = await shared().questions([prepared(one.question) for one in found])
    groups: list[Group] = []
    for one, vector in zip(found, vectors, strict=True):
        best = max(groups, key=lambda group: group.likeness(vector), default=None)
        if best is None or best.likeness(vector) < _ALIKE:
            groups.append(best := Group())
        best.members.append(one)
        best.vectors.append(vector)
    return sorted(groups, key=lambda group: -len(group.members))


async def _shown(group: Group, tenant: Tenant, nearest: Nearest) -> dict[str, Any]:
    answers = _distinct(one.answer for one in group.members)
    questions = _distinct(one.question for one in group.members)
    settings = tenant.account.settings
    return {
        "count": len(group.members),
        "questions": questions[:_SHOWN],
        "answers": answers[:_SHOWN],
        "differ": _differ(answers),
        "conversations": [one.conversation for one in group.members][:_SHOWN],
        "curated": await _curated(questions[0], settings.answers, settings.language),
        "document": _document(await nearest(tenant.account, questions[0]), answers[0]),
    }


def _document(hit: Hit | None, answer: str) -> dict[str, Any] | None:
    """Return the document that says something to a question; `differs`: it lacks numbers that the answer names."""
    if hit is None:
        return None
    passage = hit.passage
    lacking = set(_NUMBER.findall(answer)) - set(_NUMBER.findall(passage.whole))
    told = {"source": passage.source, "document": passage.document, "text": passage.text[:_LONGEST]}
    return {**told, "score": round(hit.score, 4), "differs": bool(lacking)}


async def _curated(question: str, answers: Mapping[str, Answer], language: str) -> str | None:
    """Return the name of the curated answer that says the same already."""
    named = [(name, each) for name, one in answers.items() for each in one.questions]
    found = await Matcher(shared()).among(question, tuple(each for _, each in named), language)
    return named[found[0].at][0] if found else None


def _differ(answers: Sequence[str]) -> bool:
    """Tell whether answers name different numbers: prices, days, hours. Different words may still say the same."""
    return len({frozenset(_NUMBER.findall(each)) for each in answers}) > 1


def _distinct(texts: Iterable[str]) -> list[str]:
    return list({" ".join(each.lower().split()): each for each in texts}.values())
