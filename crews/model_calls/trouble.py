"""Failures of a model call as one of a few fixed reasons, and in the few words that an operator looks for. Pure."""

import re
from typing import Final

from chatwootai.model.policy.reasons import Trouble
from crews.errors import BudgetSpent, ModelRefused, ModelSilent, ModelUnavailable

_CODE: Final = re.compile(r"[^A-Za-z0-9_.:-]+")
_LONGEST: Final = 60
_NO_CREDIT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_TOO_LONG: Final = frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large"})
_WITHHELD: Final = frozenset({"content_filter", "refusal", "content_policy_violation"})
_BY_STATUS: Final = {
    401: Trouble.KEY_REFUSED,
    402: Trouble.NO_CREDIT,
    403: Trouble.KEY_REFUSED,
    404: Trouble.NO_MODEL,
    413: Trouble.TOO_LONG,
    429: Trouble.BUSY,
    503: Trouble.BUSY,
    529: Trouble.BUSY,
}


_BY_CAUSE: Final = {
    "wrong_key": Trouble.KEY_REFUSED,
    "no_credit": Trouble.NO_CREDIT,
    "unknown_model": Trouble.NO_MODEL,
    "prompt_too_long": Trouble.TOO_LONG,
    "content_policy": Trouble.WITHHELD,
    "rate": Trouble.BUSY,
}


def trouble_of(error: BaseException) -> Trouble:
    """Return which of the fixed reasons an error of a model call is."""
    if isinstance(error, ModelRefused):
        known = _BY_CAUSE.get(error.cause or "") or _of_code(error.code)
        return known or (Trouble.REFUSED if error.cause else _BY_STATUS.get(error.status or 0, Trouble.REFUSED))
    if isinstance(error, ModelUnavailable):
        away = error.status is None and "could not be reached" in str(error)
        known = Trouble.AWAY if away else _BY_CAUSE.get(error.cause)
        return known or _BY_STATUS.get(error.status or 0, Trouble.FAILING)
    if isinstance(error, ModelSilent):
        return Trouble.WITHHELD if error.reason.split(",")[0] in _WITHHELD else Trouble.SILENT
    if isinstance(error, BudgetSpent):
        return Trouble.BUDGET
    return Trouble.LATE if isinstance(error, TimeoutError) else Trouble.FAILING


def _of_code(code: str | None) -> Trouble | None:
    if code == "no_key":
        return Trouble.NO_KEY
    if code in _NO_CREDIT:
        return Trouble.NO_CREDIT
    if code in _WITHHELD:
        return Trouble.WITHHELD
    return Trouble.TOO_LONG if code in _TOO_LONG else None


def briefly(error: BaseException) -> str:
    """Return status and code, as `401 invalid_api_key`, else the reason.

    Then the endpoint's words, masked and short.
    """
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    words = [str(status)] if status else []
    words += [_CODE.sub("_", str(code))[:_LONGEST]] if code else []
    named = " ".join(words) or trouble_of(error).value.replace("_", " ")
    said = getattr(error, "reason", None) if isinstance(error, ModelRefused | ModelUnavailable) else None
    if not words and not said and isinstance(error, ModelUnavailable):  # our own words, of an answer that is none
        said = str(error).removeprefix("the model's endpoint ")[:_LONGEST]
    return f"{named}: {said}" if said else named
