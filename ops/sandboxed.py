"""Calls into the sandbox by name: it stands above this room, so it is never imported from here."""

import importlib
from collections.abc import Callable, Sequence
from typing import cast

from ops.printing import complain


def call(module: str, argv: Sequence[str]) -> int:
    """Run `main(argv)` of a sandbox module and return its exit code."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        complain(f"{module} is not part of this installation; install the whole wheel")
        return 1
    main = cast("Callable[[list[str]], int | None]", found.main)
    return main(list(argv)) or 0
