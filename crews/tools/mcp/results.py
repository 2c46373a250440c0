"""A server's results as JSON that a model can read: words as they are, everything else by name. Pure."""

from typing import Any

from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from crews.run_state.tool_result import Fate, ToolAnswer


def to_answer(found: CallToolResult) -> ToolAnswer:
    """Return the tool's answer; an error that it reports is one, and what it did before is not known."""
    value = _value(found)
    return ToolAnswer({"error": value}, Fate.FAILED) if found.isError else ToolAnswer(value)


def _value(found: CallToolResult) -> Any:
    parts = [_part(each) for each in found.content]
    if found.structuredContent is None:
        return "\n".join(parts)
    # Its text says the same once more; files and links beside it do not.
    others = [part for part, each in zip(parts, found.content, strict=True) if not isinstance(each, TextContent)]
    return {**found.structuredContent, "attached": others} if others else found.structuredContent


def _part(each: ContentBlock) -> str:
    if isinstance(each, TextContent):
        return each.text
    if isinstance(each, ResourceLink):
        return _name("link", str(each.uri), each.title or each.name, each.description)
    if isinstance(each, EmbeddedResource):
        return _resource(each.resource)
    return _name(each.type, each.mimeType, f"{_size(each.data)} bytes, cannot be shown here")


def _resource(held: TextResourceContents | BlobResourceContents) -> str:
    if isinstance(held, TextResourceContents):
        return f"{_name('file', str(held.uri), held.mimeType)}\n{held.text}"
    return _name("file", str(held.uri), held.mimeType, f"{_size(held.blob)} bytes, cannot be shown here")


def _name(*words: str | None) -> str:
    return f"[{', '.join(word for word in words if word)}]"


def _size(base64: str) -> int:
    return len(base64) * 3 // 4
