"""From a chat request to what the model will say, and how fast: everything decided before the first byte."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.llm.answering import tools, words
from sandbox.llm.answering.answer import SHORTEST, compose, nearest
from sandbox.llm.answering.obedient import obedient_answer, obedient_calls
from sandbox.llm.answering.prompt import Prompt, read_prompt, text_of
from sandbox.llm.answering.schema import Filler
from sandbox.llm.curve import CURVES, Curve, Lengths, Pace, named
from sandbox.llm.errors import invalid
from sandbox.llm.settings import Settings

_REAL_MEDIAN = 70
_PAST = 2 * SHORTEST
"""How far past its limit an answer goes that is to be cut there: it may fall a sentence short of its length."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A decided answer: `pieces` of text, or `calls` of tools (id, name, JSON arguments).

    `finish` is OpenAI's reason.
    """

    id: str
    pieces: tuple[str, ...]
    calls: tuple[tuple[str, str, str], ...]
    finish: str
    prompt_tokens: int
    tokens: int
    pace: Pace

    @property
    def text(self) -> str:
        """Return the whole answer."""
        return "".join(self.pieces)

    @property
    def rate(self) -> float:
        """Return how many pieces a second are said; 0 for all at once."""
        events = len(self.pieces) or len(self.calls)
        return self.pace.speed * events / self.tokens if self.tokens else 0.0

    @property
    def seconds(self) -> float:
        """Return how long the whole of it takes to say, the first token included."""
        return self.pace.first + (self.tokens / self.pace.speed if self.pace.speed else 0.0)


class Model:
    """Answers chat requests. A driver's `rules` go before its own judgement; `curves` are paces of single models.

    `obeys`: it does whatever any text of a request says.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lengths = Lengths.read(settings.trace) if settings.trace else None
        self._curve = named(settings.latency)
        self.curves: dict[str, Curve] = {}
        self.rules: list[dict[str, Any]] = []
        self.obeys = False

    def curve(self, model: str) -> Curve:
        """Return the latency of `model`."""
        return self.curves.get(model, self._curve)

    def slow_down(self, latency: str, model: str | None = None) -> None:
        """Take `latency` (a curve's name) from now on, for `model` alone or for all.

        Raises:
            ValueError: There is no such curve.
        """
        if model:
            self.curves[model] = named(latency)
        else:
            self.curves, self._curve = {}, named(latency)

    def complete(self, body: dict[str, Any], number: int) -> Completion:
        """Decide the answer to request `number`.

        Raises:
            Refused: 400, the request makes no sense.
        """
        prompt = read_prompt(checked(body))
        pace = self._pace(body, number)
        identity = hashlib.blake2s(f"{self._settings.seed}:{number}".encode(), digest_size=12).hexdigest()
        prompt_tokens = prompt_size(body)
        rule = self._rule(prompt.question)
        called = _ruled_calls(rule, prompt) if rule else None
        if called is None:
            called = obedient_calls(body) if self.obeys else tools.calls(body, prompt)
        if called:
            calls = tuple((f"call_{identity}{at}", name, _json(given)) for at, (name, given) in enumerate(called))
            spent = sum(words.count(name + given) for _, name, given in calls)
            return Completion(f"chatcmpl-{identity}", (), calls, "tool_calls", prompt_tokens, spent, pace)
        said = obedient_answer(body) if self.obeys else None
        said = str(rule["answer"]) if rule and "answer" in rule else said or say(body, prompt, pace.length)
        pieces = words.pieces(said)
        most = limit(body)
        if most and len(pieces) > most:
            return Completion(f"chatcmpl-{identity}", tuple(pieces[:most]), (), "length", prompt_tokens, most, pace)
        spent = pace.length or len(pieces)
        return Completion(f"chatcmpl-{identity}", tuple(pieces), (), "stop", prompt_tokens, spent, pace)

    def _pace(self, body: dict[str, Any], number: int) -> Pace:
        curve, asked = self.curve(str(body["model"])), self._settings.median_length
        median = (_REAL_MEDIAN if curve.name in CURVES and curve.speed[1] else None) if asked is None else asked or None
        pace = curve.pace(f"{self._settings.seed}:{number}", median, self._lengths)
        most = limit(body)
        past = bool(most and pace.length and pace.length > most)
        return Pace(pace.first, pace.speed, (most or 0) + _PAST) if past else pace

    def _rule(self, question: str) -> dict[str, Any] | None:
        return next((rule for rule in self.rules if str(rule.get("contains", "")) in question), None)


def checked(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a request's messages.

    Raises:
        Refused: 400, something needed is missing or of the wrong type.
    """
    messages = body.get("messages")
    if not isinstance(body.get("model"), str):
        raise invalid("you must provide a model parameter", "model")
    if not isinstance(messages, list) or not messages or not all(isinstance(given, dict) for given in messages):
        raise invalid("'messages' must be a list of at least one message.", "messages")
    if body.get("n", 1) not in (None, 1):
        raise invalid("this server answers n=1 only", "n")
    return messages


def limit(body: dict[str, Any]) -> int | None:
    """Return how many tokens a completion may have.

    Raises:
        Refused: 400, it is no positive number.
    """
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise invalid("max_tokens must be a positive integer", "max_tokens")
    return most


def prompt_size(body: dict[str, Any]) -> int:
    """Return about how many tokens a prompt has, the tools offered included."""
    offered = _json(body["tools"]) if body.get("tools") else ""
    return words.count(offered) + sum(words.count(text_of(message)) + 4 for message in body["messages"])


def say(body: dict[str, Any], prompt: Prompt, length: int | None) -> str:
    """Return the answer's text: prose of about `length` tokens, or JSON where the request asks for it."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") not in ("json_object", "json_schema"):
        return compose(prompt, length)
    answer = compose(prompt)
    schema = (wanted.get("json_schema") or {}).get("schema")
    if not schema:
        return _json({"answer": answer})
    known = bool(prompt.results or nearest(prompt.question, prompt.facts, 1))
    return _json(Filler(schema, prompt.question, answer, known).fill())


def _ruled_calls(rule: dict[str, Any], prompt: Prompt) -> list[tools.Call] | None:
    """Return the calls a rule sets, round after round; None where it sets none, [] once they are through."""
    if "tools" not in rule:
        return None
    return [] if prompt.results else [(call["name"], call.get("arguments", {})) for call in rule["tools"]]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
