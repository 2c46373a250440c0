import math
from typing import Any

import jsonschema
import pytest

from sandbox.llm.answering.embedding import embed
from sandbox.llm.answering.prompt import read_prompt
from sandbox.llm.answering.schema import Filler
from sandbox.llm.answering.tools import calls

ORDER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "order_status",
        "description": "Look up where an order is",
        "parameters": {
            "type": "object",
            "properties": {
                "order_number": {"type": "string", "pattern": "^[A-Z]+-[0-9]+$"},
                "detail": {"type": "boolean"},
            },
            "required": ["order_number"],
        },
    },
}
HANDOFF = {"type": "function", "function": {"name": "handoff", "description": "Give this to a human"}}


def _calls(question: str, **body: Any) -> list[tuple[str, dict[str, Any]]]:
    prompt = read_prompt([{"role": "user", "content": question}])
    return calls({"tools": [ORDER, HANDOFF], **body}, prompt)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"answer": {"type": "string"}, "n": {"type": "integer", "minimum": 3}}},
        {"$defs": {"x": {"enum": ["a", "b"]}}, "properties": {"k": {"$ref": "#/$defs/x"}}, "required": ["k"]},
        {"properties": {"m": {"anyOf": [{"type": "null"}, {"type": "number", "maximum": 1}]}}},
        {"properties": {"l": {"type": "array", "minItems": 2, "items": {"type": "string", "maxLength": 4}}}},
        {"properties": {"c": {"const": 5}, "t": {"type": ["string", "null"], "minLength": 90}}},
        {"allOf": [{"properties": {"a": {"type": "boolean"}}, "required": ["a"]}, {"type": "object"}]},
        {"properties": {"d": {"type": "string", "format": "date"}, "e": {"type": "string", "format": "email"}}},
        {"type": "object", "properties": {"o": {"type": "object", "properties": {"x": {}}, "required": ["x"]}}},
    ],
)
def test_an_instance_fits_its_schema(schema: dict[str, Any]) -> None:
    filled = Filler(schema, "Where is order AB-12, ana@example.com? 7 days", "It is on its way.").fill()
    jsonschema.validate(filled, schema, format_checker=jsonschema.FormatChecker())


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    schema = {"properties": {"child": {"$ref": "#"}}, "required": ["child"]}
    assert Filler(schema, "x").fill()["child"]


def test_the_answer_and_the_certainty_stand_where_they_are_asked_for() -> None:
    schema = {"properties": {"reply": {"type": "string"}, "confidence": {"type": "number"}}}
    assert Filler(schema, "hours?", "From 9 to 18.", known=True).fill() == {"reply": "From 9 to 18.", "confidence": 0.9}
    assert Filler(schema, "hours?", "I do not know.", known=False).fill()["confidence"] == 0.2


def test_a_question_calls_the_tool_that_fits_with_arguments_from_it() -> None:
    (name, arguments) = _calls("Onde está o pedido PED-77?")[0]
    assert name == "order_status"
    assert arguments["order_number"] == "PED-77"
    jsonschema.validate(arguments, ORDER["function"]["parameters"])


def test_a_question_that_needs_no_tool_calls_none() -> None:
    assert _calls("Bom dia!") == []
    assert _calls("Vocês vendem batom?") == []


def test_the_choice_of_tools_is_obeyed() -> None:
    assert _calls("Onde está o pedido PED-77?", tool_choice="none") == []
    assert len(_calls("Bom dia!", tool_choice="required")) == 1
    named = {"type": "function", "function": {"name": "handoff"}}
    assert _calls("Onde está o pedido PED-77?", tool_choice=named) == [("handoff", {})]


def test_a_result_is_not_asked_for_twice() -> None:
    messages = [{"role": "user", "content": "Onde está o pedido PED-77?"}, {"role": "tool", "content": "enviado"}]
    assert calls({"tools": [ORDER]}, read_prompt(messages)) == []


def _near(first: str, second: str) -> float:
    return sum(a * b for a, b in zip(embed(first), embed(second), strict=True))


def test_what_means_alike_lies_closer_than_what_does_not() -> None:
    assert _near("qual o prazo de entrega?", "prazo para entregar") > 0.5
    assert _near("prazo de entrega", "delivery time") > _near("prazo de entrega", "formas de pagamento")
    assert _near("Qual o PREÇO?", "qual o preco") == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "de a o", "olá mundo", "🙂"])
def test_embeddings_have_length_one(text: str) -> None:
    assert math.hypot(*embed(text, 256)) == pytest.approx(1, abs=1e-5)
