"""A chain of agents that answers in one model call, and thinks again as a whole crew where that call is not enough."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, create_model

from chatwootai.model.message.turn import ServedBy
from crews.plan.single_call import ANSWER, CONFIDENCE
from crews.prompt.brief import Brief
from crews.run_state.context import RunContext, current
from crews.runtime.runner import ReentrantCrew, split_inputs

UNSURE = "the assistant was not sure enough of its answer"


@dataclass(frozen=True, slots=True)
class SingleCallOutput:
    """Output of a kickoff, under the name that CrewAI's own has."""

    raw: str


def answer_model(fields: tuple[str, ...]) -> type[BaseModel]:
    """Return the object that a fused call answers with: a text for each of `fields`, and how sure it is."""
    said: dict[str, Any] = dict.fromkeys(fields, (str, ...))
    said[CONFIDENCE] = (Annotated[float, BeforeValidator(_as_fraction), Field(ge=0, le=1)], ...)
    shape: type[BaseModel] = create_model("Answer", **said)
    return shape


def _as_fraction(value: object) -> object:
    """Return 0.85 for 85, "85%" and "0,85", from models that were asked for 0.85 and are not held to it."""
    if isinstance(value, str):
        value = value.strip().replace(",", ".")
        value = value.rstrip("% ") + ("e-2" if value.endswith("%") else "")
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number is pydantic's to refuse
    except (TypeError, ValueError):
        return value
    return number / 100 if 1 < number <= 100 else number  # per cent


class SingleCallCrew:
    """One call first. `seconds`: what the `whole` crew usually takes; `sure`: the least confidence that is answered."""

    def __init__(self, one: ReentrantCrew, whole: ReentrantCrew, *, sure: float, seconds: float) -> None:
        self._assignment = one.prepared_tasks[-1]
        self._whole = whole
        self._sure = sure
        self._seconds = seconds

    @property
    def briefs(self) -> tuple[Brief, ...]:
        """Return the instructions of the one call, for those who want to see what is sent."""
        return (self._assignment.brief,)

    async def akickoff(self, inputs: Mapping[str, Any]) -> Any:
        """Return the answer, as `ReentrantCrew.akickoff`; `raw` is what goes to the contact.

        Raises:
            ModelUnavailable, ModelRefused, ModelSilent, GuardrailFailed, TimeoutError: see crews.errors.
        """
        run = current.get()
        assert run is not None  # noqa: S101 - crews.answer.draft begins every run
        said = split_inputs(dict(inputs))
        with run.step("fused"):
            found = await self._assignment.call_model(self._assignment.build_chat(said, {}, ""), self._assignment.shape)
        answer, sure, why = self._judge(found)
        if not why:
            run.confidence = sure
            return SingleCallOutput(answer)
        if time.time() + self._seconds < run.deadline:
            return await self._expand(run, inputs, why)
        run.handoff = UNSURE
        return SingleCallOutput("")

    def _judge(self, found: Any) -> tuple[str, float, str]:
        """Return the answer, how sure it is, and why it is not enough: empty where it is."""
        if isinstance(found, list):
            return "", 0.0, "tool"
        said = found if isinstance(found, BaseModel) else self._parse_answer(str(found))
        if said is None or not str(getattr(said, ANSWER)).strip():
            return "", 0.0, "shape"
        sure: float = getattr(said, CONFIDENCE)
        return getattr(said, ANSWER), sure, "" if sure >= self._sure else "unsure"

    def _parse_answer(self, text: str) -> BaseModel | None:
        """Return what models that know no schema make of one: the object with words or a fence around it."""
        shape = self._assignment.shape
        assert shape is not None  # noqa: S101 - built with one
        try:
            return shape.model_validate_json(text[text.index("{") : text.rindex("}") + 1])
        except (ValueError, ValidationError):
            return None

    async def _expand(self, run: RunContext, inputs: Mapping[str, Any], why: str) -> Any:
        run.served_by = ServedBy.CREW
        with run.step(f"expanded {why}"):
            return await self._whole.akickoff(inputs)
