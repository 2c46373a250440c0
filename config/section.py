"""What every group of keys is made of: strict, frozen, and plain kinds of values."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Channel = Literal[
    "whatsapp",
    "webchat",
    "email",
    "instagram",
    "facebook",
    "telegram",
    "sms",
    "line",
    "tiktok",
    "twitter",
    "api",
    "default",
]


def _no_flag(value: Any) -> Any:
    """YAML's true is Python's 1; an operator who wrote true for a number made a mistake."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _flag(value: Any) -> Any:
    """The environment has only text, so its `true` and `false` count; `yes`, `1` and the like do not."""
    known = {"true": True, "false": False}
    found = known.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("true or false is needed")
    return found


NUMBER = BeforeValidator(_no_flag)  # stands after a Field with limits, or they are lost from the JSON Schema
Flag = Annotated[bool, BeforeValidator(_flag)]
Line = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=20_000)]


class Section(BaseModel):
    """A group of keys: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
