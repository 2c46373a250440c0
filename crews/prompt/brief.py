"""The instructions that stand before a conversation: who, rules and facts, today's situation, the task. Pure.

In this order, because what is the same for all comes first (providers cache prefixes), what differs by day stands
before the task, and the last thing that a model reads before the conversation is what it is to do. The conversation
follows as messages of its own; the customer's latest is the last of all, as it was written.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SITUATION = "situation"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the instructions. `source`: which text of its agent or task it is, or `situation`, or `crewai`."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Instructions of an agent that are the same in every run, as CrewAI's texts have them.

    `extra`: what else an answer must be (Markdown, a schema), in CrewAI's words.
    """

    task: str
    role: str
    goal: str
    backstory: str
    description: str
    expected: str
    extra: str = ""

    def parts(self, situation: str) -> tuple[Part, ...]:
        """Return every piece in order, none empty. `situation`: what differs by day and question."""
        said = f"<{SITUATION}>\n{situation.strip()}\n</{SITUATION}>" if situation.strip() else ""
        return tuple(
            Part(source, text.strip())
            for source, text in (
                ("role", f"You are {self.role.strip()}"),
                ("goal", f"Your goal: {self.goal.strip()}"),
                ("backstory", self.backstory),
                (SITUATION, said),
                ("description", f"Your task: {self.description.strip()}"),
                ("expected_output", f"Your answer: {self.expected.strip()}"),
                ("crewai", self.extra),
            )
            if text.strip()
        )


def join_parts(parts: Iterable[Part]) -> str:
    """Return the instructions as one text."""
    return "\n\n".join(part.text for part in parts)
