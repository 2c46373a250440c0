"""A task's text into the pydantic model that it promised, asking the model once more where the text is not it."""

from typing import Any

from crewai import Agent
from pydantic import BaseModel, ValidationError

from crews.errors import ModelSilent
from crews.prompt.conversation import objects_in

_AGAIN = "Return the same content as one JSON object that fits the schema, and nothing else."


async def structured_output(answer: str | BaseModel, shape: type[BaseModel] | None, agent: Agent) -> BaseModel | None:
    """Return an instance of `shape`, or None where the task promises no type.

    Raises:
        ModelSilent: the second attempt does not fit either.
    """
    if shape is None or isinstance(answer, shape):
        return answer if isinstance(answer, BaseModel) and shape else None
    text = answer.model_dump_json() if isinstance(answer, BaseModel) else answer
    for candidate in (text, *objects_in(text)):
        try:
            return shape.model_validate_json(candidate)
        except ValidationError:
            continue
    llm: Any = agent.llm
    again = [{"role": "system", "content": _AGAIN}, {"role": "user", "content": text}]
    converted = await llm.acall(again, response_model=shape)
    if isinstance(converted, shape):
        return converted
    raise ModelSilent("the model did not give what its task promises", reason="shape")
