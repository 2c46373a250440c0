"""Filling a crew's templates: one pass, from trusted values only.

`{company.name}` is replaced by its value and what comes out is never looked at again, so that a value with braces
stays as it is. `{{name}}` writes `{name}`. Braces around anything else (JSON, Jinja, Liquid) are text.
"""

import re
from collections.abc import Iterator, Mapping

_PLACEHOLDER = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_.]*)\}\}|\{([A-Za-z_][A-Za-z0-9_.]*)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace every placeholder once.

    Raises:
        KeyError: a placeholder that no value fills.
    """
    return _PLACEHOLDER.sub(lambda found: f"{{{found[1]}}}" if found[1] else values[found[2]], template)


def placeholders(template: str) -> Iterator[tuple[str, int]]:
    """Yield the name and offset of each placeholder."""
    for found in _PLACEHOLDER.finditer(template):
        if found[2]:
            yield found[2], found.start()
