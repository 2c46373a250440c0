"""Tools that a tenant's crews may use: HTTP requests and MCP servers, as an operator declares them in `tools.yaml`.

What a model may change of a request are the values of its `parameters`, nothing else: never a host, a header's name or
a secret. Hosts are reached only when they stand in `hosts`, and hosts at private addresses in `private_hosts` too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from chatwootai.net import Forbidden, normal_host, parse
from config.document.problems import suggestion
from config.schema.base import ADDRESS, FOR_MACHINES, NUMBER, Flag, Line, Section, Text, invalid, matching
from config.schema.texts import texts_in
from config.secrets.secret import SHAPE, Secret, Token
from config.settings.prefetch import Prefetch, ServerWhen, When, check_parameters

FILE = "tools.yaml"
BUILT_IN = ("figures", "handoff", "label", "note", "priority")
"""Tools that every crew may use without declaring them."""

CONTACT = ("contact.id", "contact.name", "contact.phone", "contact.email", "contact.identifier")
"""What a template may say of the contact; such a tool is refused to contacts whose identity nobody vouches for."""

Attribute = Literal["contact.id", "contact.phone", "contact.email", "contact.identifier"]
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TYPES = {"string", "integer", "number", "boolean", "array", "object"}
Name = Annotated[str, matching(r"^[a-z][a-z0-9_]{0,47}$", "Write small letters, digits and `_`, a letter first.")]
_HOST = "Write the machine alone, as api.example.com, without https:// and without a port."
Host = Annotated[str, matching(r"^[\w.\-]+$|^\[[0-9A-Fa-f:.]+\]$", _HOST, max_length=253), FOR_MACHINES]
_HEADER = "Write letters, digits and `-`, as X-Api-Key."
Header = Annotated[str, matching(r"^[A-Za-z0-9-]{1,60}$", _HEADER)]
_ADDRESS = "Write it as https://api.example.com/price?sku={sku}: a placeholder may stand after the machine alone."
Variable = Annotated[
    Secret,
    BeforeValidator(lambda value: json.dumps(value) if isinstance(value, bool | int | float) else value),
]
"""A variable of a program: a secret, though not every one holds one."""
_ENV = {
    "type": "object",
    "patternProperties": {"(^|_)(KEY|TOKEN|SECRET|PASS|PASSWORD|PWD)S?(_|$)": {"type": "string", "pattern": SHAPE}},
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
Milliseconds = Annotated[int, Field(ge=50, le=60_000), NUMBER]


class HttpTool(Section):
    """One HTTP request that a model may make, by filling in its parameters."""

    description: Annotated[Text, Field(min_length=1, max_length=1000)]
    """Purpose of the tool and when it helps, at most 1000 characters: the model chooses by it."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """HTTP method. GET, PUT and DELETE are repeated where an answer is lost, others only with `idempotency`."""
    url: Annotated[str, matching(r"^https?://[^\s{}@/?#]+([/?]\S*)?$", _ADDRESS, max_length=2000), ADDRESS]
    """Address. `{name}` takes a parameter, after the host alone; the host must stand in `hosts`."""
    headers: Mapping[Header, Token] = {}
    """Headers to their values. Secrets are references, as `Bearer ${ERP_TOKEN}`. A model never changes them."""
    query: Mapping[Line, Annotated[Line, FOR_MACHINES]] = {}
    """Query parameters to their values, in which `{name}` is filled in."""
    body: Annotated[Mapping[str, Any] | None, FOR_MACHINES] = None
    """JSON body, in whose texts `{name}` is filled in. Unset: none is sent."""
    parameters: Mapping[str, Any] = {}
    """JSON schema of the values that the model fills in. All are required unless `required` says otherwise."""
    result: Mapping[Line, Line] = {}
    """Parts of the response that the model is shown: name to dotted path in the JSON that comes back, `*` for each of a
    list. Empty: all of it."""
    own: Mapping[Line, Attribute] = {}
    """Parts of the response that must be the contact's own: dotted path to `contact.phone` or another. What is somebody
    else's is not shown; `*` for each of a list. Of several, one is enough."""
    from_contact: tuple[Line, ...] = ()
    """Parameters whose values must stand in what the contact has written, now or before. What a document, a file or
    another tool's result tells the model to fill in is then refused: for requests that change something."""
    timeout_ms: Milliseconds = 3000
    """Milliseconds until one request is given up. A turn has about 10,000, and its model calls need most of them."""
    tries: Annotated[int, Field(ge=1, le=5), NUMBER] = 2
    """Number of requests at most for one call, where it may be repeated."""
    idempotency: Header | None = None
    """Header that carries a key which stays the same for the same call. With it, POST and PATCH are repeated too."""
    reads: Flag = False
    """Whether a POST only reads, as in GraphQL and JSON-RPC: it may then be repeated and prefetched, as GET is."""
    prefetch: When | None = None
    """Whether it is called before the model: `always`, or where a `pattern` is found in the contact's message. Only for
    requests that read."""
    slashes: Flag = False
    """Whether a value in the path may hold `/`, as a file's path does. Off: separators are refused."""
    max_bytes: Annotated[int, Field(ge=256, le=4_194_304), NUMBER] = 65_536
    """Bytes of the longest response that is read. A longer one is an error: the model would not read it all."""

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
        yield from texts_in(self.body)

    @property
    def only_reads(self) -> bool:
        """True if the request changes nothing."""
        return self.method == "GET" or (self.method == "POST" and self.reads)

    @property
    def names_contact(self) -> bool:
        """True if the request says who the contact is."""
        return bool(self.own) or any(name in CONTACT for text in self.templates() for name in placeholders(text))

    @property
    def needs(self) -> frozenset[str]:
        """Attributes of the contact that must be on file, or it would be about others: all it names but the name."""
        named = {name for text in self.templates() for name in placeholders(text)}
        return frozenset(named & set(CONTACT) - {"contact.name"})

    @model_validator(mode="after")
    def _parameters_are_known(self) -> "HttpTool":
        properties = self.parameters.get("properties", {})
        if not isinstance(properties, Mapping) or self.parameters.get("type", "object") != "object":
            remedy = "Write `parameters: {properties: {sku: {type: string}}}`."
            raise invalid("schema", "a JSON schema of an object is needed", remedy, "parameters")
        for name, each in properties.items():
            if not isinstance(each, Mapping) or ("type" in each and each["type"] not in _TYPES):
                remedy = f"Write `{name}: {{type: string}}`; types are {', '.join(sorted(_TYPES))}."
                raise invalid("schema", f"`{name}` is no JSON schema", remedy, "parameters", "properties", name)
        self._placeholders_are_known(properties)
        for number, name in enumerate(self.from_contact):
            if name not in properties:
                raise invalid("from-contact", f"`{name[:60]}` is not declared", suggestion(name, properties),
                              "from_contact", number)  # fmt: skip
        if self.reads and self.method not in ("GET", "POST"):
            raise invalid("reads", f"a {self.method} changes something", "Remove `reads`, or mend `method`.", "reads")
        if len({path.partition("*")[0] if "*" in path.split(".") else None for path in self.own}) > 1:
            raise invalid("own", "these paths lead into different lists", "Let `*` stand at one place in all.", "own")
        if self.prefetch is not None:
            self._may_be_prefetched(self.prefetch)
        return self

    def _may_be_prefetched(self, when: Prefetch) -> None:
        if not self.only_reads:
            remedy = "Remove `prefetch`; or say `reads: true` of a POST that changes nothing, and may be repeated."
            raise invalid("prefetch", f"a {self.method} may change something, before anybody asked", remedy, "prefetch")
        schema = self.schema_
        check_parameters(when, schema["properties"], schema["required"])

    def _placeholders_are_known(self, properties: Mapping[str, Any]) -> None:
        required = self.parameters.get("required", [])
        for name in required if isinstance(required, list | tuple) else ():
            if name not in properties:
                remedy = suggestion(str(name), properties)
                raise invalid("schema", f"`{name}` is required and not declared", remedy, "parameters", "required")
        for key in ("url", "query", "body"):
            for text in texts_in(getattr(self, key)):
                for name in placeholders(text):
                    if name not in properties and name not in CONTACT:
                        remedy = (
                            f"{suggestion(name, [*properties, *CONTACT])} Declare it under `parameters.properties`."
                        )
                        raise invalid("placeholder", f"nothing fills {{{name[:60]}}}", remedy, key)


