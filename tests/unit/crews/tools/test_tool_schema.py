"""What a model is offered of a tool's parameters: strict only where nothing is lost by it."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.tools.tool_schema import Parameters

TEXT = {"type": "string"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    "schema",
    [
        of(filters={"type": "object"}),
        of(filters={"type": "object", "additionalProperties": True}),
        of(filters={"type": "object", "properties": {}}),
        of(prices={"type": "object", "additionalProperties": {"type": "number"}}),
        of(prices={"type": "object", "patternProperties": {"^x": TEXT}}),
        of(anything={}),
        of(anything=True),
        of(several={"type": "array"}),
        of(several={"type": "array", "items": {"type": "object"}}),
        of(pair={"type": "array", "prefixItems": [TEXT], "items": TEXT}),
        of(both={"allOf": [TEXT]}),
        of(one={"oneOf": [TEXT, {"type": "object"}]}),
        of(other={"not": TEXT}),
        of(far={"$ref": "https://x.example/schema"}),
        of(lost={"$ref": "#/$defs/none"}),
        {"type": "object", "additionalProperties": True, "properties": {"a": TEXT}},
        {"type": "object", "anyOf": [of(a=TEXT), of(b=TEXT)]},
        {**of(a=TEXT), "dependentRequired": {"a": ["b"]}},
        {**of(a={"$ref": "#/$defs/free"}), "$defs": {"free": {"type": "object"}}},
    ],
)
def test_what_would_lose_something_is_offered_as_it_was_written(schema: dict[str, Any]) -> None:
    made = Parameters.of(schema)
    assert not made.strict
    assert made.offered["properties"] == schema.get("properties", {})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {}, "additionalProperties": False},
        of(a=TEXT, b={"type": "integer", "minimum": 1}),
        of(a={"enum": ["x", "y"]}, b={"const": 3}),
        of(a={"anyOf": [TEXT, {"type": "null"}]}),
        of(a={"oneOf": [TEXT, {"type": "integer"}]}),
        of(a={"type": "array", "items": of(b=TEXT)}),
        {
            **of(a={"$ref": "#/$defs/node"}),
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "x": TEXT}}},
        },
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            **of(a={"type": "string", "default": "x", "format": "uri"}),
        },
    ],
)
def test_what_loses_nothing_is_strict_and_every_object_in_it_closed(schema: dict[str, Any]) -> None:
    made = Parameters.of(schema)
    assert made.strict
    jsonschema.Draft202012Validator.check_schema(made.offered)
    for each in objects(made.offered):
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])
        assert not each.keys() & {"default", "title", "$schema", "oneOf"}


def objects(schema: Any) -> list[Any]:
    if isinstance(schema, list):
        return [found for each in schema for found in objects(each)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if "object" in (schema.get("type") or ()) else []
    return own + [found for each in schema.values() for found in objects(each)]


def test_what_is_optional_may_be_null_and_then_is_left_out() -> None:
    schema = {
        "type": "object",
        "required": ["sku"],
        "properties": {
            "sku": TEXT,
            "size": {"type": "string", "default": "M"},
            "kind": {"enum": ["a", "b"]},
            "deep": {"type": "object", "properties": {"x": TEXT}},
        },
    }
    made = Parameters.of(schema)
    assert made.offered["properties"]["size"]["type"] == ["string", "null"]
    assert "'M'" in made.offered["properties"]["size"]["description"]
    assert made.offered["properties"]["kind"] == {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}
    sent = {"sku": "1", "size": None, "kind": None, "deep": {"x": None}}
    assert jsonschema.Draft202012Validator(made.offered).is_valid(sent)
    assert made.coerced(sent) == {"sku": "1", "deep": {}}
    assert made.errors(made.coerced(sent), 5) == []


def test_numbers_that_came_as_text_are_numbers_and_what_does_not_fit_is_said() -> None:
    made = Parameters.of(of(n={"type": "integer"}, price={"type": "number"}, yes={"type": "boolean"}, zip=TEXT))
    assert made.coerced({"n": "3", "price": "2.5", "yes": "true", "zip": 123}) == {
        "n": 3,
        "price": 2.5,
        "yes": True,
        "zip": "123",
    }
    assert made.errors({"n": "three", "price": 1}, 5) == [
        "n: 'three' is not of type 'integer'",
        "arguments: 'yes' is a required property",
        "arguments: 'zip' is a required property",
    ]
    assert len(made.errors({}, 2)) == 2


def test_a_strangers_expression_is_not_tried_and_a_schema_that_is_none_refuses_nothing() -> None:
    slow = Parameters.of(of(a={"type": "string", "pattern": "^(a+)+$"}, pattern=TEXT))
    assert slow.errors({"a": "a" * 40 + "!", "pattern": "x"}, 5) == []
    assert slow.errors({"a": "a"}, 5) != []
    assert Parameters.of({"properties": {"a": {"type": "strange"}}}).errors({"a": 1}, 5) == []
    assert Parameters.of({"properties": {"a": {"$ref": "https://x.example/"}}}).errors({"a": 1}, 5) == []


leaf = st.sampled_from([TEXT, {"type": "integer"}, {"enum": ["a"]}, {"type": "object"}, {"type": ["string", "null"]}])
schemas = st.recursive(
    leaf,
    lambda below: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, below),
        st.builds(lambda each: {"anyOf": each}, st.lists(below, min_size=1, max_size=3)),
        st.builds(
            lambda properties, needed: {"type": "object", "properties": properties, "required": [*properties][:needed]},
            st.dictionaries(st.sampled_from("abcd"), below, min_size=1, max_size=3),
            st.integers(0, 3),
        ),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("xyz"), schemas, min_size=1, max_size=3))
def test_no_free_object_is_ever_closed(properties: dict[str, Any]) -> None:
    made = Parameters.of({"type": "object", "properties": properties})
    free = any(each == {"type": "object"} for each in objects(properties))
    assert made.strict is not free
    jsonschema.Draft202012Validator.check_schema(made.offered)
