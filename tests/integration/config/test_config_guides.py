"""The guides do what they say: their YAML loads, and each of their commands runs, against a sandbox if need be."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatwootai.stores.server.connection import connect
from config.live.live import Live
from config.loading.loader import inspect
from sandbox.chatwoot import app
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World

ROOT = Path(__file__).resolve().parents[3]
GUIDES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs/guides").glob("*.md")}
SECRETS = {
    f"CHATWOOT_{key}_{name}": f"{name} of {key}"
    for key in (1, 2, 7)
    for name in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")
} | {"OPENAI_API_KEY": "sk-a-test"}


def blocks(guide: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDES[guide], re.DOTALL)


def commands(guide: str) -> list[str]:
    lines = "\n".join(blocks(guide, "sh")).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def laid_out(folder: Path, text: str) -> None:
    path = folder.joinpath(*Path(text.splitlines()[0].removeprefix("# config/")).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    bin_ = str(Path(sys.executable).parent)
    environ = {"PATH": f"{bin_}:{os.environ['PATH']}", "CHATWOOTAI_CONFIG": str(folder), **SECRETS, **environment}
    return await asyncio.to_thread(
        subprocess.run, ["bash", "-c", command], check=False, env=environ, cwd=folder, capture_output=True, text=True
    )


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    mapping, layer = blocks("add-a-tenant", "yaml")
    (tmp_path / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    laid_out(tmp_path, layer)
    return tmp_path


async def test_add_a_tenant(tenant: Path) -> None:
    found = inspect(tenant, SECRETS)
    assert found.problems == ()
    settings = found.snapshot.accounts["7"].settings
    assert settings.burst_on("whatsapp").window_ms == 800
    assert settings.burst_on("email") is settings.burst
    for command in commands("add-a-tenant"):
        done = await shell(command, tenant)
        assert (done.returncode, done.stderr) == (0, ""), command


async def test_write_a_crew(tenant: Path) -> None:
    for text in blocks("write-a-crew", "yaml"):
        laid_out(tenant, text)
    (tenant / "chatwoot_mapping.yaml").write_text(
        (tenant / "chatwoot_mapping.yaml").read_text().replace('"7"', '"1"').replace("loja_azul", "account_1")
    )
    found = inspect(tenant, SECRETS)
    assert found.problems == ()
    crew_set = found.snapshot.accounts["1"].settings.crew_set
    assert crew_set
    assert crew_set.blueprint("sales", "whatsapp").agents[0].max_iter == 2
    assert crew_set.blueprint("gifts", "sms").agents[0].role == "the gift adviser of {company.name}"
    for command in commands("write-a-crew"):
        done = await shell(command, tenant)
        assert (done.returncode, done.stderr) == (0, ""), command


async def test_connect_an_inbox(tmp_path: Path) -> None:
    world = seed.plant(World(seed=7))
    admin = next(user for user in world.users_of(1) if user.role == "administrator")
    (tmp_path / "config").mkdir()
    async with app.serve(app.create(world), world, "127.0.0.1", 0) as served:
        for line in commands("connect-an-inbox"):
            if line.startswith("export"):
                continue
            command = line.replace("https://chat.example.com", served.url)
            load = "set -a; [ -f .env ] && . ./.env; set +a; "
            done = await shell(load + command, tmp_path, CHATWOOT_ADMIN_TOKEN=admin.token, CHATWOOTAI_CONFIG="config")
            expected = 1 if "--check" in line else 0  # nine inboxes, of which two were connected
            assert done.returncode in {0, expected}, (line, done.stdout, done.stderr)


async def test_configuration(tenant: Path, redis_url: str) -> None:
    mapping = (tenant / "chatwoot_mapping.yaml").read_text()
    (tenant / "chatwoot_mapping.yaml").write_text(mapping.replace('"7"', '"1"'))
    connection = connect(redis_url)
    for number in range(8):
        laid_out(tenant, f"# config/domains/retail/loja_azul/config.yaml\ntone: tone {number}\n")
        environ = {**SECRETS, "JOURNAL_DIR": str(tenant / "journal")}
        await Live(tenant, environ, connection, "worker").start()
    shutil.copytree(tenant, tenant.parent / "next", ignore=shutil.ignore_patterns("journal"))
    laid_out(tenant.parent / "next", "# config/domains/retail/loja_azul/config.yaml\ntone: another\n")
    for command in commands("configuration"):
        done = await shell(command.replace("--config next", "--config ../next"), tenant, REDIS_URL=redis_url)
        assert done.returncode == 0, (command, done.stderr)
    await connection.aclose()