class McpServer(Section):
    """A server of the Model Context Protocol: `url` or `command`, one of the two."""

    url: (
        Annotated[str, matching(r"^https?://[^\s{}@/?#]+(/\S*)?$", "Write it as https://mcp.example.com/mcp."), ADDRESS]
        | None
    ) = None
    """Address of a server that speaks streamable HTTP; its host must stand in `hosts`."""
    headers: Mapping[Header, Token] = {}
    """Headers to their values, sent with each request. Secrets are references."""
    command: Annotated[tuple[str, ...], Field(max_length=50), FOR_MACHINES] = ()
    """Program on this machine and its arguments, as a list. Each worker starts one and ends it."""
    env: Annotated[Mapping[Line, Variable], WithJsonSchema(_ENV)] = {}
    """Environment of the program: variable to value. It gets no others of ours. Secrets are references."""
    tools: tuple[Line, ...] = ()
    """Names of its tools that crews may use. Empty: all, 64 at most."""
    from_contact: Mapping[Line, tuple[Line, ...]] = {}
    """Parameters, by the tool's name there, whose values must stand in what the contact has written, as in an HTTP
    tool's `from_contact`. A tool that does not know one of them is not offered."""
    filled: Mapping[Line, Annotated[Mapping[Line, Attribute], Field(min_length=1)]] = {}
    """Parameters, by the tool's name there, that are filled in with `contact.phone` or another: no model sees or
    chooses them. Such a tool is refused to contacts whose identity nobody vouches for, or of whom that is not on
    file."""
    prefetch: ServerWhen | None = None
    """Tool of it that is called before the model, named as `tool` where `tools` does not name one alone. Only where the
    server says of it that it reads (`readOnlyHint`)."""
    timeout_ms: Milliseconds = 5000
    """Milliseconds until one call is given up. Progress that the server reports lengthens it, up to the deadline."""

    @model_validator(mode="after")
    def _has_one_transport(self) -> "McpServer":
        if bool(self.url) == bool(self.command):
            raise invalid("one-of", "either `url` or `command` is needed", "Write one of the two.", "url")
        if self.prefetch is not None and self.prefetched is None:
            remedy = "Write `prefetch: {tool: ..., pattern: ...}` with one of `tools`, or name one alone there."
            raise invalid("prefetch", "nothing says which tool is meant", remedy, "prefetch")
        for key in ("from_contact", "filled"):
            for name in getattr(self, key):
                if self.tools and name not in self.tools:
                    remedy = suggestion(name, self.tools)
                    raise invalid("guarded-tool", f"`{name[:60]}` is not among `tools`", remedy, key, name)
        return self

    @property
    def prefetched(self) -> str | None:
        """The name of the tool that is called before a model; None: there is none, or nobody can tell which."""
        named = self.prefetch.tool if self.prefetch is not None else None
        if named is not None and (not self.tools or named in self.tools):
            return named
        return self.tools[0] if named is None and self.prefetch is not None and len(self.tools) == 1 else None


