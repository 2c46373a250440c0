"""A value that may be used and never shown."""

import hashlib
import hmac
import re
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MASK = "********"
SHAPE = r"\$\{(file:/[^}]+|[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?)\}|^ENC:"
"""How a secret is written in a file."""
_SENDABLE = re.compile(r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$")


class Secret:
    """A string that masks itself wherever text is made of it; `reveal` is the one way to the value.

    It refuses to be pickled, copies to itself, and pydantic and JSON see the mask. An empty secret is false.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself. Call it where it is used, and keep the result nowhere."""
        return self.__value

    def fingerprint(self) -> str:
        """SHA-256 of the value: tells two secrets apart without holding either. Not for display."""
        return hashlib.sha256(self.__value.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is not pickled: pass the account's key and read the secret from the snapshot")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret has no state to show")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accepts a Secret or text; is written out as the mask, in Python and in JSON."""
        return core_schema.no_info_plain_validator_function(
            _secret,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema for editors: a reference, never a value."""
        return {"type": "string", "pattern": SHAPE, "description": "${NAME}, ${file:/path} or ENC:<ciphertext>"}


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value)
    raise ValueError("a secret is text")


def _sendable(secret: Secret) -> Secret:
    if secret and not _SENDABLE.fullmatch(secret.reveal()):
        remedy = "Look for a space, a line break or a letter with an accent that was copied along."
        raise PydanticCustomError(
            "secret-shape", "{said}", {"said": "this secret cannot be sent in an HTTP header", "remedy": remedy}
        )
    return secret


Token = Annotated[Secret, AfterValidator(_sendable)]
"""A secret that travels in a header: ASCII that can be seen, with no space or line break around it."""
