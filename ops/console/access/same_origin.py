"""Tells whether a request that changes something comes from a page of the console itself."""

from aiohttp import web

SAFE_METHODS = frozenset({"GET", "HEAD"})


def comes_from_elsewhere(request: web.Request, public_url: str) -> bool:
    """Tell whether a request may be another site's doing (CSRF): browsers say so, in one of two headers.

    Cases: `Sec-Fetch-Site` is there, on HTTPS and on localhost: it must be same-origin. It is not: `Origin` must be
    this server's, exactly. Neither is there: no browser sent it. Then it counts as ours only where a token in the
    Authorization header says whose it is, which no other site can make a browser send.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin != own_origin(request, public_url)
    return not request.headers.get("Authorization", "").lower().startswith("bearer ")


def own_origin(request: web.Request, public_url: str) -> str:
    """Return the console's own origin as browsers see it: CONSOLE_URL, else how this request came."""
    return public_url or f"{request.scheme}://{request.host}"