class Tools(Section):
    """Tools and hosts that a tenant's crews may use."""

    hosts: tuple[Host, ...] = ()
    """Hosts that tools may call, as api.example.com. Nothing else is reached."""
    private_hosts: tuple[Host, ...] = ()
    """Those of `hosts` that may stand at private addresses. Others are refused there, whatever DNS says."""
    http: Mapping[Name, HttpTool] = {}
    """HTTP tools: name to request. Agents list the names under `tools`."""
    mcp: Mapping[Name, McpServer] = {}
    """MCP servers: name to server. An agent that lists the name may use all of its tools."""
    calls_per_turn: Annotated[int, Field(ge=1, le=64), NUMBER] = 8
    """Number of calls of one tool in one turn at most, whatever their arguments. A model that asks on is made to
    answer."""

    def names(self) -> frozenset[str]:
        """The names that an agent's or task's `tools` may hold."""
        return frozenset((*BUILT_IN, *self.http, *self.mcp))

    @property
    def prefetches(self) -> bool:
        """True if any tool is called before a model is asked."""
        requests = (each.prefetch for each in self.http.values())
        return any(when is not None for when in (*requests, *(each.prefetch for each in self.mcp.values())))

    def fingerprints(self) -> tuple[str, ...]:
        """Return what tells the secrets in it from others, without showing them."""
        secrets = [each.headers for each in self.http.values()]
        secrets += [several for each in self.mcp.values() for several in (each.headers, each.env)]
        return tuple(secret.fingerprint() for each in secrets for secret in each.values())

    @model_validator(mode="after")
    def _hosts_are_allowed(self) -> "Tools":
        known = {_encode_host(host) for host in self.hosts}
        for kind, several in (("http", self.http), ("mcp", self.mcp)):
            for name, each in several.items():
                host = _host(each.url, kind, name) if each.url else None
                if host is not None and host not in known:
                    remedy = f"Add {host} to `hosts:`, or mend the address."
                    raise invalid("unknown-host", f"{host} is not among `hosts`", remedy, kind, name, "url")
                if name in BUILT_IN or (kind == "mcp" and name in self.http):
                    raise invalid("name-twice", "another tool has this name", "Give it another one.", kind, name)
        return self


def _host(url: str, kind: str, name: str) -> str:
    try:
        return parse(url.partition("{")[0]).raw_host or ""
    except Forbidden as error:
        raise invalid("address", str(error), "Write it as https://api.example.com/...", kind, name, "url") from None


def _encode_host(host: str) -> str:
    try:
        return normal_host(host)
    except Forbidden as error:
        raise invalid("host", str(error), _HOST, "hosts") from None


def placeholders(text: str) -> list[str]:
    """Return the names in braces."""
    return _PLACEHOLDER.findall(text)
