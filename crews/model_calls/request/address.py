"""Whether an endpoint's address is a private one: a machine of one's own, that works on one request at a time."""

import ipaddress
import os
from functools import lru_cache
from urllib.parse import urlsplit

from crews.model_calls.call import Endpoint

_OWN = (".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".intranet", ".corp", ".test")


def address(endpoint: Endpoint) -> str | None:
    """Return an endpoint's URL, as the openai package reads it where there is none; None: OpenAI's own."""
    return endpoint.base_url or os.environ.get("OPENAI_BASE_URL") or None


@lru_cache(512)
def is_private(url: str | None) -> bool:
    """Return whether a URL's host is this machine, one of its network, or a container's name; no name is looked up."""
    try:
        host = (urlsplit(url or "").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not host:
        return False
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return "." not in host or host.endswith(_OWN)
