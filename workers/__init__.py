"""The shop floor: one turn per conversation at a time, one visible reply per turn. The worker, a turn's steps, delivery."""

from typing import Any


def __getattr__(name: str) -> Any:
    # The one line of code in a sign: arq's own CLI wants `workers.WorkerSettings`, and nothing else here should pay for it.
    if name == "WorkerSettings":
        from workers.settings import WorkerSettings

        return WorkerSettings
    raise AttributeError(name)
