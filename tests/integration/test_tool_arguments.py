"""Arguments that a model makes up: refused in words where no tool could take them, judged beside the loop if long."""

import json
from typing import Any

import pytest

from crews.model_calls.call import ToolCall
from crews.run_state.tool_result import ToolAnswer
from crews.runtime import environment

SCHEMA = {"type": "object", "properties": {"said": {"type": "array", "items": {"type": "string"}}}}


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


async def said(arguments: str) -> tuple[str, bool]:
    from crews.runtime.tools import Toolbox
    from crews.tools.outside_tool import OutsideTool

    class Asked(OutsideTool):
        kind = "http"

        async def _ask(self, arguments: Any, *_: Any) -> ToolAnswer:
            return ToolAnswer(len(arguments["said"]))

    asked = Asked("a", "asks", SCHEMA, repeatable=True)  # type: ignore[call-arg]  # pydantic's plugin sees fields
    return await Toolbox.of([asked]).run(ToolCall("1", "a", arguments))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("[" * 9_000, "no tool takes such values"),
        (json.dumps({"said": ["x"]})[:-1] + ', "n": ' + "9" * 5_000 + "}", "no tool takes such values"),
        ('{"said": "' + "a" * 20_000 + '"}', "longer than 20000 characters"),
        ('{"said": ', "not JSON"),
    ],
)
async def test_what_no_tool_could_take_is_refused_in_words(arguments: str, why: str) -> None:
    text, succeeded = await said(arguments)
    assert why in text
    assert not succeeded


async def test_long_arguments_are_judged_as_short_ones() -> None:
    text, succeeded = await said(json.dumps({"said": ["x"] * 3_000}))
    assert (succeeded, "3000" in text) == (True, True)
    text, succeeded = await said(json.dumps({"said": ["x"] * 3_000 + [[1]]}))
    assert (succeeded, "said.3000" in text) == (False, True)
