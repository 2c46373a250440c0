"""Tells private addresses of endpoints: a machine of one's own, that works on one request at a time."""

import os
from functools import lru_cache
from urllib.parse import urlsplit

from chatwootai import net
from crews.model_calls.call import Endpoint


def address(endpoint: Endpoint) -> str | None:
    """Return an endpoint's URL, as the openai package reads it where there is none; None: OpenAI's own."""
    return endpoint.base_url or os.environ.get("OPENAI_BASE_URL") or None


@lru_cache(512)
def is_private(url: str | None) -> bool:
    """Return whether a URL's host is this machine, one of its network, or a container's name; no name is looked up."""
    try:
        return net.is_private(urlsplit(url or "").hostname or "")
    except ValueError:
        return False
