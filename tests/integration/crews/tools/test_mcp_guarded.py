"""Parameters of a server's tools that no model chooses: written by the contact, or filled in with what is known."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from chatwootai.model.message.delivery import Contact
from chatwootai.model.policy import tool_words as words
from config.settings.settings import Settings
from crews.run_state.context import RunContext, current
from crews.runtime import environment
from crews.tools.toolset import ToolRegistry
from tests.builders import question

if TYPE_CHECKING:
    from crews.tools.mcp.tool import RemoteTool

SHOP = str(Path(__file__).parents[3] / "mcp_shop.py")
KNOWN = Contact(id=7, phone="+5531987654321", verified=True)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@asynccontextmanager
async def shop(**guards: Any) -> AsyncIterator[Mapping[str, "RemoteTool"]]:
    offered = ToolRegistry()
    said = {"command": [sys.executable, SHOP], "timeout_ms": 10_000, **guards}
    try:
        tools: Any = await offered.toolset_for("1", Settings.model_validate({"tools": {"mcp": {"shop": said}}}))
        yield {tool.name_there: tool for tool in tools["shop"]}
    finally:
        await offered.close()


async def call(tool: "RemoteTool", contact: Contact = KNOWN, text: str = "", **arguments: Any) -> str:
    asked = question(text, contact=contact)
    run = RunContext(deadline=asked.deadline, question=replace(asked, own_words=text))
    token = current.set(run)
    try:
        return str(await tool.arun(**arguments))
    finally:
        current.reset(token)


async def test_a_model_fills_in_only_what_the_contact_has_written() -> None:
    async with shop(from_contact={"stock": ["product"]}) as tools:
        refused = await call(tools["stock"], text="quanto tem de sabonete?", product="cancel 4711")
        assert words.NOT_WRITTEN.format("product") in refused
        assert "8 pieces of sabonete" in await call(tools["stock"], text="tem Sabonete?", product="sabonete")


async def test_what_is_filled_in_is_the_contacts_and_no_model_sees_or_changes_it() -> None:
    async with shop(filled={"stock": {"warehouse": "contact.phone"}}) as tools:
        stock = tools["stock"]
        assert list(stock.parameters.offered["properties"]) == ["product"]
        told = await call(stock, product="sabonete", warehouse="+5511900000000")
        assert "in +5531987654321" in told
        assert words.NOT_VERIFIED in await call(stock, replace(KNOWN, verified=False), product="a")
        assert words.NOT_ON_FILE in await call(stock, replace(KNOWN, phone=None), product="a")


async def test_a_tool_whose_guarded_parameter_is_gone_is_not_offered() -> None:
    with capture_logs() as logs:
        async with shop(from_contact={"stock": ["article"]}) as tools:
            assert "stock" not in tools
            assert "secret" in tools
    (said,) = [line for line in logs if line["event"] == "mcp_tool_unguarded"]
    assert (said["tool"], said["missing"], said["log_level"]) == ("stock", ["article"], "warning")
