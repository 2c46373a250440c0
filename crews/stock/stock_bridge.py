"""From a thread that runs stock CrewAI back to the event loop: its model and its tools, while its run lasts."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from crewai.llms.base_llm import BaseLLM
from crewai.tools.base_tool import BaseTool
from pydantic import BaseModel, PrivateAttr

from crews.errors import CrewError, ModelSilent
from crews.model_calls.call import Chat, ToolCall
from crews.run_state.context import RunContext, current
from crews.runtime.llm import StackLLM
from crews.runtime.tools import use_tool


class RunOver(Exception):
    """The run is over: its thread is to end at its next model call."""


class Bridge:
    """From a run's thread back to the event loop, for as long as the run lasts."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: RunContext) -> None:
        self._loop, self._run = loop, run
        self._pending: set[Future[Any]] = set()
        self.stopped = False
        self.error: CrewError | TimeoutError | None = None

    @property
    def run(self) -> RunContext:
        """Return the run that this belongs to."""
        return self._run

    def ask(self, make: Callable[[], Coroutine[Any, Any, Any]], *, vital: bool = True) -> Any:
        """Run a coroutine on the loop, in the run's context, and wait for it in this thread.

        What a `vital` one raises is `error` from then on: what the run failed of.
        """
        if self.stopped:
            raise RunOver
        future = asyncio.run_coroutine_threadsafe(self._within(make), self._loop)
        self._pending.add(future)
        try:
            return future.result()
        except (CrewError, TimeoutError) as error:
            self.error = error if vital else self.error
            raise
        finally:
            self._pending.discard(future)

    def stop(self) -> None:
        """End what is under way; the thread ends at its next word."""
        self.stopped = True
        for future in tuple(self._pending):
            future.cancel()

    async def _within(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        current.set(self._run)  # in this coroutine's own task
        return await make()


class BridgeLLM(BaseLLM):
    """The model as stock CrewAI calls it, blocking, from a thread; it answers through our stack."""

    llm_type: str = "chatwootai-stock"
    _bridge: Bridge = PrivateAttr()
    _inner: StackLLM = PrivateAttr()

    def __init__(self, bridge: Bridge, inner: StackLLM, **fields: Any) -> None:
        super().__init__(**fields)
        self._bridge, self._inner = bridge, inner

    def call(
        self,
        messages: str | list[Any],
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """Return the model's text, or the tools that it asks for, as OpenAI's dicts."""
        chat: str | list[Chat] = messages if isinstance(messages, str) else [_openai_message(each) for each in messages]
        answer = self._bridge.ask(lambda: self._inner.acall(chat, tools=tools, response_model=response_model))
        if isinstance(answer, list):
            return [_openai_tool_call(call) for call in answer]
        return answer

    async def acall(self, *_: Any, **__: Any) -> Any:
        """Raise: not used, since stock CrewAI calls from its threads."""
        raise ModelSilent("a stock crew asked its model asynchronously", reason="stock")

    def supports_function_calling(self) -> bool:
        """Return true: tool calls are always native."""
        return True


class BlockingTool(BaseTool):
    """One of our tools for a thread: the work itself stays on the event loop."""

    name: str
    description: str
    _tool: BaseTool = PrivateAttr()
    _bridge: Bridge = PrivateAttr()

    def __init__(self, tool: BaseTool, bridge: Bridge) -> None:
        super().__init__(name=tool.name, description=tool.description, args_schema=tool.args_schema)
        self._tool, self._bridge = tool, bridge

    def _run(self, **arguments: Any) -> Any:
        return self._bridge.ask(lambda: use_tool(self._tool, arguments)).text


def _openai_message(message: Chat) -> Chat:
    """Return a message without what CrewAI marks it with for its own clients.

    Endpoints refuse what they do not know.
    """
    return {name: value for name, value in message.items() if name != "cache_breakpoint"}


def _openai_tool_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
