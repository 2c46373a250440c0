"""Style sheets, scripts and pictures, under names that hold their content's hash: a browser keeps them for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `path`: where it is served; `content_type`: what a browser is told that it is."""

    path: str
    content_type: str
    body: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by their names: console.css, console.js, vendor/htmx.min.js and so on."""
    top = resources.files(__package__).joinpath("static")
    found: dict[str, Asset] = {}
    for folder, head in ((top, ""), (top.joinpath("vendor"), "vendor/")):
        for file in folder.iterdir():
            stem, dot, ending = file.name.rpartition(".")
            if file.is_file() and dot + ending in _TYPES:
                body = file.read_bytes()
                digest = hashlib.sha256(body).hexdigest()[:_HASH]
                found[head + file.name] = Asset(f"/assets/{stem}.{digest}.{ending}", _TYPES[dot + ending], body)
    return found
