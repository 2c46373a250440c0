"""What the code that reads a tenant's settings makes of them, one look for each reader."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from chatwootai.model.message.delivery import Attachment, Contact, Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.routing import route
from chatwootai.model.message.turn import ContextLimits, Draft, Exchange, Question, SilenceReason, Usage
from chatwootai.model.policy import outcome
from chatwootai.model.policy.handoff import Need, after_draft, before_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.conversation.decision import Commit
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.server.connection import connect
from config.settings.settings import Settings
from config.snapshot import place_of
from crews.answer.curated import CuratedAnswers
from crews.answer.draft import Crews
from crews.answer.semantic import SemanticCache, group_of
from crews.catalog import Catalog
from crews.model_calls.call import BillingScope, Call
from crews.model_calls.call_terms import call_terms
from crews.model_calls.prices import prices
from crews.prompt.settings_text import daily_situation, placeholder_values, question_situation
from crews.transcription import transcription_endpoint
from tests.builders import account, delivery, question
from workers.account.turn_budget import TurnBudget, _day
from workers.delivery.message_body import actions_outside_window, template_params
from workers.handoff import idle
from workers.handoff.build import build_handoff, handoff_destination, handoff_rules
from workers.handoff.idle import after_reply
from workers.media import media
from workers.turn import draft_request
from workers.turn import outcome as outcome_step
from workers.turn import question as question_step
from workers.turn.commit import commit_outcome
from workers.turn.greeting import greeting as greeted
from workers.turn.state import Turn

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = connect("unix:///nowhere/redis.sock")
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)  # a Saturday
Look = Callable[[Settings], "object | Awaitable[object]"]


def prompt(settings: Settings) -> object:
    blueprint = Catalog.from_environment().crew_set.blueprint("customer_service", "whatsapp")
    asked = question(language="es")
    return (
        placeholder_values(settings, blueprint),
        daily_situation(settings, NOW),
        question_situation(asked, settings),
    )


def turn(settings: Settings, text: str = "Qual o prazo?", waited: float = 3.0, **more: Any) -> Turn:
    now = time.time()
    one = delivery(7, text, at=now - waited, conversation=1, contact=9, **more)
    said = [Exchange(role, f"{role} {number} " + "words " * 20, now - 90 + number) for number in range(9)
            for role in (Role.CONTACT, Role.CREW)]  # fmt: skip
    start = TurnStart(FencedLease("1:1", "j", 1), 1, 0, (one,), (), (), tuple(said))
    own = account(settings=settings)
    tenant = SimpleNamespace(account=own, settings=lambda _: settings,
                             route=lambda one: route(place_of(own, 17), one.channel))  # fmt: skip
    attention = SimpleNamespace(takeover_at=0.0, resolved_at=0.0, messages=0, typing_at=0.0, changed=asyncio.Event())
    return Turn(start, cast(Any, tenant), cast(Any, attention), (one,), 1, cast(Any, None), begun_at=now)


def question_of(settings: Settings) -> object:
    found = question_step._question(turn(settings))
    return [one.text for one in found.history], round(found.deadline - time.time()), found.greeted, found.language


async def window(settings: Settings) -> object:
    with patch("workers.turn.outcome.Window") as asked_for:
        asked_for.return_value.closes.return_value = 0.0
        await outcome_step.await_quiet(cast(Any, None), turn(settings))
    return asked_for.call_args.args


async def committed(settings: Settings) -> object:
    """What a turn's decision is committed with."""
    kept: dict[str, Any] = {}

    async def commit(lease: Any, sequence: int, decision: Any, limits: ContextLimits, **given: Any) -> object:
        kept.update(given, limits=limits)
        return Commit.COMMITTED

    floor = SimpleNamespace(conversations=SimpleNamespace(commit=commit), turn_budget=TurnBudget(NOWHERE))
    one = turn(settings)
    one.question, one.outcome = question_step._question(one), outcome.silence(SilenceReason.SPOKEN)
    await commit_outcome(cast(Any, floor), one)
    return kept


