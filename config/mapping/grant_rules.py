"""Finds what an account's folder may not say: programs, private hosts, secrets sent to an address of its own.

And what no folder may say, whoever writes it: a text for people or a model is never a reference.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from chatwootai.net import is_private
from config.document.problems import Problem
from config.document.tree import Mark, Node, Scalar, Sequence, Table, find, leaves
from config.mapping.grants import Grant
from config.schema.kinds import Kind, is_text, kinds_of
from config.secrets.references import reference_in_text
from config.settings.settings import Settings

_STEERING = re.compile(
    r"^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|LD_\w+|DYLD_\w+|GCONV_PATH|LOCPATH|PYTHON\w+|NODE_\w+|NPM_CONFIG_\w+|PERL5?\w+"
    r"|RUBY\w+|GEM_\w+|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|DOTNET_\w+|GIT_\w+|SSL_CERT_\w+|\w+_PROXY)$",
    re.IGNORECASE,
)
"""Variables by which a program that is allowed would run another one, or speak with somebody else."""

_SECTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("model",), ("base_url",)),
    (("model", "quick"), ("base_url",)),
    (("model", "hedging", "to"), ("base_url",)),
    (("model", "fallbacks", "*"), ("base_url",)),
    (("media", "hearing"), ("base_url",)),
    (("knowledge", "embeddings"), ("base_url",)),
    (("tools", "http", "*"), ("url",)),
    (("tools", "mcp", "*"), ("url", "command")),
)
"""Where an address and what is sent to it stand beside each other."""
_MODELS = (
    ("model",),
    ("model", "quick"),
    ("model", "hedging", "to"),
    ("model", "fallbacks", "*"),
    ("media", "hearing"),
    ("knowledge", "embeddings"),
)
"""Where a model's address stands."""
_SENT = ("api_key", "headers", "env", "query", "body")


def referring_texts(layer: Node) -> list[Problem]:
    """References in texts of a layer that people or a model may come to read; they are not resolved any more."""
    texts = ((path, scalar) for path, scalar, kind in kinds_of(layer, Kind(Settings)) if is_text(kind))
    return [problem for path, scalar in texts if (problem := reference_in_text(".".join(path), scalar))]


def beyond_grant(grant: Grant, settings: Settings, above: Settings, tree: Table) -> list[Problem]:
    """Return problems for what a layer of an account's folder adds to the settings above it and may not.

    `tree`: the layers as one, up to this.
    """
    if all(getattr(settings, key) is getattr(above, key) for key in ("tools", "model", "media", "knowledge")):
        return []
    found = [*_new_programs(grant, settings, above, tree), *_new_hosts(grant, settings, above, tree)]
    return [
        *found,
        *_private_endpoints(grant, tree),
        *_secrets_sent_elsewhere(grant, tree),
        *_transcription_elsewhere(grant, tree),
        *_own_database(grant, settings, tree),
    ]


def _new_programs(grant: Grant, settings: Settings, above: Settings, tree: Table) -> Iterator[Problem]:
    for name, server in settings.tools.mcp.items():
        before, path = above.tools.mcp.get(name), ("tools", "mcp", name)
        if server.command and (before is None or before.command != server.command) and not grant.runs(server.command):
            message = f"`{'.'.join(path)}.command`: this folder may not start a program"
            remedy = grant.remedy("programs", "[...]")
            yield Problem(*find(tree, (*path, "command"))[0], "not-allowed", message, remedy)
        known = before.env if before is not None else {}
        for variable in server.env if server.command else ():
            if _STEERING.match(variable) and known.get(variable) != server.env[variable]:
                message = f"`{'.'.join(path)}.env.{variable[:60]}`: this would make another program of it"
                remedy = "Leave it out, or let the operator write the server in the domain or in `_base`."
                yield Problem(*find(tree, (*path, "env", variable))[0], "not-allowed", message, remedy)


def _new_hosts(grant: Grant, settings: Settings, above: Settings, tree: Table) -> Iterator[Problem]:
    for path, now, before in (
        (("tools", "private_hosts"), settings.tools.private_hosts, above.tools.private_hosts),
        (("media", "hosts"), settings.media.hosts, above.media.hosts),
    ):
        for host in sorted(set(now) - set(before)):
            if not grant.reaches(host):
                message = f"`{'.'.join(path)}`: this folder may not reach {host} at a private address"
                yield Problem(
                    *_item(tree, path, host), "not-allowed", message, grant.remedy("private_hosts", f"[{host}]")
                )


