"""A canary in real processes: each conversation on its side, over a worker's death too, and the way back by a rule."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatwootai.model.canary.terms import Side
from chatwootai.stores.figures.figures import Figures, TurnFilter, TurnPage
from chatwootai.stores.installation.canaries import Canaries, Canary, Result
from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import System
from tests.curated_system import curated_system

ACCOUNT = 1
ASKED, LATER = "o que fazer com o erro 403", "Qual o endereço?"
OLD, NEW = "Envie o número do pedido.", "Envie o comprovante."


def answers(said: str) -> str:
    return f"codigo:\n  questions: [{ASKED}]\n  answer: '{said}'\n"


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with curated_system(answers(OLD)) as system:
        yield system


@pytest.fixture
async def store(system: System) -> AsyncIterator[Connection]:
    connection = connect(system.redis_url, timeout=5.0)
    yield connection
    await connection.aclose()


async def cli(system: System, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ops.cli", *words]
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": system.redis_url}
    return await asyncio.to_thread(
        subprocess.run, command, check=False, env=environ, capture_output=True, text=True, timeout=60
    )


async def begin(system: System, folder: Path, store: Connection, *words: str) -> Canary:
    """Begin a canary of a folder, and return it once the worker serves it."""
    begun = await cli(system, "config", "publish", "--config", str(folder), "--account", str(ACCOUNT), *words)
    assert begun.returncode == 0, begun.stderr
    found = await Canaries(store).newest()
    assert found is not None
    await served(store, found.terms.version)
    return found


async def versions_served(store: Connection) -> list[int]:
    return [one.canary for one in await Processes(store).all() if one.kind == "worker" and not one.gone]


async def turns_of(store: Connection, turns: int) -> TurnPage:
    """The index, once so many turns are in it."""
    async with asyncio.timeout(30):
        while len((page := await Figures(store).page(TurnFilter(account=str(ACCOUNT)))).turns) < turns:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    return page


async def served(store: Connection, version: int) -> None:
    async with asyncio.timeout(30):
        while await versions_served(store) != [version]:  # noqa: ASYNC110 - what Redis says has no event
            await asyncio.sleep(0.05)


def changed(system: System, folder: Path, answer: str, settings: str = "") -> Path:
    shutil.copytree(system.configuration, folder)
    (folder / "domains/retail/account_1/answers.yaml").write_text(answers(answer))
    if settings:
        (folder / "domains/retail/account_1/config.yaml").write_text(settings)
    return folder


async def ask(driver: Driver) -> tuple[Sent, str]:
    sent = await driver.write(ACCOUNT, "webchat", ASKED, new=True)
    return sent, str((await driver.wait_for_reply(sent, within=30))[-1]["text"])


@asynccontextmanager
async def killed_and_started_again(system: System) -> AsyncIterator[None]:
    worker = system.processes["worker"]
    worker.send(signal.SIGKILL)
    await worker.gone()
    yield
    worker.start()
    await system.ready("worker")


async def test_a_tenth_of_the_conversations_is_answered_by_the_canary_throughout(
    system: System, driver: Driver, store: Connection, tmp_path: Path
) -> None:
    canary = await begin(system, changed(system, tmp_path / "next", NEW), store, "--canary", "10%")
    said = {sent.conversation: (sent, text) for sent, text in await asyncio.gather(*(ask(driver) for _ in range(40)))}
    side = {one: canary.terms.side(str(ACCOUNT), one, None, 0.0) for one in said}
    assert {one: NEW in text for one, (_, text) in said.items()} == {one: side[one] is Side.CANARY for one in said}
    on_trial = [one for one in said if side[one] is Side.CANARY]
    assert 1 <= len(on_trial) <= 12

    await turns_of(store, 40)  # a record follows its reply

    async with killed_and_started_again(system):
        again = [await driver.answer(said[one][0], "webchat", LATER) for one in {on_trial[0], *list(said)[:2]}]
    for sent in again:
        await driver.wait_for_reply(sent, within=30)
    page = await turns_of(store, 40 + len(again))
    assert {(one.turn.conversation, one.turn.config) for one in page.turns} == {
        (one, canary.terms.version if side[one] is Side.CANARY else canary.base) for one in said
    }
    shown = json.loads((await cli(system, "config", "canary", "--json")).stdout)
    sides = shown["sides"]
    later = [side[sent.conversation] for sent in again]
    assert sides["canary"]["replies"] == len(on_trial) + later.count(Side.CANARY)
    assert sides["canary"]["turns"] + sides["base"]["turns"] == 40 + len(again)
    assert (await cli(system, "config", "canary", "stop")).returncode == 0


async def test_a_canary_that_hands_over_too_much_goes_back_by_itself(
    system: System, driver: Driver, store: Connection, tmp_path: Path
) -> None:
    worse = changed(system, tmp_path / "worse", NEW, "channels: {webchat: {enabled: false}}\n")
    await begin(system, worse, store, "--canary", "50%", "--back-if", "handoffs>30%")
    canaries = Canaries(store)
    asked = [await driver.write(ACCOUNT, "webchat", ASKED, new=True) for _ in range(24)]
    async with asyncio.timeout(60):
        while (found := await canaries.newest()) is None or found.over is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    assert (found.over.result, found.over.why.partition(" (")[0]) == (Result.BACK, "handoffs>30%")
    await served(store, 0)
    assert all(OLD in text for _, text in await asyncio.gather(*(ask(driver) for _ in range(6))))
    assert len({one.conversation for one in asked}) == 24

    shown = (await cli(system, "config", "canary")).stdout
    assert f"canary {found.terms.version} beside version 1" in shown
    assert "back at" in shown
    told = (await cli(system, "jobs", "stats")).stdout
    assert f"the canary {found.terms.version} went back" in told
    entry = next(
        one for one in json.loads((await cli(system, "audit", "--json")).stdout) if one["what"] == "canary over"
    )
    assert (entry["of"], entry["details"]["result"]) == (str(found.terms.version), "back")
