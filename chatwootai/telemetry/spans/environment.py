"""Reads OpenTelemetry's own variables of the environment, as far as traces of ours go (docs/guides/tracing.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from chatwootai.telemetry.spans.names import Vocabulary

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PATH: Final = "/v1/traces"


class BadTraces(ValueError):
    """A variable of OpenTelemetry's has a value that cannot be used; the message names it and says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSettings:
    """Address and choice of traces. `share`: of turns in which nothing happened that somebody would look for."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    service: str = "chatwootai-worker"
    resource: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0
    names: Vocabulary = Vocabulary.BOTH

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "TraceSettings | None":
        """Return them; None where no endpoint is set, or OTEL_SDK_DISABLED is true.

        Raises:
            BadTraces: an address, share or vocabulary is none.
        """
        url = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or _below(environ.get(ENDPOINT) or "")
        if not url or (environ.get("OTEL_SDK_DISABLED") or "").lower() == "true":
            return None
        if not url.startswith(("http://", "https://")):
            raise BadTraces(f"{ENDPOINT} is no address: write it as http://collector:4318")
        headers = environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or environ.get("OTEL_EXPORTER_OTLP_HEADERS") or ""
        return cls(
            url=url,
            headers=_pairs(headers),
            service=environ.get("OTEL_SERVICE_NAME") or "chatwootai-worker",
            resource=_pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES") or ""),
            share=_share(environ.get("OTEL_TRACES_SAMPLER_ARG") or "1"),
            names=_names(environ.get("OTEL_GENAI_NAMES") or Vocabulary.BOTH),
        )


def _below(endpoint: str) -> str:
    return endpoint.rstrip("/") + _PATH if endpoint else ""


def _pairs(said: str) -> dict[str, str]:
    """Return `a=b,c=d` as a mapping; values are written as in an address."""
    found = (each.partition("=") for each in said.split(",") if "=" in each)
    return {name.strip(): unquote(value.strip()) for name, _, value in found}


def _share(said: str) -> float:
    try:
        share = float(said)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise BadTraces(f"OTEL_TRACES_SAMPLER_ARG is {said!r}: use a share from 0 to 1")
    return share


def _names(said: str) -> Vocabulary:
    try:
        return Vocabulary(said)
    except ValueError:
        raise BadTraces(f"OTEL_GENAI_NAMES is {said!r}: use {', '.join(Vocabulary)}") from None
