"""What crews, their models and their tools make of a tenant's settings, one look for each reader."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from chatwootai.model.message.outbox import Action
from chatwootai.model.message.turn import Draft
from chatwootai.stores.figures.day_counts import DayCounts
from chatwootai.stores.server.connection import connect
from config.settings.settings import Settings
from config.snapshot import Secret
from crews.catalog import Catalog
from crews.model_calls.call import Call, Completion, Target, ToolCall
from tests import builders
from tests.builders import question
from tests.settings_looks import turn
from workers.account.deleted_contacts import follows
from workers.account.retention import retained_ms
from workers.digest.schedule import DigestSchedule
from workers.turn import outcome


class _Model:
    """Answers at once; asks for `tool` as long as it is offered it. `calls`: what it was sent."""

    def __init__(self, tool: str = "") -> None:
        self.tool = tool
        self.calls: list[Call] = []

    async def complete(self, call: Call) -> Completion:
        self.calls.append(call)
        if self.tool and call.tools:
            wanted = ToolCall(f"c{len(self.calls)}", self.tool, f'{{"n": "{len(self.calls)}"}}')
            return Completion(text="", finish="tool_calls", model="m", tool_calls=(wanted,))
        return Completion(text="Pronto.", finish="stop", model="m")


async def requested(settings: Settings) -> object:
    """What a crew's model is asked with."""
    from crews.answer.draft import Crews

    model = _Model()
    asked = question("Qual creme serve para mim?")
    await Crews(Catalog.from_environment(), model).draft(asked, settings)
    return [(call.temperature, call.max_tokens) for call in model.calls]


async def often(settings: Settings) -> object:
    """How many calls are made of a tool that a model asks for over and over."""
    from crews.answer.draft import Crews

    model = _Model("t")
    with tempfile.TemporaryDirectory() as folder:
        crews = Crews(_catalog(Path(folder), "tools: [t], max_iter: 25"), model)
        try:
            asked = question(function="boss")
            await crews.draft(asked, Settings(tools=settings.tools))
        finally:
            await crews.close()
    results = [str(each["content"]) for each in model.calls[-1].messages if each["role"] == "tool"]
    return sum("often enough" not in each for each in results)


async def recalled(settings: Settings) -> object:
    """The model that a crew with a memory recalls by."""
    from crews.answer.draft import Crews
    from crews.answer.variants import CrewRegistry
    from crews.stock.contact_memory import MemoryBackend

    by: list[str] = []

    async def embed(target: Target, texts: Sequence[str], until: float) -> list[list[float]]:
        by.append(target.model)
        return [[1.0] for _ in texts]

    with tempfile.TemporaryDirectory() as folder:
        model, catalog = _Model(), _catalog(Path(folder), "", "memory: true")
        crews = Crews(catalog, model)
        crews._registry = CrewRegistry(catalog, model, MemoryBackend(embed=embed))
        asked = question(function="boss")
        for _ in range(2):  # the second has something to recall
            await crews.draft(asked, Settings(model=settings.model))
    return by[0]


def _catalog(folder: Path, agent: str, whole: str = "") -> Catalog:
    crew = folder / "boss"
    (crew / "channels").mkdir(parents=True)
    (crew / "config.yaml").write_text(whole)
    (crew / "agents.yaml").write_text(f"clerk: {{role: R, goal: G., backstory: B., {agent}}}\n")
    (crew / "tasks.yaml").write_text("answer: {description: Answer., expected_output: A text., agent: clerk}\n")
    (crew / "channels" / "default.yaml").write_text("{summary: s, tone: t, length: l}\n")
    return Catalog(folder, ("t",))


async def posted(settings: Settings) -> object:
    """What of a draft about software is posted."""
    draft = Draft(
        text="O campo account_id devolve error 500 nessa chamada da API.",
    )
    one = turn(settings)
    one.question = question()
    return outcome.judge_draft(one, draft, "")


async def priced(settings: Settings) -> object:
    """What of a draft with a price that stands nowhere is posted."""
    one = turn(settings)
    one.question = question()
    return outcome.judge_draft(one, Draft(text="Temos sim. O kit custa R$ 4.321,00."), "").parts


async def followed(settings: Settings) -> object:
    """Whether deleted contacts of an account are looked for."""
    return follows(builders.account(settings=settings, user_token=Secret("t")))


async def retained(settings: Settings) -> object:
    """For how long what an account leaves is kept."""
    return retained_ms(builders.account(settings=settings))


async def linked(settings: Settings) -> object:
    """What of a draft with a link to a payment page is posted."""
    one = turn(settings)
    one.question = question()
    return outcome.judge_draft(one, Draft(text="Pague aqui: https://pay.example/1. Obrigado!"), "").parts


async def spoken_with(settings: Settings) -> object:
    """The tools of a server, and what the one tells that tells what it was sent."""
    from crews.tools.toolset import ToolRegistry

    offered = ToolRegistry()
    try:
        tools: Any = {each.name: each for each in (await offered.toolset_for("1", settings))["m"]}  # type: ignore[union-attr]
        told = [str(await tool._arun()) for name, tool in tools.items() if name in {"m_tell", "m_secret"}]
        return sorted(tools), told
    finally:
        await offered.close()


async def digested(settings: Settings) -> object:
    """Return at which looks a worker sends the morning digest, to which conversation and as what."""
    own = builders.account(settings=settings.model_copy(update={"hours": None}))
    schedule, sent = DigestSchedule(connect("unix:///nowhere/redis.sock"), lambda: [own]), list[object]()

    async def send(_account: str, conversation: int, _day: date, action: Action) -> bool:
        sent.append((conversation, action.kind))
        return True

    async def days(_account: str, _days: list[date]) -> list[DayCounts]:
        return [DayCounts(), DayCounts()]

    schedule._digests = cast("Any", SimpleNamespace(send=send))
    schedule._figures = cast("Any", SimpleNamespace(days=days))
    return [await schedule.look(datetime(2026, 11, 28, hour, 45, tzinfo=UTC).timestamp()) for hour in range(24)], sent
