"""Fixed reasons of handoffs, beyond their cause, each with its words for people in three languages. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from chatwootai.model.policy.unfit import Unfit


class Trouble(StrEnum):
    """Reasons why no model answered: values of a metric's label, so their number stays fixed."""

    NO_KEY = "no_key"  # none is set
    KEY_REFUSED = "key_refused"  # 401, 403
    NO_CREDIT = "no_credit"
    NO_MODEL = "no_model"  # 404: it has no model of this name
    TOO_LONG = "too_long"
    REFUSED = "refused"  # any other 4xx
    BUSY = "busy"  # 429, or no room at a limited key
    FAILING = "failing"  # 5xx, or an answer that is none
    AWAY = "away"  # it cannot be reached
    LATE = "late"  # the turn's deadline came first
    SILENT = "silent"  # it ended without a word
    WITHHELD = "withheld"  # a filter of the service's
    BUDGET = "budget"


UNKNOWING: Final = "unknowing"
"""A draft that says that it does not know, and no more."""
SUBJECTS: Final = ("health", "charge", "fraud", "legal", "self_harm")
"""The subjects whose phrases ship; a tenant's others go by their own names."""


_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "pt": {
        Unfit.EMPTY: "estava vazia",
        Unfit.PLACEHOLDER: "tinha um espaço que ninguém preencheu",
        Unfit.ERROR: "trazia uma mensagem de erro",
        Unfit.TOOL_ERROR: "trazia a falha de uma ferramenta",
        Unfit.TOOL_CALL: "era uma chamada de ferramenta",
        Unfit.DATA: "eram dados em vez de palavras",
        Unfit.INSTRUCTIONS: "repetia as instruções do assistente",
        Unfit.KEY: "continha uma chave ou um código interno",
        Unfit.ID: "continha o nome de um campo interno",
        Unfit.MODEL: "falava de si como um modelo de linguagem",
        Unfit.DIALOGUE: "continha os dois lados de uma conversa",
        Unfit.THOUGHTS: "eram pensamentos em vez de uma resposta",
        Unfit.LOOP: "repetia sempre a mesma coisa",
        Unfit.UNGROUNDED: "trazia um número ou endereço que não está nos documentos",
        Trouble.NO_KEY: "falta a chave do serviço de IA",
        Trouble.KEY_REFUSED: "o serviço de IA recusou a chave",
        Trouble.NO_CREDIT: "o crédito do serviço de IA acabou",
        Trouble.NO_MODEL: "o serviço de IA não oferece o que está configurado",
        Trouble.TOO_LONG: "a conversa é longa demais para a IA",
        Trouble.REFUSED: "o serviço de IA recusou o pedido",
        Trouble.BUSY: "o serviço de IA está sobrecarregado",
        Trouble.FAILING: "o serviço de IA falhou",
        Trouble.AWAY: "o serviço de IA não pôde ser alcançado",
        Trouble.LATE: "o serviço de IA não respondeu a tempo",
        Trouble.SILENT: "a IA terminou sem dizer nada",
        Trouble.WITHHELD: "o filtro do serviço de IA reteve a resposta",
        Trouble.BUDGET: "o orçamento do assistente acabou",
        UNKNOWING: "ela só diz que não sabe",
        "health": "saúde depois de usar um produto",
        "charge": "cobrança em dobro ou indevida",
        "fraud": "fraude",
        "legal": "ameaça de medida legal",
        "self_harm": "risco para a própria vida",
    },
    "es": {
        Unfit.EMPTY: "estaba vacía",
        Unfit.PLACEHOLDER: "tenía un espacio que nadie completó",
        Unfit.ERROR: "traía un mensaje de error",
        Unfit.TOOL_ERROR: "traía el fallo de una herramienta",
        Unfit.TOOL_CALL: "era una llamada a una herramienta",
        Unfit.DATA: "eran datos en lugar de palabras",
        Unfit.INSTRUCTIONS: "repetía las instrucciones del asistente",
        Unfit.KEY: "contenía una clave o un código interno",
        Unfit.ID: "contenía el nombre de un campo interno",
        Unfit.MODEL: "hablaba de sí como un modelo de lenguaje",
        Unfit.DIALOGUE: "contenía los dos lados de una conversación",
        Unfit.THOUGHTS: "eran pensamientos en lugar de una respuesta",
        Unfit.LOOP: "repetía siempre lo mismo",
        Unfit.UNGROUNDED: "traía un número o una dirección que no está en los documentos",
        Trouble.NO_KEY: "falta la clave del servicio de IA",
        Trouble.KEY_REFUSED: "el servicio de IA rechazó la clave",
        Trouble.NO_CREDIT: "se acabó el crédito del servicio de IA",
        Trouble.NO_MODEL: "el servicio de IA no ofrece lo que está configurado",
        Trouble.TOO_LONG: "la conversación es demasiado larga para la IA",
        Trouble.REFUSED: "el servicio de IA rechazó la petición",
        Trouble.BUSY: "el servicio de IA está sobrecargado",
        Trouble.FAILING: "el servicio de IA falló",
        Trouble.AWAY: "no se pudo alcanzar el servicio de IA",
        Trouble.LATE: "el servicio de IA no respondió a tiempo",
        Trouble.SILENT: "la IA terminó sin decir nada",
        Trouble.WITHHELD: "el filtro del servicio de IA retuvo la respuesta",
        Trouble.BUDGET: "se acabó el presupuesto del asistente",
        UNKNOWING: "solo dice que no sabe",
        "health": "salud después de usar un producto",
        "charge": "cobro doble o indebido",
        "fraud": "fraude",
        "legal": "amenaza de medidas legales",
        "self_harm": "riesgo para la propia vida",
    },
    "en": {
        Unfit.EMPTY: "it was empty",
        Unfit.PLACEHOLDER: "it had a placeholder that nobody filled",
        Unfit.ERROR: "it held an error's words",
        Unfit.TOOL_ERROR: "it held a tool's failure",
        Unfit.TOOL_CALL: "it was a call of a tool",
        Unfit.DATA: "it was data instead of words",
        Unfit.INSTRUCTIONS: "it recited the assistant's instructions",
        Unfit.KEY: "it held a key or an internal code",
        Unfit.ID: "it held the name of an internal field",
        Unfit.MODEL: "it spoke of being a language model",
        Unfit.DIALOGUE: "it held both sides of a conversation",
        Unfit.THOUGHTS: "it was thoughts instead of an answer",
        Unfit.LOOP: "it said the same again and again",
        Unfit.UNGROUNDED: "it held a figure or address that no document bears out",
        Trouble.NO_KEY: "the AI service's key is not set",
        Trouble.KEY_REFUSED: "the AI service refused the key",
        Trouble.NO_CREDIT: "the AI service's credit is used up",
        Trouble.NO_MODEL: "the AI service does not offer what is configured",
        Trouble.TOO_LONG: "the conversation is too long for the AI",
        Trouble.REFUSED: "the AI service refused the request",
        Trouble.BUSY: "the AI service was too busy",
        Trouble.FAILING: "the AI service failed",
        Trouble.AWAY: "the AI service could not be reached",
        Trouble.LATE: "the AI service did not respond in time",
        Trouble.SILENT: "the AI ended without a word",
        Trouble.WITHHELD: "the AI service's filter withheld the answer",
        Trouble.BUDGET: "the assistant's budget is spent",
        UNKNOWING: "it only says that it does not know",
        "health": "health after the use of a product",
        "charge": "a double or wrong charge",
        "fraud": "fraud",
        "legal": "a legal threat",
        "self_harm": "danger to their own life",
    },
}
LANGUAGES: Final = tuple(_WORDS)


def reason_text(reason: str, language: str) -> str:
    """Return a reason in a language that is spoken here, else in English, else its name; empty if there is none."""
    return _WORDS.get(language, _WORDS["en"]).get(reason, reason.replace("_", " "))


def named_cause(cause: str | None, why: str | None, error: str | None = None) -> str:
    """Return a handoff's cause in the words that an operator looks for, as `model: 401 invalid_api_key`.

    `why`: its reason, as the metric's label has it; `error`: what a model's endpoint said, which stands in its place.
    """
    return ": ".join(filter(None, (cause, error or (why or "").replace("_", " "))))


def is_named(wanted: str, *causes: str) -> bool:
    """Tell whether one of the causes holds the words that are wanted, whatever their case, `_` or a space between."""
    return any(_loosely(wanted) in _loosely(cause) for cause in causes)


def _loosely(text: str) -> str:
    return text.casefold().replace("_", " ").strip()


def label(reason: str | None) -> str:
    """Return a reason as a metric's label: an operator's own is `own`, so that the number of series stays fixed."""
    if not reason:
        return ""
    return reason if reason in _WORDS["en"] else "own"
