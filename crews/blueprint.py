"""A crew before any tenant, in types. The words are the rulebook's (`config.crew_text`): an operator writes them."""

from config.crew_text import PLACEHOLDERS, AgentText, Blueprint, TaskText

__all__ = ["PLACEHOLDERS", "AgentText", "Blueprint", "TaskText"]
