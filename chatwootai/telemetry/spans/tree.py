"""The spans of a turn, made from its record. Pure.

turn                     from the arrival to the end
wait, media, window, meaning, commit, post, interim
invoke_agent {crew}    a draft; one that was overtaken by a newer message has `chatwootai.superseded`
chat {model}         a call of a model, all of its requests
execute_tool {tool}
retrieval            the documents that were offered
...                  further steps of the crew: they have no moment of their own, and lie one behind the other
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chatwootai.telemetry.spans.span import EndedTurnTimes, Span, SpanKind, Timed, Value

_DRAFT: Final = "draft"
_NAMES: Final = {"queue": "wait"}
_TOOL: Final = "tool "
_ROOT: Final = 0
Names = Mapping[str, tuple[str, ...]]


class _Tree:
    """Numbers spans as they are made."""

    def __init__(self, turn: EndedTurnTimes, names: Names) -> None:
        self.turn = turn
        self.names = names
        self.spans: list[Span] = []

    def add(
        self,
        name: str,
        timed: Timed,
        parent: int | None = _ROOT,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        words: Mapping[str, Value | None] | None = None,
        own: Mapping[str, Value | None] | None = None,
        error: str = "",
    ) -> int:
        """Add a span and return its number. `words`: attributes by our words for them; `own`: by their names."""
        number = len(self.spans)
        attributes = {each: value for each, value in (own or {}).items() if value is not None}
        for word, said in (words or {}).items():
            attributes |= {each: said for each in self.names[word] if said is not None}
        self.spans.append(
            Span(
                number=number,
                parent=parent,
                name=name,
                kind=kind,
                began=timed.began,
                seconds=timed.seconds,
                attributes=attributes,
                error=error,
            )
        )
        return number


def spans_of(turn: EndedTurnTimes, names: Names) -> list[Span]:
    """Return the spans of a turn, the root first. `names`: those of the vocabulary in use."""
    tree = _Tree(turn, names)
    _add_root(tree)
    last = max((place for place, step in enumerate(turn.steps) if step.name == _DRAFT), default=None)
    for place, step in enumerate(turn.steps):
        if step.name != _DRAFT:
            tree.add(_NAMES.get(step.name, step.name), step, own={"openinference.span.kind": "CHAIN"})
        else:
            _add_draft(tree, step, served=place == last)
    return tree.spans


def _add_root(tree: _Tree) -> None:
    turn, record = tree.turn, tree.turn.record
    conversation = f"{record['account']}:{record['conversation']}"
    said = turn.words or (None, None)
    error = str(record.get("error") or "") or ("people answer: " + str(record["cause"]) if _failed(record) else "")
    tree.add(
        "turn",
        Timed("turn", turn.began, float(record["seconds"])),
        None,
        kind=SpanKind.SERVER,
        words={"conversation": conversation},
        own={
            "openinference.span.kind": "CHAIN",
            "session.id": conversation,
            "chatwootai.turn": turn.turn,
            **{
                f"chatwootai.{name}": record.get(name)
                for name in ("account", "inbox", "channel", "function", "outcome", "cause", "why", "served_by",
                             "superseded", "tries", "messages", "parts", "cost", "config_version", "config_digest")
            },
            "input.value": said[0],
            "output.value": said[1],
        },
        error=error,
    )  # fmt: skip


def _failed(record: Mapping[str, Any]) -> bool:
    return record.get("cause") in {"model", "failed", "unfit", "unread"}


def _add_draft(tree: _Tree, step: Timed, *, served: bool) -> None:
    turn, crew = tree.turn, str(tree.turn.record.get("function") or "people")
    number = tree.add(
        f"invoke_agent {crew}",
        step,
        words={"operation": "invoke_agent", "agent": crew, "provider": "openai" if turn.calls else None},
        own={
            "openinference.span.kind": "AGENT",
            "chatwootai.superseded": None if served else True,
            "chatwootai.plan": turn.record.get("plan") if served else None,
        },
    )
    if served:
        _add_calls(tree, number)
        _add_tools(tree, number)
        _add_parts(tree, number, step)


def _add_calls(tree: _Tree, parent: int) -> None:
    said = tree.turn.words or (None, None)
    for call in tree.turn.calls:
        more = call.more
        tree.add(
            f"chat {call.name}",
            call,
            parent,
            kind=SpanKind.CLIENT,
            words={
                "operation": "chat",
                "provider": "openai",
                "model": call.name,
                "response_model": call.name,
                "finish": (str(more["finish"]),) if more.get("finish") else None,
                "input_tokens": more.get("prompt_tokens"),
                "output_tokens": more.get("completion_tokens"),
                "cached_tokens": more.get("cached_tokens"),
                "input": said[0],
                "output": said[1],
            },
            own={
                "openinference.span.kind": "LLM",
                **{
                    f"chatwootai.{name}": more.get(name)
                    for name in ("served_by", "requests", "hedged", "first_seconds", "cost")
                },
            },
        )


def _add_tools(tree: _Tree, parent: int) -> None:
    for tool in tree.turn.tools:
        outcome = str(tool.more.get("outcome") or "")
        tree.add(
            f"execute_tool {tool.name}",
            tool,
            parent,
            words={"operation": "execute_tool", "tool": tool.name},
            own={"openinference.span.kind": "TOOL", "chatwootai.tool.outcome": outcome},
            error=outcome if outcome in {"failed", "unknown"} else "",
        )


def _add_parts(tree: _Tree, parent: int, step: Timed) -> None:
    """Add what else a draft came by: the steps of its crew, and what was looked up."""
    at = step.began
    for name, seconds in _parts(tree.turn.parts):
        tree.add(name, Timed(name, at, seconds), parent, own={"openinference.span.kind": "CHAIN"})
        at += seconds
    passages: Sequence[Any] = tree.turn.record.get("passages") or ()
    if passages:
        tree.add(
            "retrieval",
            Timed("retrieval", step.began, 0.0),
            parent,
            words={"operation": "retrieval"},
            own={
                "openinference.span.kind": "RETRIEVER",
                "chatwootai.documents": [f"{source}/{document}" for source, document, *_ in passages],
            },
        )


def _parts(parts: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the steps of a crew that are no tools: those have spans with their own moments."""
    return ((name, seconds) for name, seconds in parts if not name.startswith(_TOOL))
