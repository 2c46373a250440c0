"""A console process on a Redis: started with a folder of many accounts, asked for pages, measured from outside."""

import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection
from sandbox.installation.processes import Process, free_port

_START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_MAPPING = """\
version: 1
chatwoot: {{default: {{url: "http://127.0.0.1:1"}}}}
accounts:
{accounts}
"""
_ACCOUNT = (
    '  "{key}": {{id: {key}, domain: retail, tenant: shop_{key}, '
    'webhook_secrets: ["${{BENCH_SECRET}}"], bot_token: "${{BENCH_SECRET}}"}}'
)
_TENANT = "name: Shop {key}\n"


@dataclass(frozen=True, slots=True)
class Running:
    """A console that listens at `url`, and a session that an operator's token has opened."""

    process: Process
    url: str
    session: aiohttp.ClientSession

    async def took(self, path: str) -> float:
        """Ask for a page once, and return the milliseconds until all of it is there.

        Raises:
            aiohttp.ClientError: it is not answered with 200.
        """
        began = time.perf_counter()
        async with self.session.get(self.url + path, allow_redirects=False) as answer:
            await answer.read()
            answer.raise_for_status()
            if answer.status != 200:
                raise aiohttp.ClientError(f"{path}: {answer.status}")
        return 1000 * (time.perf_counter() - began)

    @property
    def megabytes(self) -> float:
        """Return the most memory that the process ever held."""
        fields = Path("/proc", str(self.process.pid), "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in fields if line.startswith("VmHWM")) / 1024


def cpu_seconds(pid: int) -> float:
    """Return the seconds of CPU that a process has used so far."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@asynccontextmanager
async def console(connection: Connection, redis_url: str, folder: Path, accounts: int) -> AsyncIterator[Running]:
    """Yield a console whose configuration has so many accounts."""
    config = folder / "config"
    _write_config(config, accounts)
    token, _ = await ConsoleTokens(connection).add(
        role="operator", account=None, words=True, name="bench", seconds=86_400
    )
    port = free_port()
    process = Process(
        "console", "ops.cli", "console", "--port", str(port), environ=_environ(config, redis_url), folder=folder
    )
    process.start()
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            await process.answers(f"http://127.0.0.1:{port}/login", _START_SECONDS)
            yield Running(process, f"http://127.0.0.1:{port}", session)
    finally:
        process.stop()


def _write_config(config: Path, accounts: int) -> None:
    shipped = Path(__file__).parents[2] / "config"
    for domain in ("_base", "retail"):
        (config / "domains" / domain).mkdir(parents=True)
        (config / "domains" / domain / "config.yaml").write_bytes(
            (shipped / "domains" / domain / "config.yaml").read_bytes()
        )
    for key in range(1, accounts + 1):
        tenant = config / "domains" / "retail" / f"shop_{key}"
        tenant.mkdir()
        (tenant / "config.yaml").write_text(_TENANT.format(key=key))
    listed = "\n".join(_ACCOUNT.format(key=key) for key in range(1, accounts + 1))
    (config / "chatwoot_mapping.yaml").write_text(_MAPPING.format(accounts=listed))


def _environ(config: Path, redis_url: str) -> Mapping[str, str]:
    return {
        "CHATWOOTAI_CONFIG": str(config),
        "REDIS_URL": redis_url,
        "BENCH_SECRET": "bench-secret-0123456789abcdef",
        "LOG_LEVEL": "ERROR",
    }
