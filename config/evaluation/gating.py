"""Settings of the gate: the sets that a configuration must pass."""

from typing import Annotated

from pydantic import Field

from config.schema.base import FOR_MACHINES, NUMBER, Section, matching

SetName = Annotated[
    str,
    matching(r"^[a-z0-9][a-z0-9_-]{0,63}$", "Write small letters, digits, `_` and `-`, a letter or digit first."),
    FOR_MACHINES,
]
"""Name of a set: that of its folder under `evals/`."""


class Gate(Section):
    """Demands on a configuration before it is put in force."""

    sets: tuple[SetName, ...] = ()
    """Sets of cases, by their folders under `evals/`, that must be green before `config publish` puts a folder in
    force. Empty: none is demanded."""
    least_cases: Annotated[int, Field(ge=5, le=10_000), NUMBER] = 30
    """Number of cases that a group must have to be compared with its accepted results. Fewer are reported alone,
    since a chance difference would look like a change."""
    chance: Annotated[float, Field(gt=0, le=0.5), NUMBER] = 0.05
    """Chance, from 0 to 0.5, below which a group's losses against its accepted results no longer count as luck."""
