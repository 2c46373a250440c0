"""docs/guides/operations.md: every command in it runs, on a whole installation."""

import asyncio
import re
import time
from pathlib import Path

from chatwootai.stores import keys
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.integration.ops.test_ops_jobs import Desk, settled
from workers.dead_letters import dead_letter

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "operations.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]


async def test_every_command_of_the_guide_runs(system: System) -> None:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    desk = Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam?")
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        (record,) = await driver.deliveries(event="message_created", sender="agent_bot", message=sent.message)
    conv, connection = f"1:{sent.conversation}", connect(system.redis_url)
    kept = (await ConversationHistories(connection).read(conv)).kept
    found = commands()
    assert len(found) > 15
    for line in found:
        program, *words = line.replace("1:25", conv).split()
        words = [re.sub(r"^[0-9a-f]{8}-.*", record["delivery"], word) for word in words]
        if program != "chatwootai":
            continue
        await connection.set(keys.dead("gone"), dead_letter("gone", conv, "it failed", kept))
        await connection.zadd(keys.DEAD, {"gone": time.time() * 1000})
        await ran(desk, line, words)
        await settled(system, sent)
    await connection.aclose()


async def ran(desk: Desk, line: str, words: list[str]) -> None:
    """0, or 1 with a sentence; never called wrongly, never a traceback."""
    if "--watch" in words:
        process = await desk.start(*words)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 10)
        process.terminate()
        await process.communicate()
        return
    said = await desk.says(*words, typed="y\n")
    assert said.code == 0 or (said.code == 1 and "nothing" in said.err), (line, said)
    assert "Traceback" not in said.err
