"""Data that tests read: examples of what Chatwoot sends and answers, and samples of public data sets (README.md)."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
PAYLOADS: Final = FOLDER / "payloads"
"""One example a file: of each webhook event, and, named `api.`, of a request with its answer."""
_WHOLE: Final = FOLDER.parents[2] / "shared/data"


def example(name: str) -> dict[str, Any]:
    """Return the example of that name, as `message_created.incoming.whatsapp`."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def public(name: str) -> Path:
    """Return the path of a public data set: whole where `../shared/data` lies beside the checkout, else its sample."""
    whole = _WHOLE / name
    return whole if whole.is_file() else FOLDER / name