def given(cause: Cause, channel: str = "whatsapp", **more: Any) -> Look:
    def look(settings: Settings) -> object:
        made_of = build_handoff(Need(cause), question(channel=channel, **more), settings)
        return made_of.parts, made_of.note, handoff_destination(made_of, settings)

    return look


def subject(settings: Settings) -> object:
    need = before_draft("fui cobrado duas vezes", (), handoff_rules(settings))
    made_of = replace(build_handoff(need, question(), settings), why=need.reason) if need else None
    return made_of, handoff_destination(made_of, settings) if made_of else None


def said_before(text: str, times: int = 0) -> Look:
    history = tuple(Exchange(role, text, float(n)) for n in range(times) for role in ("contact", "crew"))
    return lambda settings: before_draft(text, history, handoff_rules(settings))


def drafted(text: str, confidence: float | None = None) -> Look:
    return lambda settings: after_draft(confidence, None, handoff_rules(settings), text)


def way(settings: Settings) -> object:
    return route(place_of(account(settings=settings), 17), "whatsapp")


def silence(settings: Settings) -> object:
    return after_reply(outcome.reply(("Oi",)), question(), settings), idle._end_timer(question(), settings)


def silence_over(step: str) -> Look:
    found = SimpleNamespace(can_reply=True)
    return lambda settings: idle._outcome_and_timer({"step": step}, question(), settings, cast(Any, found))


def windowed(settings: Settings) -> object:
    action = Action(kind=ActionKind.REPLY, turn="t", part=1, text="Oi", channel="whatsapp")
    return template_params(settings), actions_outside_window(action, settings, "Oi")


def terms(settings: Settings) -> object:
    return call_terms(settings)


def cost(settings: Settings) -> object:
    every = call_terms(settings)
    several = (every.target, every.policy.quick, every.policy.hedge_to, *every.policy.fallbacks)
    usage = Usage(prompt_tokens=100, completion_tokens=100, cached_tokens=50)
    return [prices().cost(each, usage) for each in several if each is not None]


def ceilings(settings: Settings) -> object:
    from crews.model_calls.wrappers.background import Background
    from crews.model_calls.wrappers.budget import Budget

    policy = call_terms(settings).policy
    call = Call(
        target=call_terms(settings).target, messages=[], deadline=0.0, policy=policy, payer=BillingScope("1", 17, 9)
    )
    return Budget(cast(Any, None), None, prices(), Background())._accounts(call)


def turns_a_day(settings: Settings) -> object:
    return _day(turn(settings))


async def turns_a_conversation(settings: Settings) -> object:
    budget = TurnBudget(NOWHERE)
    taken: dict[str, Any] = {}

    async def take(*_: Any, **given: Any) -> None:
        taken.update(given)

    budget._limits = cast(Any, SimpleNamespace(take=take))
    await budget.take(turn(settings))
    return taken


def curated(text: str = "Aceita pix?", language: str | None = None) -> Look:
    return lambda settings: _drafted(CuratedAnswers().draft(question(text, language=language), settings, NOW))


async def _drafted(draft: Awaitable[Any]) -> object:
    found = await draft
    return found and found.text


def near(settings: Settings) -> object:
    found = CuratedAnswers().draft_paraphrase(question("gostaria de saber qual é o prazo da troca"), settings, NOW)
    return found and found.text


async def shadows(settings: Settings) -> object:
    """Whether an answer that was posted is noted."""
    seen: list[str] = []
    semantic = SimpleNamespace(note=lambda question, settings, draft: seen.append(draft.text))
    crews = Crews(Catalog.from_environment(), cast(Any, None), semantic=cast(Any, semantic))
    crews.note(question("Aceita pix?"), settings, Draft(text="Sim."))
    return seen


