"""Finds the tools that a message calls for before any model is asked, and their arguments.

A pattern searches what a stranger wrote, so each search ends after a few milliseconds whatever the pattern is like: the
library looks at the clock while it searches, which Python's own does not. It searches in a thread, and without the
interpreter's lock.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import regex
from crewai.tools.base_tool import BaseTool

from chatwootai.model.message.delivery import Contact
from chatwootai.telemetry import log
from config.settings.prefetch import Prefetch
from config.settings.tools import Tools
from crews.tools.mcp.tool import RemoteTool
from crews.tools.outside_tool import OutsideTool
from crews.tools.toolset import Toolset

MOST_CALLS: Final = 4
"""Calls that are made before a model is asked, of all tools together."""
_OF_ONE: Final = 2  # calls of one tool
_SEARCH_SECONDS: Final = 0.02  # for one pattern
_LONGEST: Final = 4_000  # characters of a message that are searched
_log = log.get("tools")


@dataclass(frozen=True, slots=True)
class PrefetchCall:
    """A call that is to be made."""

    tool: OutsideTool
    arguments: Mapping[str, Any]


async def calls_worthwhile(
    tools: Tools, toolset: Toolset, named: Collection[str], text: str, contact: Contact
) -> tuple[PrefetchCall, ...]:
    """Return the calls that a message makes worthwhile.

    Args:
        tools: what an operator declared.
        toolset: the tools themselves.
        named: the names that the crew's agents give; others are not for this crew.
        text: what the contact has just written.
        contact: who writes; tools that must know more of them than is known are left out.
    """
    known = [(tool, when) for tool, when in _declared_tools(tools, toolset, named) if tool.refusal(contact) is None]
    found: list[PrefetchCall] = []
    for tool, when in known:
        found += [PrefetchCall(tool, each) for each in await _arguments(tool, when, text)]
    return tuple(found[:MOST_CALLS])


def _declared_tools(tools: Tools, toolset: Toolset, named: Collection[str]) -> Iterator[tuple[OutsideTool, Prefetch]]:
    for name, request in tools.http.items():
        tool = toolset.get(name)
        if request.prefetch is not None and name in named and isinstance(tool, OutsideTool):
            yield tool, request.prefetch
    for name, server in tools.mcp.items():
        several = toolset.get(name, ())
        if server.prefetch is not None and name in named and isinstance(several, tuple):
            yield from ((each, server.prefetch) for each in _of_server(several, server.prefetched))


def _of_server(tools: Sequence[BaseTool], wanted_name: str | None) -> Iterator[OutsideTool]:
    """Yield the tool that is meant, where its server says that it only reads; none while the server is away."""
    for tool in tools:
        if isinstance(tool, RemoteTool) and tool.name_there == wanted_name:
            if tool.reads:
                yield tool
            else:
                _log.warning("prefetch_not_readonly", tool=tool.name)


async def _arguments(tool: OutsideTool, when: Prefetch, text: str) -> list[dict[str, Any]]:
    """Return the arguments of each call of one tool: those that fit its schema, none twice."""
    if when.pattern is None:
        found: list[dict[str, Any]] = [{}]
    else:
        found = await asyncio.to_thread(named_groups, when.pattern, text[:_LONGEST])
    fitting: list[dict[str, Any]] = []
    for each in found:
        settled = tool.parameters.coerced(each)
        if settled not in fitting and not tool.parameters.errors(settled, 1):
            fitting.append(settled)
    return fitting[:_OF_ONE]


def named_groups(pattern: str, text: str, seconds: float = _SEARCH_SECONDS) -> list[dict[str, Any]]:
    """Return what the named groups hold at each place where a pattern is found; what was found in time, no more."""
    found: list[dict[str, Any]] = []
    until = time.monotonic() + seconds
    try:
        for match in regex.finditer(pattern, text, timeout=seconds, concurrent=True):
            found.append({name: value for name, value in match.groupdict().items() if value is not None})
            if len(found) >= MOST_CALLS or time.monotonic() > until:
                break
    except TimeoutError:
        _log.warning("prefetch_pattern_slow", pattern=pattern[:60])
    return found
