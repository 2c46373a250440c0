"""The bench: figures as ratios against the plain way, both measured in the same run, taking turns.

One file an entry, in `entries/`: its docstring says what it measures, `run()` returns its figures. Load comes from a
process of its own. `main` stands here because the command line calls this room by its name.
"""

from sandbox.bench.command import main

__all__ = ["main"]
