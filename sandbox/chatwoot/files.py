"""Uploaded files, as Chatwoot serves them: an address without a login that leads to the bytes."""

from aiohttp import web

from sandbox.chatwoot.app_context import APP_CONTEXT


def routes() -> list[web.RouteDef]:
    """Return the address in `data_url`, and where it leads."""
    return [
        web.get("/rails/active_storage/blobs/redirect/{blob}/{name}", redirect),
        web.get("/rails/active_storage/disk/{blob}/{name}", serve, name="disk"),
    ]


async def redirect(request: web.Request) -> web.StreamResponse:
    """Answer 302 to the storage."""
    blob, name = request.match_info["blob"], request.match_info["name"]
    if blob not in request.app[APP_CONTEXT].blobs:
        raise web.HTTPNotFound
    raise web.HTTPFound(request.app.router["disk"].url_for(blob=blob, name=name))


async def serve(request: web.Request) -> web.Response:
    """Return the bytes, never as a page: what customers upload is not to run here."""
    found = request.app[APP_CONTEXT].blobs.get(request.match_info["blob"])
    if found is None:
        raise web.HTTPNotFound
    _, content_type, data = found
    inert = content_type if content_type.startswith(("image/png", "image/jpeg", "audio/", "video/")) else None
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "inline" if inert else "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return web.Response(body=data, content_type=inert or "application/octet-stream", headers=headers)
