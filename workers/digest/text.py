"""Writes a day's figures as the message of the morning after. Pure; no single customer is in it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from chatwootai.model.message.turn import Verdict
from chatwootai.model.policy.notes import cause_words
from chatwootai.stores.figures.day_counts import DayCounts
from chatwootai.stores.figures.summary import percent, summary

_MOST_CAUSES: Final = 5
_LINES: Final[Mapping[str, Mapping[str, str]]] = {
    "pt": {
        "day": "%d/%m/%Y",
        "title": "Resumo do assistente: {day}",
        "none": "Ninguém escreveu ao assistente. No dia anterior: {before}.",
        "turns": "Mensagens tratadas: {turns} (no dia anterior: {before})",
        "replies": "Respondidas sem pessoas: {count} ({share} %), {fast} em menos de 3 segundos",
        "pace": "Metade das respostas em até {half} s, 95 % em até {most} s",
        "handoffs": "Entregues a pessoas: {count}",
        "silences": "Sem resposta, de propósito: {count}",
        "cost": "Custo do modelo: US$ {cost}",
    },
    "es": {
        "day": "%d/%m/%Y",
        "title": "Resumen del asistente: {day}",
        "none": "Nadie escribió al asistente. El día anterior: {before}.",
        "turns": "Mensajes tratados: {turns} (el día anterior: {before})",
        "replies": "Respondidos sin personas: {count} ({share} %), {fast} en menos de 3 segundos",
        "pace": "La mitad de las respuestas en {half} s o menos, el 95 % en {most} s o menos",
        "handoffs": "Entregados a personas: {count}",
        "silences": "Sin respuesta, a propósito: {count}",
        "cost": "Coste del modelo: US$ {cost}",
    },
    "en": {
        "day": "%Y-%m-%d",
        "title": "The assistant's day: {day}",
        "none": "Nobody wrote to the assistant. The day before: {before}.",
        "turns": "Messages dealt with: {turns} (the day before: {before})",
        "replies": "Answered without people: {count} ({share} %), {fast} in under 3 seconds",
        "pace": "Half of the answers within {half} s, 95 % within {most} s",
        "handoffs": "Given to people: {count}",
        "silences": "Left without an answer, on purpose: {count}",
        "cost": "Cost of the model: US$ {cost}",
    },
}


def digest_text(day: date, counts: DayCounts, before: DayCounts, language: str) -> str:
    """Return the digest of a day, beside the number of the day before; in English where it has no such language.

    Its figures are those that the console and the tool `figures` show.
    """
    code = language.partition("-")[0].lower()
    code = code if code in _LINES else "en"
    say = _LINES[code]
    title = say["title"].format(day=day.strftime(say["day"]))
    if not counts.turns():
        return f"{title}\n{say['none'].format(before=before.turns())}"
    return "\n".join((title, *(f"- {line}" for line in _figures(counts, before, say, code))))


def _figures(counts: DayCounts, before: DayCounts, say: Mapping[str, str], code: str) -> Iterator[str]:
    found, replies = summary(counts), counts.turns(Verdict.REPLY)
    yield say["turns"].format(turns=found["turns"], before=before.turns())
    share = _number(percent(replies, found["turns"]), 1, code)
    yield say["replies"].format(count=replies, share=share, fast=found["under_3_s"])
    if replies:
        half, most = (_number(found[name], 1, code) for name in ("p50_seconds", "p95_seconds"))
        yield say["pace"].format(half=half, most=most)
    yield from _handoffs(counts, say, code)
    if found["silences"]:
        yield say["silences"].format(count=found["silences"])
    if found["cost"]:
        yield say["cost"].format(cost=_number(found["cost"], 2, code))


def _handoffs(counts: DayCounts, say: Mapping[str, str], code: str) -> Iterator[str]:
    causes = counts.by_cause().most_common(_MOST_CAUSES)
    line = say["handoffs"].format(count=counts.turns(Verdict.HANDOFF))
    reasons = "; ".join(f"{count} × {cause_words(cause, code)}" for cause, count in causes)
    yield f"{line} ({reasons})" if reasons else line


def _number(value: Any, digits: int, code: str) -> str:
    written = f"{value or 0:.{digits}f}"
    return written if code == "en" else written.replace(".", ",")
