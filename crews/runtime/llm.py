"""The model as CrewAI sees it: a BaseLLM whose `acall` goes through our stack. Holds no state of a run."""

import time
from typing import Any

import openai
from crewai.llms.base_llm import BaseLLM
from pydantic import BaseModel, PrivateAttr, ValidationError

from crews.errors import ModelSilent
from crews.model_calls.call import Call, Chat, Completer, Completion, ToolCall
from crews.run_state.context import RunContext, current

_NO_DEADLINE = 600.0  # seconds; only for a call outside any run


class StackLLM(BaseLLM):
    """Shared by all agents of a crew and all its runs; endpoint, deadline and meter come from the current run."""

    llm_type: str = "chatwootai"
    _completer: Completer = PrivateAttr()

    def __init__(self, completer: Completer, **fields: Any) -> None:
        super().__init__(**fields)
        self._completer = completer

    def call(self, *_: Any, **__: Any) -> Any:
        """Raise: not offered, since a blocking call would stall every other conversation of this worker."""
        raise NotImplementedError("this model answers asynchronously only; use acall")

    async def acall(
        self,
        messages: str | list[Any],
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,  # tools are run by the runner
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> str | list[ToolCall] | BaseModel:
        """Return the model's text, the tools that it asks for, or (where it fits) an instance of `response_model`.

        Raises:
            ModelSilent: neither text nor tool call came.
            ModelUnavailable, ModelRefused, TimeoutError: as the stack does.
        """
        run = current.get() or RunContext(deadline=time.time() + _NO_DEADLINE)
        chat = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        run.note_messages(chat)
        began = time.perf_counter()
        completion = await self._completer.complete(self._call(run, chat, tools, response_model))
        run.add_completion(completion, time.perf_counter() - began)
        return _answer(completion, response_model)

    # CrewAI wraps `acall` in retries with sleeps that know no deadline, unless a method says that it has them already.
    acall._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]  # a mark on the function

    def supports_function_calling(self) -> bool:
        """Return true: tool calls are always native."""
        return True

    def _call(
        self, run: RunContext, chat: list[Chat], tools: list[dict[str, Any]] | None, shape: type[BaseModel] | None
    ) -> Call:
        return Call(
            target=run.target_for(self.model),
            messages=chat,
            deadline=run.deadline,
            temperature=self.temperature,
            max_tokens=self._limit(1.0 if shape else run.brevity),
            tools=tools or (),
            response_format=response_format(shape) if shape else None,
            payer=run.payer,
            policy=run.policy,
            keep=run.keep,
            own=run.own,
        )

    def _limit(self, share: float) -> int | None:
        """Return the tokens that an answer may have: a share of the usual, none where nothing is said of it."""
        return round(self.max_tokens * share) if self.max_tokens else None


def response_format(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the strict JSON schema of a pydantic model, as the openai package sends it for structured output."""
    function = openai.pydantic_function_tool(shape)["function"]
    schema = {"schema": function["parameters"], "name": shape.__name__, "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _answer(completion: Completion, shape: type[BaseModel] | None) -> str | list[ToolCall] | BaseModel:
    if completion.tool_calls:
        return list(completion.tool_calls)
    if not completion.text.strip():
        raise ModelSilent("the model ended without a word", reason=completion.finish)
    return _parse_answer(completion.text, shape) if shape else completion.text


def _parse_answer(text: str, shape: type[BaseModel]) -> str | BaseModel:
    """Return an instance, or the text as it came.

    `crews.runtime.structured_output` looks closer, and asks once more.
    """
    try:
        return shape.model_validate_json(text)
    except ValidationError:
        return text
