"""The worker: its process, the steps of a turn, delivery. One turn a conversation at a time, one reply a turn."""

from typing import Any


def __getattr__(name: str) -> Any:
    # The only code in a sign: arq's own CLI wants `workers.WorkerSettings`, and who imports a neighbour pays nothing.
    if name == "WorkerSettings":
        from workers.process.arq_settings import WorkerSettings

        return WorkerSettings
    raise AttributeError(name)
