"""Modules that the servers load before they fork, and how a forked process runs what was asked of it."""

import atexit
import importlib
import os
import pkgutil
import runpy
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chatwootai.stores.server.embedded import dies_with_us

_OF_COMMANDS = (
    "aiohttp", "cryptography.fernet", "redis.asyncio", "config.loading.loader", "config.loading.effective",
    "config.loading.without_secrets", "config.live.live", "config.mapping.mapping_edit",
    "chatwootai.stores.operators.inspection", "chatwootai.stores.operators.audit", "crews.catalog",
    "crews.plan.planning", "ops.access", "ops.jobs.bulk", "ops.jobs.job_views", "ops.connect.procedure",
    "ops.printing", "workers.chatwoot.admin", "workers.account.sync",
)  # fmt: skip
_CREWS = ("workers", "tests.faults.frozen_reader", "ops.cli")
PROCESSES = (*_CREWS, "ingress", "sandbox.chatwoot", "sandbox.installation.traced", "sandbox.llm")
"""Modules that are forked where `python -m` would start them."""


def load(kind: str) -> None:
    """Import what `commands` or `processes` need."""
    if kind == "commands":
        _load_commands()
    else:
        _load_processes()
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads: a fork takes one of them along, and the locks of all"


def _load_commands() -> None:
    from ops import cli, verbs

    for name in _OF_COMMANDS:
        importlib.import_module(name)
    for group in cli.GROUPS:
        folder = [str(Path(path) / group) for path in verbs.__path__]
        for module in pkgutil.iter_modules(folder):
            importlib.import_module(f"ops.verbs.{group}.{module.name}")


def _load_processes() -> None:
    """Import what the modules of PROCESSES import; they themselves are run, so they must be new."""
    from crews.runtime import environment

    environment.load()
    for name in PROCESSES:
        package = importlib.import_module(name)
        main = f"{name}.__main__" if hasattr(package, "__path__") else name
        importlib.import_module(main)
        del sys.modules[main]


def run(kind: str, words: Sequence[str]) -> int:
    """Run a command, or a module with its arguments, as `__main__`; return the exit code or raise SystemExit."""
    if kind == "commands":
        return _command(words)
    os.setsid()
    if bound := dies_with_us():
        bound()
    if words[0] in _CREWS:
        _own_storage()
    if words[0] == "ops.cli":
        return _command(words[1:])
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    return 0


def _command(words: Sequence[str]) -> int:
    sys.argv = ["chatwootai", *words]
    from ops.cli import main

    return main()


def _own_storage() -> None:
    """Give this process a folder for crewai and the variables that `prepare` sets; its parent's stays its parent's."""
    from crews.runtime import environment

    atexit.unregister(shutil.rmtree)
    storage = environment._storage = Path(tempfile.mkdtemp(prefix="crewai-"))
    atexit.register(shutil.rmtree, storage, ignore_errors=True)
    os.environ.update(environment._FIXED, CREWAI_STORAGE_DIR=str(storage))
