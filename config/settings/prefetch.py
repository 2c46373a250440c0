"""Tools that are called before a model is asked, as an operator declares it in `tools.yaml`.

A pattern is code that runs on contacts' texts, so it is bounded: by its length here, and where it is used by the time
that one search may take (`crews.tools.prefetch`).
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from config.document.problems import suggestion
from config.schema.base import FOR_MACHINES, Flag, Line, Section, invalid

if TYPE_CHECKING:
    import regex

_LONGEST: Final = 300  # characters of a pattern
_SECONDS: Final = 1.0  # for a pattern on an empty text
_WRITTEN: Final = r"Write it as '\bSC-(?P<number>\d{4,})\b', in single quotes: named groups fill the parameters."


class Prefetch(Section):
    """A call that is made before a model is asked: `always`, or where `pattern` is found in the contact's message."""

    pattern: Annotated[str, Field(min_length=1, max_length=_LONGEST), FOR_MACHINES] | None = None
    """Regular expression, with the syntax of Python's. Its named groups fill the tool's parameters."""
    always: Flag = False
    """Whether it is made for every message."""

    @model_validator(mode="after")
    def _says_when(self) -> "Prefetch":
        if bool(self.pattern) == self.always:
            remedy = "Write `prefetch: always`, or `prefetch: {pattern: ...}`."
            raise invalid("one-of", "one of `always` and `pattern` says when", remedy)
        if self.pattern and _compile(self.pattern).fullmatch("", timeout=_SECONDS):
            remedy = "Let it hold a letter or digit that must be there."
            raise invalid("pattern", "it is found in every message, even in an empty one", remedy, "pattern")
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the pattern's groups, which are parameters."""
        return tuple(_compile(self.pattern).groupindex) if self.pattern else ()


class ServerPrefetch(Prefetch):
    """A call of a server's tool that is made before a model is asked."""

    tool: Line | None = None
    """Name of the tool, where the server's `tools` does not name one alone."""


def _written_out(value: Any) -> Any:
    return {"always": True} if value == "always" else value


When = Annotated[Prefetch, BeforeValidator(_written_out, json_schema_input_type=Literal["always"] | Prefetch)]
"""A `Prefetch`, or the word `always`."""
ServerWhen = Annotated[
    ServerPrefetch, BeforeValidator(_written_out, json_schema_input_type=Literal["always"] | ServerPrefetch)
]


def check_parameters(when: Prefetch, known: Collection[str], required: Collection[str]) -> None:
    """Raise the problem of a prefetch whose groups are no parameters, or fill too few of them."""
    groups = when.groups
    for name in groups:
        if name not in known:
            remedy = f"{suggestion(name, known)} Declare it under `parameters.properties`."
            raise invalid("pattern", f"no parameter is called `{name[:60]}`", remedy, "prefetch", "pattern")
    for name in required:
        if name not in groups:
            remedy = f"Name a group of the pattern so, as (?P<{name[:60]}>...), or leave it out of `required`."
            message = f"nothing fills `{name[:60]}` before a model is asked"
            raise invalid("prefetch", message, remedy, "prefetch")


def _compile(pattern: str) -> "regex.Pattern[str]":
    """Return the pattern compiled; the library keeps those it has compiled.

    Raises:
        PydanticCustomError: it is none.
    """
    import regex  # 40 ms, of which most tenants' tools have no need

    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        why = str(getattr(error, "msg", "") or type(error).__name__)[:100]
        raise invalid("pattern", f"this is no regular expression: {why}", _WRITTEN, "pattern") from None
