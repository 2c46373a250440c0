"""Calls into the sandbox and the bench by name: they stand above this room, so they are never imported from here."""

import importlib
from collections.abc import Callable, Sequence
from typing import cast

from ops.printing import complain

_MISSING = {
    "bench": "the bench is not part of an installed wheel; run `make bench` in a checkout of the project",
    "sandbox": "the sandbox is not part of this installation; install the whole wheel",
}


def call(module: str, argv: Sequence[str]) -> int:
    """Run `main(argv)` of a module and return its exit code; where it is missing, say so and return 1."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        complain(_MISSING.get(module.partition(".")[0], f"{module} is not part of this installation"))
        return 1
    main = cast("Callable[[list[str]], int | None]", found.main)
    return main(list(argv)) or 0
