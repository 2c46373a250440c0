"""Alertmanager's example, read by Alertmanager itself: whom each alert reaches, and which one keeps which quiet."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ops.monitoring.alert import Severity
from ops.monitoring.alertmanager import alertmanager
from ops.monitoring.rules import alerts
from sandbox.installation.processes import free_port
from tests.real.parts import where

REACHED = {Severity.PAGE: "on-call", Severity.TICKET: "tickets", Severity.NONE: "outside-watch"}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager())
    return path


def amtool(*words: str) -> str:
    done = subprocess.run([where("amtool"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@pytest.mark.real("amtool")
def test_the_example_is_sound_and_each_alert_reaches_who_is_meant(example: Path) -> None:
    assert "SUCCESS" in amtool("check-config", str(example))
    reached = {
        alert.name: amtool(
            "config", "routes", "test", f"--config.file={example}",
            f"alertname={alert.name}", f"severity={alert.severity.value}",
        ).strip()
        for alert in alerts()
    }  # fmt: skip
    assert reached == {alert.name: REACHED[alert.severity] for alert in alerts()}


@pytest.fixture
def running(example: Path, tmp_path: Path) -> Iterator[str]:
    """Alertmanager with the example; its address."""
    port = free_port()
    process = subprocess.Popen(
        [
            where("prometheus-alertmanager"), f"--config.file={example}", f"--storage.path={tmp_path / 'kept'}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.real("prometheus-alertmanager")
async def test_a_cause_keeps_quiet_what_follows_from_it_on_its_own_shard_alone(running: str) -> None:
    causes = [{"alertname": "RedisShardAway", "shard": "a"}, {"alertname": "ModelDown"}]
    followed = [{"alertname": "NoWorker", "shard": "a"}, {"alertname": "PromiseBurning"}, {"alertname": "HandoffsByUs"}]
    others = [{"alertname": "NoWorker", "shard": "b"}, {"alertname": "DeadLetters"}]
    async with aiohttp.ClientSession() as session:
        await _until_ready(session, running)
        fired = [{"labels": {**labels, "severity": "page"}} for labels in (*causes, *followed, *others)]
        async with session.post(f"{running}/api/v2/alerts", json=fired) as answer:
            assert answer.status == 200, await answer.text()
        async with asyncio.timeout(60):
            while len(found := await _inhibited(session, running)) != len(followed):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.2)
    assert sorted(found, key=str) == sorted(followed, key=str)


async def _until_ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def _inhibited(session: aiohttp.ClientSession, url: str) -> list[dict[str, Any]]:
    """Return the labels of alerts that others keep quiet."""
    async with session.get(f"{url}/api/v2/alerts") as answer:
        found = await answer.json()
    quiet = [each["labels"] for each in found if each["status"]["inhibitedBy"]]
    return [{name: value for name, value in labels.items() if name != "severity"} for labels in quiet]
