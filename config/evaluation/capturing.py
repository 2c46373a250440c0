"""Settings of capture: the leave to take cases from conversations."""

from config.schema.base import Section, Words


class Capture(Section):
    """Leave to take cases from conversations."""

    purpose: Words
    """Reason why conversations may become cases, in a sentence. It is written into each case, and into the audit."""


class Evals(Section):
    """Origins that cases may have."""

    capture: Capture | None = None
    """Leave for `eval capture` to write redacted drafts of conversations. Unset: it is refused."""
