"""An instance of a JSON schema, filled from what the customer wrote. Pure."""

import re
from typing import Any

from sandbox.llm.answering import words

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_SAYS = frozenset({"answer", "text", "reply", "message", "content", "response", "output", "result", "resposta", "raw"})
_NAMES_A_THING = ("order", "number", "code", "id", "sku", "pedido", "numero", "codigo", "protocol", "track")
_FORMATS = {
    "date": "2025-01-31",
    "time": "09:00:00Z",
    "date-time": "2025-01-31T09:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
}
_DEEPEST = 12


class Filler:
    """Fills a schema from `question`; `answer` goes where text to say is asked for, `known` where certainty is."""

    def __init__(self, root: dict[str, Any], question: str, answer: str = "", known: bool = True) -> None:
        self._root = root
        self._question = question
        self._answer = answer
        self._known = known
        self._codes = words.distinctive(question)

    def fill(self) -> Any:
        """Return an instance of the whole schema."""
        return self._value(self._root, "", 0)

    def _value(self, given: Any, name: str, depth: int) -> Any:
        schema = self._resolve(given)
        if depth > _DEEPEST or not schema:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"])
        make = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
        }.get(_kind(schema))
        return make(schema, name, depth) if make else None

    def _resolve(self, given: Any) -> dict[str, Any]:
        """Follow references and take the first alternative that is not null; merge what must hold together."""
        schema: dict[str, Any] = given if isinstance(given, dict) else {}
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                schema = self._follow(str(schema["$ref"]))
            elif schema.get("anyOf") or schema.get("oneOf"):
                ways = schema.get("anyOf") or schema["oneOf"]
                schema = next((way for way in ways if way.get("type") != "null"), ways[0])
            elif schema.get("allOf"):
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                schema = _merge([*map(self._resolve, schema["allOf"]), rest])
            else:
                return schema
        return {}

    def _follow(self, reference: str) -> dict[str, Any]:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if step else found
        return found if isinstance(found, dict) else {}

    def _object(self, schema: dict[str, Any], _name: str, depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = schema.get("properties", {})
        required = schema.get("required", list(properties))
        wanted = list(properties) if depth == 0 else [key for key in properties if key in required]
        return {key: self._value(properties[key], key, depth + 1) for key in wanted}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least = max(int(schema.get("minItems", 0)), 1 if depth == 1 and self._codes and "items" in schema else 0)
        return [self._value(schema.get("items", {}), name, depth + 1) for _ in range(least)]

    def _string(self, schema: dict[str, Any], name: str, _depth: int) -> str:
        text = _FORMATS.get(str(schema.get("format"))) or self._words_for(words.fold(name), schema)
        pattern = schema.get("pattern")
        if pattern and not re.search(pattern, text):
            text = next((code for code in self._codes if re.search(pattern, code)), text)
        text = text.ljust(int(schema.get("minLength", 0)), "-")
        return text[: int(schema.get("maxLength", len(text)))]

    def _words_for(self, name: str, schema: dict[str, Any]) -> str:
        email = _EMAIL.search(self._question)
        if "mail" in name or schema.get("format") == "email":
            return email[0] if email else "nobody@example.com"
        if name in _SAYS and self._answer:
            return self._answer
        if self._codes and any(part in name for part in _NAMES_A_THING):
            return self._codes[0]
        if "lang" in name or "idioma" in name:
            return words.language(self._question) or "en"
        return self._question.strip()

    def _integer(self, schema: dict[str, Any], name: str, depth: int) -> int:
        return round(self._number(schema, name, depth))

    def _number(self, schema: dict[str, Any], name: str, _depth: int) -> float:
        if any(word in name for word in ("confidence", "score", "certainty")):
            return _within(schema, 0.9 if self._known else 0.2)
        said = _NUMBER.search(self._question)
        return _within(schema, float(said[0].replace(",", ".")) if said else 1)

    def _boolean(self, _schema: dict[str, Any], name: str, _depth: int) -> bool:
        """Return whether the question is about what the property is named for."""
        return bool(words.matter(name.replace("_", " ")) & words.matter(self._question))

    def _choice(self, values: list[Any]) -> Any:
        asked = words.matter(self._question)
        return max(values, key=lambda value: len(words.matter(str(value).replace("_", " ")) & asked))


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    return str(kind or ("object" if "properties" in schema else "string"))


def _within(schema: dict[str, Any], value: float) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    value = max(value, low) if low is not None else value
    return min(value, high) if high is not None else value


def _merge(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for schema in schemas:
        properties = {**whole.get("properties", {}), **schema.get("properties", {})}
        required = [*whole.get("required", []), *schema.get("required", [])]
        whole = {**whole, **schema, "properties": properties, "required": required}
    return whole
