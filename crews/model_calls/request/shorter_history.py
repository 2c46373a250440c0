"""A prompt that is too long for its model, once more with less history. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from crews.model_calls.call import Call, Chat
from crews.model_calls.request.message_roles import as_text


def with_less_history(call: Call) -> Call | None:
    """Return the call with the older half of its conversation left out; None where there is none to leave out.

    Instructions stay, and so does everything from the last thing that the contact said.
    """
    system = [message for message in call.messages if message.get("role") == "system"]
    talk = [message for message in call.messages if message.get("role") != "system"]
    last = max((number for number, message in enumerate(talk) if message.get("role") == "user"), default=0)
    while last and talk[last - 1].get("role") == "user":
        last -= 1  # a burst, or material of other tasks
    kept = talk[_half(talk[:last]) : last]
    if len(kept) == last:
        return None
    return replace(call, messages=[*system, *kept, *talk[last:]])


def _half(history: Sequence[Chat]) -> int:
    """Return how many of the oldest messages make up half of it, at least one where there are any."""
    sizes = [len(as_text(message.get("content"))) for message in history]
    left, half = 0, sum(sizes) / 2
    for number, size in enumerate(sizes, 1):
        left += size
        if left >= half:
            return number
    return len(sizes)
