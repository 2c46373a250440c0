"""`python -m sandbox.installation.traced`: the sandbox Chatwoot, its page showing where a turn's time went."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot import app
from sandbox.chatwoot.world import seed, snapshot
from sandbox.chatwoot.world.world import World


async def _serve(port: int, ingress: str, drawn: int, state: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    connection = connect(os.environ["REDIS_URL"])
    known = snapshot.load(World(seed=drawn), state) if state else None
    world = known or seed.plant(World(seed=drawn), ingress)
    async with app.serve(app.create(world, trace=Turns(connection).read), world, "127.0.0.1", port):
        await stop.wait()
    await connection.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m sandbox.installation.traced")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ingress", required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--state-file", type=Path, help="accounts and inboxes, in place of the example shops")
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.ingress, given.seed, given.state_file))
