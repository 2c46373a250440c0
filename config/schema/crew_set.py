"""The crews of one place, as settings carry them: what can be asked, whatever they were made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from config.schema.crew_schema import Blueprint


@dataclass(frozen=True, slots=True)
class CrewValue:
    """One value of a crew with its origin."""

    path: str
    value: object
    file: str
    line: int


class CrewSet(Protocol):
    """The crews of one place: each function on each channel."""

    @property
    def functions(self) -> Sequence[str]:
        """The names of the crews, sorted."""

    @property
    def digest(self) -> str:
        """Equal where the crews mean the same."""

    def channels(self, function: str) -> Sequence[str]:
        """The channels that have a file of their own, sorted."""

    def blueprint(self, function: str, channel: str) -> Blueprint:
        """A function's crew on a channel.

        Raises:
            ConfigurationError: no such function, or its YAML has problems (all of them).
        """

    def values(self, function: str, channel: str) -> Sequence[CrewValue]:
        """Every value of a crew on a channel, with the file and line it came from.

        Raises:
            ConfigurationError: no such function.
        """
