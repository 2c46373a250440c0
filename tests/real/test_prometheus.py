"""Debian's Prometheus scrapes a running system: each query of each panel brings data, each rule evaluates."""

import asyncio
import json
import math
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from ops.monitoring.export import boards, export
from ops.monitoring.rules import ALERTS, RECORDINGS
from sandbox.chatwoot.driver import Driver
from sandbox.installation.processes import free_port
from sandbox.installation.system import Plan, System
from tests.real.parts import where

pytestmark = pytest.mark.real("prometheus", "redis-server")
_RANGE = "20s"
_SECONDS = 120


class Starting(Exception):
    """Prometheus listens, and is not ready yet."""


class Prometheus:
    """A Prometheus of this test's own."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session, self._port = session, port

    async def get(self, path: str, **query: str) -> Any:
        async with self._session.get(f"http://127.0.0.1:{self._port}/api/v1/{path}", params=query) as answer:
            if answer.status == 503:
                raise Starting
            said = await answer.json()
            assert said["status"] == "success", (query, said)
            return said["data"]

    async def has_data(self, query: str) -> bool:
        found = (await self.get("query", query=query))["result"]
        return any(not math.isnan(float(one["value"][1])) for one in found)


def filled(said: str) -> str:
    """Return a panel's query with what Grafana puts into its variables."""
    for name, value in {"$job": ".*", "$instance": ".*", "$__rate_interval": _RANGE}.items():
        said = said.replace(name, value)
    assert not re.search(r"\$\w", said), said
    return said


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[tuple[System, Prometheus]]:
    async with System(Plan(llm=("--latency", "fixed:50ms"), settings="rate_per_minute: 100000\n")) as system:
        await asyncio.to_thread(export, tmp_path)
        jobs = {"ingress": system.url("ingress"), "worker": system.url("worker")}
        scraped = [
            {"job_name": job, "static_configs": [{"targets": [url.removeprefix("http://")]}]}
            for job, url in jobs.items()
        ]
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [RECORDINGS, ALERTS],
            "scrape_configs": scraped,
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        port = free_port()
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
                [
                    where("prometheus"), f"--config.file={tmp_path}/prometheus.yml",
                    f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={tmp_path}/tsdb",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as session:
                yield system, Prometheus(session, port)
        finally:
            process.terminate()
            process.wait(20)


async def talk(system: System) -> None:
    """Have customers write, for ever: a question, one that is asked again, and a wish for a person."""
    async with Driver(system.url("chatwoot")) as driver:
        for number in range(10_000):
            for text in ("Vocês entregam?", f"Quanto custa o número {number}?", "quero falar com um atendente"):
                sent = await driver.write(1, "whatsapp", text)
                await driver.wait_for_reply(sent)


async def test_every_panel_has_data_and_every_rule_evaluates(prometheus: tuple[System, Prometheus]) -> None:
    system, asked = prometheus
    talking = asyncio.create_task(talk(system))
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                try:
                    missing = {
                        f"{board.uid}: {panel.title}": said
                        for board in boards()
                        for panel in board.panels
                        for said in map(filled, panel.expressions())
                        if not await asked.has_data(said)
                    }
                except (aiohttp.ClientConnectionError, Starting):
                    missing = {"all": "Prometheus starts"}
                if not missing:
                    break
                talking.done() and talking.result()
                await asyncio.sleep(1)
    except TimeoutError:
        pytest.fail(f"no data: {json.dumps(missing, indent=1)}")
    finally:
        talking.cancel()
    rules = [rule for group in (await asked.get("rules"))["groups"] for rule in group["rules"]]
    assert len(rules) > 50
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] == "err"] == []
    fired = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    assert "Watchdog" in fired
    assert not fired & {"DoorDown", "DoorFailing", "RedisAway", "NoWorker", "RedisMayForget", "JournalFilling"}
