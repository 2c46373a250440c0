"""A whole system whose account has curated answers, for tests of what its turns leave behind."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.installation.system import Plan, System

_SETTINGS = "rate_per_minute: 100000\nburst: {window_ms: 0, cap_ms: 0}\ndeadline_ms: 4000\n"


@contextmanager
def curated_system(answers: str) -> Iterator[System]:
    """Start a system with a quick model, account 1 with these answers (YAML), and stop it in the end."""
    system = System(Plan(llm=("--latency", "fixed:50ms"), settings=_SETTINGS))
    folder = system.configuration / "domains/retail/account_1"
    folder.mkdir(parents=True)
    (folder.parent / "config.yaml").write_text("{}\n")
    (folder / "answers.yaml").write_text(answers)
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()
