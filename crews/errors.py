"""Errors of a crew, each named by what the caller must do next."""


class CrewError(Exception):
    """Base of every error that this room raises on purpose. No message ever holds a key or a customer's text."""


class ModelUnavailable(CrewError):
    """Try again at `retry_at` (unix seconds): the endpoint is away, overloaded, or answered nonsense.

    `status` its HTTP status, `code` the word that it has for the failure, each where it said one; `cause`: rate or
    away; `reason`: the endpoint's own words, masked, None where it said nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_at: float,
        status: int | None = None,
        code: str | None = None,
        cause: str = "away",
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.status, self.code = status, code
        self.cause, self.reason = cause, reason


class ModelRefused(CrewError):
    """Give up and hand to a person: the endpoint will not answer this request however often it is asked.

    `status`, `code`, `reason`: as `ModelUnavailable` has them; `cause`: prompt_too_long, unknown_model, wrong_key,
    no_credit, content_policy or parameter; None where it was never asked.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        cause: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.cause, self.reason = cause, reason


class ModelSilent(CrewError):
    """Hand to a person: the model ended without a usable word (empty, only tool calls, withheld, not its shape)."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class CrewUnsupported(CrewError):
    """Change the crew: it asks for something that the runner does not do; the message lists what."""


class GuardrailFailed(CrewError):
    """Hand to a person: a task's result never satisfied its guardrail."""


class BudgetSpent(CrewError):
    """Answer without a model, or hand to a person: what the tenant allows to be spent is used up."""
