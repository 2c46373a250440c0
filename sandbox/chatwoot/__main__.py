"""python -m sandbox.chatwoot: the sandbox alone, with two example shops."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.chatwoot import app
from sandbox.chatwoot.world import seed, snapshot
from sandbox.chatwoot.world.world import World

_SAVE_EVERY = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Prints what an installation needs to know."""
    options = _options(argv)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    except snapshot.Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.chatwoot", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default %(default)s)")
    parser.add_argument("--port", type=int, default=3000, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--ingress", default="http://127.0.0.1:8080", help="where webhooks go (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="names, tokens and secrets follow from it")
    parser.add_argument("--state-file", type=Path, help="keep conversations here, and go on with what it holds")
    return parser.parse_args(argv)


async def _serve(options: argparse.Namespace) -> None:
    world = _world(options)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with app.serve(app.create(world), world, options.host, options.port) as served:
        sys.stdout.write(_welcome(world, served.url) + "\n")
        sys.stdout.flush()
        await _until(stop, world, options.state_file)


def _world(options: argparse.Namespace) -> World:
    known = snapshot.load(World(seed=options.seed), options.state_file) if options.state_file else None
    return known or seed.plant(World(seed=options.seed), options.ingress)


async def _until(stop: asyncio.Event, world: World, state_file: Path | None) -> None:
    """Wait for the end; meanwhile keep what changed."""
    if state_file is None:
        await stop.wait()
        return
    changed = asyncio.Event()
    world.listen(lambda _: changed.set())
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _SAVE_EVERY)
        except TimeoutError:
            if not changed.is_set():
                continue
        changed.clear()
        snapshot.save(world, state_file)


def _welcome(world: World, url: str) -> str:
    lines = [f"export {name}='{value}'" for name, value in seed.environ(world, url).items()]
    lines += ["", "# An administrator's, which `chatwootai connect` and `sync` ask for:"]
    tokens = seed.administrators(world).items()
    lines += [f"# export CHATWOOT_ADMIN_TOKEN='{token}'   # account {key}" for key, token in tokens]
    return "\n".join([f"Sandbox Chatwoot: {url}", "", "# chatwoot_mapping.yaml", seed.mapping(world), *lines])


if __name__ == "__main__":
    sys.exit(main())
