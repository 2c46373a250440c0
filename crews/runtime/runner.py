"""The crew runner: a CrewAI Crew whose `akickoff` never leaves the event loop and keeps no state of a run.

CrewAI's own `akickoff` runs on threads, six at a time, and on a shared crew answers one customer with another's
text. Here agents, tasks, tools, guardrails and prompts stay CrewAI's, and so does what is sent to the model (a
contract suite compares the two); only the way through them is ours.
"""

import asyncio
import inspect
import time
from collections.abc import Mapping, Sequence
from typing import Any

from crewai import Crew, CrewOutput, Task, TaskOutput
from crewai.types.usage_metrics import UsageMetrics
from crewai.utilities.constants import NOT_SPECIFIED
from pydantic import PrivateAttr

from crews.errors import CrewUnsupported
from crews.prompt.brief import Brief
from crews.run_state.context import RunContext, current
from crews.runtime.task_runner import KickoffInputs, PreparedTask
from crews.runtime.unsupported_features import unsupported_features

_DIVIDER = "\n\n----------\n\n"  # CrewAI's, between the results that make up a context
_FOREVER = 600.0  # seconds; the deadline of a kickoff outside any run
MESSAGES = "messages"
"""The input that holds the conversation: chat messages, sent as they are and never interpolated."""
SITUATION = "situation"
"""The input that holds what changes from day to day: it ends the instructions, after everything that is stable."""


class ReentrantCrew(Crew):
    """Built once and shared: any number of kickoffs may run at once, each with its own answer and usage."""

    _prepared_tasks: tuple[PreparedTask, ...] = PrivateAttr(default=())

    @property
    def prepared_tasks(self) -> tuple[PreparedTask, ...]:
        """Return each task with what of its prompt is the same in every run."""
        return self._prepared_tasks

    @property
    def briefs(self) -> tuple[Brief, ...]:
        """Return the instructions of each task, for those who want to see what is sent."""
        return tuple(each.brief for each in self._prepared_tasks)

    def model_post_init(self, context: Any, /) -> None:
        """Prepare every task's prompt and tools once; refuse what only stock CrewAI can run."""
        super().model_post_init(context)
        if reasons := unsupported_features(self):
            raise CrewUnsupported("this crew cannot run here: " + "; ".join(reasons))
        self._prepared_tasks = tuple(PreparedTask.of(task) for task in self.tasks)

    async def akickoff(
        self, inputs: Mapping[str, Any] | None = None, input_files: Any = None, from_checkpoint: Any = None
    ) -> CrewOutput:
        """Run the tasks; `inputs["messages"]` is the conversation, everything else fills placeholders once.

        Raises:
            ModelUnavailable, ModelRefused, ModelSilent, GuardrailFailed, TimeoutError: see crews.errors.
        """
        if input_files or from_checkpoint:
            raise CrewUnsupported("files and checkpoints are not supported")
        values = dict(inputs or {})
        for callback in self.before_kickoff_callbacks:
            values = await _await_if_needed(callback(values))
        run = current.get() or RunContext(deadline=time.time() + _FOREVER)
        said = split_inputs(values)
        output = await _Kickoff(self, run, said, values).perform()
        for after in self.after_kickoff_callbacks:
            output = await _await_if_needed(after(output))
        return output


def split_inputs(values: dict[str, Any]) -> KickoffInputs:
    """Return the conversation and the situation, taken out of a kickoff's inputs."""
    return KickoffInputs(tuple(values.pop(MESSAGES, ())), str(values.pop(SITUATION, "")))


class _Kickoff:
    """One run's way through the tasks, and all of its state."""

    def __init__(self, crew: ReentrantCrew, run: RunContext, said: KickoffInputs, values: Mapping[str, Any]) -> None:
        self._crew = crew
        self._run = run
        self._said = said
        self._values = {name: str(value) for name, value in values.items()}
        self._done: list[TaskOutput] = []
        self._by_task: dict[Any, TaskOutput] = {}
        self._pending: list[tuple[Task, asyncio.Task[TaskOutput]]] = []

    async def perform(self) -> CrewOutput:
        """Return the crew's output; whatever ends this early cancels the tasks still running."""
        try:
            for assignment in self._crew.prepared_tasks:
                await self._start_task(assignment)
            await self._gather()
        finally:
            await self._cancel()
        return self._output()

    async def _start_task(self, assignment: PreparedTask) -> None:
        task = assignment.task
        if task.async_execution:
            # As in CrewAI, a task that runs beside others sees only the context that it names.
            work = self._perform(assignment, self._context(task, ()))
            self._pending.append((task, asyncio.create_task(work)))
            return
        await self._gather()
        output = await self._perform(assignment, self._context(task, self._done))
        await self._finish(task, output)

    async def _perform(self, assignment: PreparedTask, context: str) -> TaskOutput:
        with self._run.step(f"task {assignment.task.name or 'unnamed'}"):
            return await assignment.perform(self._said, self._values, context)

    def _context(self, task: Task, before: Sequence[TaskOutput]) -> str:
        if task.context is NOT_SPECIFIED:
            return _DIVIDER.join(output.raw for output in before)
        named = task.context if isinstance(task.context, list) else []
        return _DIVIDER.join(self._by_task[each.id].raw for each in named if each.id in self._by_task)

    async def _gather(self) -> None:
        while self._pending:
            task, running = self._pending[0]
            output = await running
            self._pending.pop(0)
            await self._finish(task, output)

    async def _finish(self, task: Task, output: TaskOutput) -> None:
        self._done.append(output)
        self._by_task[task.id] = output
        for callback in (task.callback, self._crew.task_callback):
            if callback is not None:
                await _await_if_needed(callback(output))

    async def _cancel(self) -> None:
        running = [each for _, each in self._pending]
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _output(self) -> CrewOutput:
        said = [output for output in self._done if output.raw]
        last = said[-1] if said else self._done[-1]
        usage = self._run.usage
        return CrewOutput(
            raw=last.raw,
            pydantic=last.pydantic,
            json_dict=last.json_dict,
            tasks_output=self._done,
            token_usage=UsageMetrics(
                total_tokens=usage.prompt_tokens + usage.completion_tokens,
                prompt_tokens=usage.prompt_tokens,
                cached_prompt_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                successful_requests=usage.calls,
            ),
        )


async def _await_if_needed(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result
