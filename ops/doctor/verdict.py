"""One line of an examination: what was looked at, how it is, and what to do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """State of something that was looked at."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line. `account`: the key of whose it is, empty where it is everybody's; `remedy`: empty where nothing is."""

    state: State
    topic: str
    said: str
    remedy: str = ""
    account: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        whose = f"account {self.account}, " if self.account else ""
        return f"{self.state:<8} {whose}{self.topic}: {self.said}" + (f". {self.remedy}" if self.remedy else "")

    def as_data(self) -> dict[str, Any]:
        """Return it as the fields of an object."""
        return {
            "state": str(self.state), "account": self.account or None, "topic": self.topic, "said": self.said,
            "remedy": self.remedy or None,
        }  # fmt: skip


def ok(topic: str, said: str, account: str = "") -> Verdict:
    """Return the line of something that is as it should be."""
    return Verdict(State.OK, topic, said, account=account)


def off(topic: str, said: str, remedy: str = "", account: str = "") -> Verdict:
    """Return the line of something that is switched off."""
    return Verdict(State.OFF, topic, said, remedy, account)


def warning(topic: str, said: str, remedy: str = "", account: str = "") -> Verdict:
    """Return the line of something that works, but not as well as it could."""
    return Verdict(State.WARNING, topic, said, remedy, account)


def problem(topic: str, said: str, remedy: str = "", account: str = "") -> Verdict:
    """Return the line of something that keeps customers from their answers."""
    return Verdict(State.PROBLEM, topic, said, remedy, account)