async def certified(settings: Settings) -> object:
    """Whether a hit is looked for after 200 right ones: a shop that wants 1 % has not seen enough."""
    looked: list[str] = []

    class Store:
        async def verdict_counts(self, account: str) -> dict[str, dict[str, int]]:
            return {group_of(question(""), settings): {"same": 200}}

        async def entries(self, account: str, scope: str) -> dict[int, bytes]:
            looked.append(scope)
            return {}

    class Encoder:
        async def encoded(self, text: str) -> object:
            return [[0.0]]

    async def secret() -> bytes:
        return b"secret"

    semantic = SemanticCache(cast(Any, Store()), cast(Any, Encoder()), secret, seconds=60)
    await semantic.served(question("Aceita pix?"), settings, "scope")
    return looked


def hears(settings: Settings) -> object:
    found = transcription_endpoint(settings)
    return found.url, found.model, found.key


def reads(kind: str) -> Look:
    def look(settings: Settings) -> object:
        one = media._One(cast(Any, None), settings, 0.0)
        return one.wanted(Attachment(kind=kind, url="http://x/a", content_type=""))

    return look


async def fetched(settings: Settings) -> object:
    """With what a file is fetched."""
    asked_for: list[Any] = []

    async def fetch(url: str, trusted: Any, *, most: int, **_: Any) -> None:
        asked_for.extend((trusted, most))

    reader = media.Media.__new__(media.Media)
    reader._fetcher = cast(Any, SimpleNamespace(fetch=fetch))
    tenant = SimpleNamespace(account=account(settings=settings))
    await reader._fetch(media._One(cast(Any, tenant), settings, 0.0), Attachment(kind="file", url="http://x/a"))
    return asked_for


async def called(settings: Settings) -> object:
    """What a declared request sends, and what comes of it; a server of our own answers."""
    from crews.tools.toolset import ToolRegistry

    offered = ToolRegistry()
    try:
        tool: Any = (await offered.toolset_for("1", settings))["t"]
        shown = tool.description, sorted(tool.args_schema.model_json_schema()["properties"])
        return shown, str(await tool._arun(n="a/b"))
    finally:
        await offered.close()


async def looked_up(settings: Settings) -> object:
    """Which tools are called before a model is asked, and with what."""
    from crews.tools.prefetch import calls_worthwhile
    from crews.tools.toolset import ToolRegistry

    offered = ToolRegistry()
    try:
        offer = await offered.toolset_for("1", settings)
        found = await calls_worthwhile(settings.tools, offer, {"t", "m"}, "SC-1 e X-2", Contact(id=1, verified=True))
        return [(each.tool.name, dict(each.arguments)) for each in found]
    finally:
        await offered.close()


async def owned(settings: Settings) -> object:
    """What a response shows to a contact whose number is GET, as the server of our own echoes it."""
    from crews.run_state.context import RunContext, current
    from crews.tools.toolset import ToolRegistry

    offered = ToolRegistry()
    contact = Contact(id=1, identifier="GET", phone="1", verified=True)
    token = current.set(RunContext(deadline=time.time() + 60, question=question(contact=contact)))
    try:
        tool: Any = (await offered.toolset_for("1", settings))["t"]
        return str(await tool._arun(n="a"))
    finally:
        current.reset(token)
        await offered.close()


def spoken(settings: Settings) -> object:
    return question_step._question(first(turn(settings, "Hello, do you deliver to my city today, please?"))).language


async def greeting(settings: Settings) -> object:
    async def conversation(*_: Any, **__: Any) -> object:
        return SimpleNamespace(last=())

    one = turn(settings)
    one.tenant = cast(
        Any, SimpleNamespace(settings=lambda _: settings, chatwoot=SimpleNamespace(conversation=conversation))
    )
    return await greeted(one, cast(Question, SimpleNamespace(greeted=True, language="pt")))


async def unsupported(settings: Settings) -> object:
    one = turn(settings)
    one.question = question()
    with patch("workers.turn.draft_request.only_unsupported", return_value=True):
        found = await draft_request._draft_or_need(cast(Any, None), one)
    return getattr(found, "text", found)


def first(one: Turn) -> Turn:
    one.start = replace(one.start, context=())
    return one