def public_only(grant: Grant, settings: Settings, above: Settings, tree: Table) -> frozenset[str]:
    """Return the hosts of models that this folder names and may not reach at private addresses.

    By its name such a host is public (`_private_endpoints`); what the name leads to is judged where it is connected to.
    `tree`: the layers as one, up to this.
    """
    if all(getattr(settings, key) is getattr(above, key) for key in ("model", "media", "knowledge")):
        return above.public_only
    return frozenset(host for _, _, host in _own_endpoints(grant, tree) if not grant.serves(host))


def _own_endpoints(grant: Grant, tree: Table) -> Iterator[tuple[tuple[str, ...], Scalar, str]]:
    """The addresses of models that this folder has written: where each stands, and its host."""
    for place in _MODELS:
        for path, section in _tables(tree, place):
            node = section.items.get("base_url")
            if isinstance(node, Scalar) and isinstance(node.value, str) and _is_own(grant, node):
                yield (*path, "base_url"), node, _host(node.value)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket too many: a problem already
        return ""


def _private_endpoints(grant: Grant, tree: Table) -> Iterator[Problem]:
    """A model of this folder's own at an address that is private by its name; no name is looked up."""
    for path, node, host in _own_endpoints(grant, tree):
        if is_private(host) and not grant.serves(host):
            message = f"`{'.'.join(path)}`: this folder may not reach a model at a private address"
            yield Problem(*node.mark, "not-allowed", message, grant.remedy("private_hosts", f"[{host[:200]}]"))


def _item(tree: Table, path: tuple[str, ...], value: str) -> Mark:
    mark, node = find(tree, path)
    items = node.items if isinstance(node, Sequence) else []
    return next((each.mark for each in items if isinstance(each, Scalar) and each.value == value), mark)


def _secrets_sent_elsewhere(grant: Grant, tree: Table) -> Iterator[Problem]:
    """An address of this folder's that a secret of the operator's would be sent to: a secret stays with its address."""
    for place, addresses in _SECTIONS:
        for path, section in _tables(tree, place):
            mine = [name for name in addresses if name in section.items and _is_own(grant, section.items[name])]
            theirs = next((key for key in _SENT if _is_inherited(grant, section.items.get(key))), None)
            if mine and theirs:
                yield _sent_elsewhere_problem(
                    find(section, (mine[0],))[0], ".".join((*path, mine[0])), ".".join((*path, theirs))
                )


def _transcription_elsewhere(grant: Grant, tree: Table) -> Iterator[Problem]:
    """Voice notes are heard at the model's address where they have none of their own."""
    model, hearing = find(tree, ("model", "base_url"))[1], find(tree, ("media", "hearing"))[1]
    if not (isinstance(model, Scalar) and _is_own(grant, model) and isinstance(hearing, Table)):
        return
    if "base_url" not in hearing.items and _is_inherited(grant, hearing.items.get("api_key")):
        yield _sent_elsewhere_problem(model.mark, "model.base_url", "media.hearing.api_key")


def _own_database(grant: Grant, settings: Settings, tree: Table) -> Iterator[Problem]:
    """A database that this folder names: workers connect there whatever its name leads to, so each host is allowed."""
    mark, node = find(tree, ("knowledge", "postgres", "url"))
    named = settings.knowledge.postgres
    if named is None or not isinstance(node, Scalar) or not _is_own(grant, node):
        return
    parts = urlsplit(named.url.reveal())
    host = "" if parts.query or "," in parts.netloc else parts.hostname or ""  # a query may name another host
    if not grant.serves(host):
        message = "`knowledge.postgres.url`: this folder may not reach this database"
        yield Problem(*mark, "not-allowed", message, grant.remedy("private_hosts", f"[{host[:200]}]"))


def _sent_elsewhere_problem(mark: Mark, address: str, secret: str) -> Problem:
    message = f"`{address}`: the operator's `{secret}` would be sent to this address"
    remedy = (
        f"Write a `{secret.rpartition('.')[2]}` of this account's own beside it, or leave the address as it is above."
    )
    return Problem(*mark, "secret-elsewhere", message, remedy)


def _tables(node: Node, place: tuple[str, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Table]]:
    if isinstance(node, Sequence) and place[:1] == ("*",):
        for number, each in enumerate(node.items):
            yield from _tables(each, place[1:], (*path, str(number)))
    if not isinstance(node, Table):
        return
    if not place:
        yield path, node
        return
    for key in node.items if place[0] == "*" else place[:1]:
        if key in node.items:
            yield from _tables(node.items[key], place[1:], (*path, key))


def _is_own(grant: Grant, node: Node) -> bool:
    return any(scalar.mark.file.startswith(grant.prefix) for _, scalar in leaves(node))


def _is_inherited(grant: Grant, node: Node | None) -> bool:
    """Tell whether a secret stands here that this folder has not written."""
    return node is not None and any(
        scalar.hidden and not scalar.mark.file.startswith(grant.prefix) for _, scalar in leaves(node)
    )
