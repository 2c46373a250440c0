"""Tools that a tenant's crews may use: HTTP requests and MCP servers, as an operator declares them in `tools.yaml`.

What a model may change of a request are the values of its `parameters`, nothing else: never a host, a header's name or
a secret. Hosts are reached only when they stand in `hosts`, and hosts at private addresses in `private_hosts` too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from config.secret import Secret
from config.section import NUMBER, Line, Section, Text

FILE = "tools.yaml"
BUILT_IN = ("handoff", "label", "note", "priority")
"""Tools that every crew may use without declaring them."""

CONTACT = ("contact.id", "contact.name", "contact.phone", "contact.email", "contact.identifier")
"""What a template may say of the contact; such a tool is refused to contacts whose identity nobody vouches for."""

HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent", "path", "lang"})
"""Headers and variables that hold no secret and may be written out."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TYPES = {"string", "integer", "number", "boolean", "array", "object"}
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\-]+$|^\[[0-9A-Fa-f:.]+\]$", max_length=253)]
Milliseconds = Annotated[int, Field(ge=50, le=60_000), NUMBER]


class HttpTool(Section):
    """One request. `parameters`: a JSON schema of what the model fills in, by `{name}` in url, query and body.

    `result`: names to dotted paths of the JSON that comes back (`*` for each of a list); none: all of it.
    `idempotency`: the header that carries a key which stays the same for the same call; without one only GET, HEAD, PUT
    and DELETE are tried again.
    """

    description: Annotated[Text, Field(min_length=1, max_length=1000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: Annotated[str, Field(pattern=r"^https?://[^\s{}@/?#]+([/?]\S*)?$", max_length=2000)]
    headers: Mapping[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")], Secret] = {}
    query: Mapping[Line, Line] = {}
    body: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = {}
    result: Mapping[Line, Line] = {}
    timeout_ms: Milliseconds = 3000
    tries: Annotated[int, Field(ge=1, le=5), NUMBER] = 2
    idempotency: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")] | None = None
    max_bytes: Annotated[int, Field(ge=256, le=4_194_304), NUMBER] = 65_536

    @property
    def schema_(self) -> dict[str, Any]:
        """The parameters as a whole JSON schema of an object."""
        said = dict(self.parameters)
        properties = said.get("properties", {})
        return {"type": "object", "required": list(properties), **said, "properties": properties}

    def templates(self) -> Iterator[str]:
        """Every text that placeholders are filled into."""
        yield self.url
        yield from self.query.values()
        yield from _texts(self.body)

    @property
    def personal(self) -> bool:
        """Whether the request says who the contact is."""
        return any(name in CONTACT for text in self.templates() for name in placeholders(text))

    @model_validator(mode="after")
    def _parameters_are_known(self) -> "HttpTool":
        properties = self.parameters.get("properties", {})
        if not isinstance(properties, Mapping) or self.parameters.get("type", "object") != "object":
            raise PydanticCustomError("schema", "a JSON schema of an object is needed", {"key": "parameters"})
        for name, each in properties.items():
            if not isinstance(each, Mapping) or ("type" in each and each["type"] not in _TYPES):
                raise PydanticCustomError("schema", f"`{name}` is no JSON schema", {"key": "parameters"})
        for text in self.templates():
            for name in placeholders(text):
                if name not in properties and name not in CONTACT:
                    raise PydanticCustomError("placeholder", f"nothing fills {{{name[:60]}}}", {"key": "parameters"})
        return self


class McpServer(Section):
    """A server of the Model Context Protocol: `url` (streamable HTTP) or `command` (a program of this machine).

    `tools`: those that crews may use, none for all. A program gets no variable of ours but those in `env`.
    """

    url: Annotated[str, Field(pattern=r"^https?://[^\s{}@/?#]+(/\S*)?$")] | None = None
    headers: Mapping[Line, Secret] = {}
    command: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    env: Mapping[Line, Secret] = {}
    tools: tuple[Line, ...] = ()
    timeout_ms: Milliseconds = 5000

    @model_validator(mode="after")
    def _one_way(self) -> "McpServer":
        if bool(self.url) == bool(self.command):
            raise PydanticCustomError("one-of", "either `url` or `command` is needed", {"key": "url"})
        return self


class Tools(Section):
    """What a tenant's crews may reach. An agent names an HTTP tool, or a server for all of its tools."""

    hosts: tuple[Host, ...] = ()
    private_hosts: tuple[Host, ...] = ()
    http: Mapping[Name, HttpTool] = {}
    mcp: Mapping[Name, McpServer] = {}

    def names(self) -> frozenset[str]:
        """The names that an agent's or task's `tools` may hold."""
        return frozenset((*BUILT_IN, *self.http, *self.mcp))

    def fingerprints(self) -> tuple[str, ...]:
        """What tells the secrets in it from others, without showing them."""
        secrets = [each.headers for each in self.http.values()]
        secrets += [several for each in self.mcp.values() for several in (each.headers, each.env)]
        return tuple(secret.fingerprint() for each in secrets for secret in each.values())

    @model_validator(mode="after")
    def _hosts_are_allowed(self) -> "Tools":
        for kind, several in (("http", self.http), ("mcp", self.mcp)):
            for name, each in several.items():
                host = host_of(each.url) if each.url else None
                if host is not None and host not in {allowed.lower() for allowed in self.hosts}:
                    raise PydanticCustomError(
                        "unknown-host", f"`{kind}.{name}`: {host} is not among `hosts`", {"key": "hosts"}
                    )
                if name in BUILT_IN or (kind == "mcp" and name in self.http):
                    raise PydanticCustomError("name-twice", f"`{name}` is the name of another tool", {"key": kind})
        return self


def host_of(url: str) -> str:
    """The host of a URL in small letters, an IPv6 address in brackets."""
    host = (urlsplit(url).hostname or "").lower()
    return f"[{host}]" if ":" in host else host


def placeholders(text: str) -> list[str]:
    """The names in braces."""
    return _PLACEHOLDER.findall(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
