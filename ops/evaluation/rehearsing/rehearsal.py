"""Runs cases of one account: each turn through a worker's own steps, up to where it would be committed."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Draft, Exchange
from chatwootai.moment import rehearsed
from chatwootai.stores.server.connection import DEFAULT_URL, connect
from config.evaluation.case import Case, ModelAnswer
from config.evaluation.case_files import WrittenCase
from config.settings.settings import Settings
from config.snapshot import Account, Snapshot
from crews.answer.draft import Crews
from crews.catalog import Catalog
from crews.encoding.embedded import shared
from crews.encoding.encoder import Encoder
from crews.matching.matcher import Matcher
from crews.runtime import environment
from crews.understanding.message_reader import MessageReader
from ops.evaluation.rehearsing.folder_index import FolderIndexes, PatientKnowledge
from ops.evaluation.rehearsing.recording import CappedModel, RecordedCalls, RecordedModel, Tape
from ops.evaluation.rehearsing.stage import Stage, deliveries_of, turn_start
from ops.evaluation.results import Rehearsed
from workers.turn import commit, outcome, question
from workers.turn.pipeline import STEPS
from workers.turn.state import Turn
from workers.turn.step import DECIDED
from workers.turn_signals import TurnSignals

_OUTSIDE: Final = (question.check_account, question.read_media, outcome.await_quiet)
"""Steps that ask Chatwoot or wait for a contact."""
STEPS_REHEARSED: Final = tuple(step for step in STEPS[: STEPS.index(commit.commit_outcome)] if step not in _OUTSIDE)
"""Steps of a turn that a rehearsal goes through."""
_LONG_AGO: Final = 3_600.0  # seconds before now at which the past begins


class Rehearsal:
    """Crews, documents and rules of one account, without anything outside. Cases are run one after the other."""

    def __init__(self, account: Account, stage: Stage, model: RecordedModel | CappedModel, notes: list[str]) -> None:
        self.account = account
        self.notes = notes
        self._stage = stage
        self._model = model

    @classmethod
    async def open(
        cls,
        stack: AsyncExitStack,
        configuration: Path,
        snapshot: Snapshot,
        account: Account,
        cases: Iterable[WrittenCase],
        model: RecordedModel | CappedModel,
    ) -> "Rehearsal":
        """Open what the cases of an account need; closed with the stack."""
        await asyncio.to_thread(environment.load)
        from ops.evaluation.rehearsing.recorded_tools import (
            RecordedTools,  # it stands on crewai, which was made ready just now
        )

        connection = connect(DEFAULT_URL)  # lazy, and never asked
        stack.push_async_callback(connection.aclose)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        encoder, indexes = shared(), FolderIndexes(configuration, account)
        named = (name for each in cases for name in each.case.recorded.tools)

        async def encoder_for(key: str, settings: Settings) -> Encoder:
            return encoder

        knowledge = PatientKnowledge(connection, encoder_for, indexes)
        catalog = Catalog.from_environment()
        crews = Crews(catalog, model, None, knowledge, matcher=Matcher(encoder), tools=RecordedTools(named))
        stack.push_async_callback(crews.close)
        await encoder.warm()
        stage = Stage(connection, snapshot, crews, session, MessageReader(encoder, seconds=60))
        return cls(account, stage, model, indexes.notes)

    async def run(self, case: Case) -> Rehearsed:
        """Return the last turn of a case, and what all of its turns have asked for."""
        tape = self._model.tape = Tape.of(case.recorded)
        past = _history(case)
        slowest = 0.0
        for burst in case.bursts:
            expected = tape.model[0] if tape.model else ""
            began = time.perf_counter()
            turn = await self._turn(case, burst, tuple(past), tape)
            slowest = max(slowest, time.perf_counter() - began)
            past += _said(burst, "\n".join(turn.decided.parts), expected, len(past))
        draft = turn.result if isinstance(turn.result, Draft) else None
        return Rehearsed(
            turn.decided, turn.asked, turn.settings, draft, tuple(tape.misses), tuple(tape.withheld), tuple(tape.calls),
            tape.prompt, tape.cost, slowest,
        )  # fmt: skip

    async def _turn(self, case: Case, burst: tuple[str, ...], past: tuple[Exchange, ...], tape: Tape) -> Turn:
        tenant = self._stage.tenant(self.account.key)
        assert tenant is not None, "the account is of this snapshot"  # noqa: S101 - opened with it
        settings = tenant.settings(case.inbox)
        deliveries = deliveries_of(self.account, case, burst, time.time())
        turn = Turn(
            start=turn_start(self.account, deliveries, past),
            tenant=tenant,
            signals=TurnSignals(),
            deliveries=deliveries,
            sequence=len(deliveries),
            calls=RecordedCalls(tape),
        )
        at = datetime.fromisoformat(case.at)
        with rehearsed(at if at.tzinfo else at.replace(tzinfo=settings.zone)):
            for step in STEPS_REHEARSED:
                if await step(self._stage, turn) is DECIDED:
                    break
        return turn


def _history(case: Case) -> list[Exchange]:
    """Return what was said before a case begins."""
    began = time.time() - _LONG_AGO
    return [Exchange(Role(each.role), each.text, began + at) for at, each in enumerate(case.history)]


def _said(burst: tuple[str, ...], answered: str, recorded: str | ModelAnswer, at: int) -> list[Exchange]:
    """Return a turn as the next one's past: the recorded answer where there is one, else the one that was given."""
    words = recorded if isinstance(recorded, str) else recorded.text
    began = time.time() - _LONG_AGO + at
    said = [Exchange(Role.CONTACT, text, began + number) for number, text in enumerate(burst)]
    answer = words or answered
    return [*said, Exchange(Role.CREW, answer, began + len(burst))] if answer else said
