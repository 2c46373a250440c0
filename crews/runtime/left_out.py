"""Parts that crewai imports and no run of ours comes near, kept out of a worker's memory: a sixth of what it imports.

Each is stood in for by a module that holds the names which its importers take from it. Who uses one is told so.
"""

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final


class LeftOut:
    """A class of a module that was left out: it cannot be made, and is no class of anything that was."""

    def __init__(self, *_: object, **__: object) -> None:
        raise RuntimeError(f"{type(self).__name__} is left out of this process: crews.runtime.left_out")


def _classes(*names: str) -> dict[str, Any]:
    return {name: type(name, (LeftOut,), {}) for name in names}


_STAND_INS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The applications that CrewAI's cloud connects to, 8 MB of source: no agent here names one.
    "crewai_core.platform_apps": {"PlatformApp": str},
    # gRPC, for traces that chromadb would send of itself.
    "opentelemetry.exporter.otlp.proto.grpc.trace_exporter": _classes("OTLPSpanExporter"),
    # 300 types of OpenAI's assistants, an interface that is switched off.
    "openai.lib.streaming._assistants": _classes(
        "AssistantEventHandler", "AssistantEventHandlerT", "AssistantStreamManager",
        "AsyncAssistantEventHandler", "AsyncAssistantEventHandlerT", "AsyncAssistantStreamManager",
    ),
}  # fmt: skip


def leave_out() -> None:
    """Put the stand-ins where an import finds them; what is imported already stays as it is."""
    for name, values in _STAND_INS.items():
        if name not in sys.modules:
            module = ModuleType(name, "A stand-in: crews.runtime.left_out.")
            module.__dict__.update(values)
            sys.modules[name] = module
