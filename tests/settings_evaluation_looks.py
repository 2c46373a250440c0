"""What the gate makes of a tenant's settings."""

from chatwootai.model.message.delivery import Role
from config.evaluation.case import Case
from config.evaluation.case_files import WrittenCase
from config.settings.settings import Settings
from ops.evaluation.baseline import Baseline
from ops.evaluation.capture import Burst, Said, draft_case
from ops.evaluation.gate import judge_set
from ops.evaluation.publishing import demanded_sets
from ops.evaluation.redaction.redactor import KnownContact, Redactor
from ops.evaluation.results import CaseResult, SetResult
from tests.builders import account


def captured(settings: Settings) -> object:
    """Return the reason that a captured draft names."""
    leave = settings.evals.capture
    said = Burst((), [Said(Role.CONTACT, "oi")], Said(Role.CREW, "olá"))
    return leave and draft_case(said, "webchat", leave.purpose, Redactor(KnownContact(), "seed"))["purpose"]


def demanded(settings: Settings) -> object:
    """Return the sets that an account with these settings demands."""
    return [name for _, name in demanded_sets([account(settings=settings)])]


def gated(settings: Settings) -> object:
    """Return whether six cases lost of twenty close the gate."""
    results = []
    for number in range(20):
        case = Case(name=f"case {number}", say=("oi",))
        failures = ["lost"] if number < 6 else []
        results.append(CaseResult(WrittenCase(case, "a.yaml", 1, "a"), 1, int(not failures), failures))
    before = Baseline("somebody", "then", {each.name: {"passed": True} for each in results})
    return judge_set(SetResult("1", "a", results), before, settings.gate).passed
