"""Preparations for `import crewai`, in one place.

CrewAI reads these once, at import: where it writes, whether it traces and phones home, whether `.env` of the working
directory overrides ours, and whether its file locks go to our Redis, blocking, on the event loop.
Import crewai and every module of ours that needs it only after `prepare()`.
"""

import atexit
import gc
import logging
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crews.runtime.left_out import leave_out

_FIXED = {
    "CREWAI_DISABLE_TELEMETRY": "true",  # also keeps its SIGTERM and SIGINT handlers from being installed
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TESTING": "true",  # no question on a terminal about sharing traces after a first run
    "ANONYMIZED_TELEMETRY": "false",  # chromadb, which crewai imports
    "PYTHON_DOTENV_DISABLED": "true",  # crewai loads the working directory's .env at import
}
_CHATTY = ("openai", "httpx", "crewai")  # at debug and info they log requests with what customers wrote in them

_SELDOM = (5_000, 20, 20)  # objects made and kept until the young are looked at; of those, until older ones are

_lock = threading.RLock()
_storage: Path | None = None


def prepare() -> Path:
    """Set the environment for crewai and return the private folder it may write to; idempotent.

    Raises:
        RuntimeError: crewai was imported before.
    """
    global _storage  # noqa: PLW0603 - one folder a process, removed at exit
    if _storage is None:
        if "crewai" in sys.modules:
            raise RuntimeError(
                "crewai was imported before crews.runtime.environment.prepare(); import it through crews only"
            )
        _storage = Path(tempfile.mkdtemp(prefix="crewai-"))
        atexit.register(shutil.rmtree, _storage, ignore_errors=True)
        os.environ.update(_FIXED)
        os.environ["CREWAI_STORAGE_DIR"] = str(_storage)
    return _storage


def load() -> None:
    """Import crewai and all of this room that stands on it; seconds of CPU, so call it off the event loop."""
    if "crews.runtime.runner" in sys.modules:
        return
    # At import crewai's lock store keeps REDIS_URL, and its token manager writes a key into the home folder.
    storage = prepare()
    leave_out()
    with _environ_replaced({"REDIS_URL": None, "HOME": str(storage)}), _without_gc(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crewai and chromadb deprecate parts of themselves at import
        from crewai_core.lock_store import set_lock_backend

        set_lock_backend(_in_process_lock)
        import crewai  # noqa: F401 - imported to be in memory

        import crews.runtime.runner  # noqa: F401 - imported to be in memory

    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # its errors quote what servers answered
    logging.getLogger().addFilter(_not_of_mcp)
    logging.getLogger("crewai.memory").setLevel(logging.CRITICAL)  # its warnings quote what a model made of customers


def _not_of_mcp(record: logging.LogRecord) -> bool:
    """Tell whether a record is not one of those that mcp's session writes to the root logger, servers' messages too."""
    return f"{os.sep}mcp{os.sep}shared{os.sep}" not in record.pathname


@contextmanager
def _in_process_lock(name: str, *, timeout: float) -> Iterator[None]:
    """Hold one lock, no file, no Redis, for CrewAI's, which guard files in a folder that is this process's alone."""
    if not _lock.acquire(timeout=timeout):
        raise TimeoutError(f"crewai's lock {name} was not free within {timeout} s")
    try:
        yield
    finally:
        _lock.release()


@contextmanager
def _without_gc() -> Iterator[None]:
    """Collect no garbage while 2,400 modules are made, all of which stay: saves an eighth of the import.

    What they made is frozen afterwards, so that no later collection walks it; and since runs leave no circles behind,
    collections come seldom: each walks all that is in flight, while everybody waits.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_SELDOM)
        if enabled:
            gc.enable()


@contextmanager
def _environ_replaced(values: Mapping[str, str | None]) -> Iterator[None]:
    """Yield the environment with these values, None for unset, while crewai is imported; ours again afterwards."""
    kept = {name: os.environ.get(name) for name in values}
    _set_variables(values)
    try:
        yield
    finally:
        _set_variables(kept)


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
