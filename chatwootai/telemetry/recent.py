"""Keeps a process's newest log lines until they are sent to Redis, where `chatwootai tail` reads them.

What a line holds is cut to what an operator may see: no tracebacks, no texts of people, no addresses or phone numbers.
A line costs a copy of its values; all else is done when lines are taken from here.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from chatwootai.telemetry.mask import TEXT_KEYS

_MOST_WAITING: Final = 200
"""Lines of each severity that wait at most; the oldest go."""
_MOST_CHARACTERS: Final = 160
_MOST_ITEMS: Final = 8
_MOST_FIELDS: Final = 24
_TROUBLES: Final = frozenset({"warning", "error", "critical", "exception"})
_LEFT_OUT: Final = frozenset({"exception", "exc_info", "stack", "stack_info", "process", "steps"})
_OF_OTHERS: Final = frozenset({"crew_failed", "tool_broken", "task_failed"})
"""Events whose `error` is written by code that is not ours, and might quote a customer."""
_PERSONAL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\+\d[\d ()-]{6,}\d|\binput_value=.*", re.DOTALL)


class RecentEvents:
    """Lines that wait to be sent. Closed, as in verbs and tests, it takes none."""

    def __init__(self) -> None:
        self._waiting: dict[bool, deque[dict[str, Any]]] = {}
        self._taken: dict[bool, int] = {}
        self.route: Callable[[dict[str, Any]], RecentEvents] | None = None
        """Returns which of several keeps a line in place of this one; None: this one keeps all."""

    def open(self) -> None:
        """Take lines from now on."""
        self._waiting = {trouble: deque(maxlen=_MOST_WAITING) for trouble in (True, False)}
        self._taken = dict.fromkeys(self._waiting, 0)

    def close(self) -> None:
        """Take none any more, and forget those that wait."""
        self._waiting = {}

    def processor(self, _logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        """Keep a copy of a line that was masked already; return the line as it is. For structlog."""
        if self.route is not None:
            return self.route(event).processor(_logger, method, event)
        if self._waiting and method != "debug":
            trouble = method in _TROUBLES
            self._waiting[trouble].append(dict(event))
            self._taken[trouble] += 1
        return event

    def take(self) -> Iterator[tuple[bool, dict[str, Any]]]:
        """Yield the lines that wait, each with whether it tells of trouble, cut to what an operator may see.

        Lines that were pushed out are told of, as `events_left_out` with their number.
        """
        for trouble, waiting in self._waiting.items():
            lost = self._taken[trouble] - len(waiting)
            self._taken[trouble] = 0
            if lost:
                yield trouble, {"level": "warning" if trouble else "info", "event": "events_left_out", "count": lost}
            for _ in range(len(waiting)):
                yield trouble, shown(waiting.popleft())


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """Return what an operator may see of a line: ids, counts, words of ours; texts cut, people's details masked."""
    if "logger" in event:  # a library's words are its own, and may quote anything
        kept = ("timestamp", "level", "logger")
        return {"event": "library", **{key: event[key] for key in kept if key in event}}
    found: dict[str, Any] = {}
    for key, value in event.items():
        text = key in TEXT_KEYS and not isinstance(value, int)  # a number is an id, and no text
        if text or key in _LEFT_OUT or key[0] == "_" or (key == "error" and event.get("event") in _OF_OTHERS):
            continue
        kept = _short(value)
        if kept is not None and len(found) < _MOST_FIELDS:
            found[key] = kept
    return found


def _may_be_personal(text: str) -> bool:
    """Tell whether a search is worth it: nearly all values are ids, and what is a person's has one of these."""
    return "@" in text or "+" in text or "input_value=" in text


def _short(value: Any) -> Any:
    """Return a value as it may be shown; None for what has no short form."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        cut = value[: 2 * _MOST_CHARACTERS]
        return (_PERSONAL.sub("***", cut) if _may_be_personal(cut) else cut)[:_MOST_CHARACTERS]
    if isinstance(value, list | tuple | set | frozenset) and value:
        plain = [str(_short(each)) for each in list(value)[:_MOST_ITEMS] if isinstance(each, str | int | float)]
        return ",".join(plain)[:_MOST_CHARACTERS] or None
    return None


RECENT: Final = RecentEvents()
