"""One edit, every process: an ingress, two workers with the folder, and what holds under a storm of edits."""

import asyncio
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bench.traffic import drive, errands, metric
from sandbox.installation.system import Plan, System

SHIPPED = (Path(__file__).resolve().parents[3] / "config/domains/retail/account_1/config.yaml").read_text("utf-8")
PROCESSES = ("ingress", "worker", "worker-2")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    system = System(
        Plan(workers=2, llm=("--latency", "fixed:200ms"), settings="rate_per_minute: 100000\ndeadline_ms: 60000\n")
    )
    try:
        asyncio.run(system.start())
        layer(system).parent.mkdir(parents=True)
        yield system
    finally:
        system.stop()


def layer(system: System) -> Path:
    return system.configuration / "domains/retail/account_1/config.yaml"


async def in_force(system: System, process: str, session: aiohttp.ClientSession) -> dict[str, object]:
    async with session.get(f"{system.url(process)}/readyz") as response:
        checks = (await response.json())["checks"]
    return dict(checks["config"])


async def everywhere(system: System, seconds: float, **wanted: object) -> float:
    """Seconds until every process says so of its configuration."""
    begun = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while True:
            found = [await in_force(system, process, session) for process in PROCESSES]
            if all(said.get(key) == value for said in found for key, value in wanted.items()):
                return time.monotonic() - begun
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"after {seconds} s: {found}")
            await asyncio.sleep(0.01)


async def digest(system: System) -> object:
    async with aiohttp.ClientSession() as session:
        return (await in_force(system, "ingress", session))["digest"]


async def test_a_changed_tenant_file_is_live_in_all_processes(system: System) -> None:
    text = SHIPPED
    before, times = await digest(system), []
    for number in range(5):
        begun = time.monotonic()
        layer(system).write_text(f"{text}\ndeadline_ms: {20_000 + number}\n", encoding="utf-8")
        while (after := await digest(system)) == before:
            assert time.monotonic() - begun < 60
        await everywhere(system, 60, digest=after)
        times.append(time.monotonic() - begun)
        before = after
    print(f"live in all three after {', '.join(f'{each:.2f}' for each in times)} s")


async def test_a_broken_edit_changes_nothing_and_every_process_says_so(system: System) -> None:
    good, sound = await digest(system), layer(system).read_text(encoding="utf-8")
    refused = await metric(system, "worker", "chatwootai_config_reloads_total", 'result="refused"')
    layer(system).write_text("emoji: no\n", encoding="utf-8")
    await everywhere(system, 60, status="degraded", digest=good, refused=1)
    assert await metric(system, "worker", "chatwootai_config_reloads_total", 'result="refused"') >= refused + 2
    layer(system).write_text(sound, encoding="utf-8")
    await everywhere(system, 60, status="ok", digest=good)


async def test_a_hundred_edits_a_third_of_them_broken_under_load(system: System) -> None:
    """Each edit writes one number in two places; a turn or a process that mixed two of them would show."""
    draw = random.Random(7)

    async def storm() -> None:
        for number in range(100):
            broken = "emoji: maybe\n" if number % 3 == 1 else ""
            text = SHIPPED.replace("Perfumaria e cosm", f"mark {number} omega. Perfumaria e cosm")
            edit = f"{text}\ntone: mark {number} alpha\n{broken}"
            layer(system).write_text(edit, encoding="utf-8")
            await asyncio.sleep(draw.uniform(0, 0.12))
        layer(system).write_text(f"{SHIPPED}\ntone: the last good one\n", encoding="utf-8")
        await asyncio.sleep(0.3)
        layer(system).write_text(f"{SHIPPED}\nemoji: maybe\n", encoding="utf-8")

    async with aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.reset()
        stormy = asyncio.create_task(storm())
        report = await drive(system, errands(60, seed=21), per_second=8, within=90)
        await stormy
        prompts = [str(each["body"]["messages"]) for each in await llm.requests("CW-")]
    assert report.problems == []
    marks = [re.findall(r"mark (\d+) (alpha|omega)", prompt) for prompt in prompts]
    assert all(len({number for number, _ in found}) <= 1 for found in marks)
    assert all(len({name for _, name in found}) in {0, 2} for found in marks)
    seen = {found[0][0] for found in marks if found}
    print(f"{len(prompts)} prompts under {len(seen)} of the edits")
    assert len(seen) > 3
    assert not any(int(number) % 3 == 1 for number in seen)
    last = await asyncio.wait_for(_agreed(system), 60)
    assert last["refused"] == 1
    async with aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.reset()
        after = await drive(system, errands(4, seed=22))
        assert after.problems == []
        prompts = [str(each["body"]["messages"]) for each in await llm.requests("CW-")]
    assert any("the last good one" in prompt for prompt in prompts)
    assert not any(re.search(r"mark \d", prompt) for prompt in prompts)


async def _agreed(system: System) -> dict[str, object]:
    """What all processes say once they say the same, and see the last edit as broken."""
    async with aiohttp.ClientSession() as session:
        while True:
            found = [await in_force(system, process, session) for process in PROCESSES]
            if all(said == found[0] and said["status"] == "degraded" for said in found):
                return found[0]
            await asyncio.sleep(0.05)
