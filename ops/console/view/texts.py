"""The console's words in each language, as data; which language a viewer reads."""

import tomllib
from functools import cache
from importlib import resources
from typing import Final

LANGUAGES: Final = {"en": "English", "es": "Español", "pt-BR": "Português"}
DEFAULT: Final = "en"


@cache
def texts(language: str) -> dict[str, str]:
    """Return the texts of a language by their keys: `now.title`, `error.404` and so on, of all its files."""
    folder = resources.files(__package__).joinpath("texts")
    files = (file for file in folder.iterdir() if file.name.endswith(f".{language}.toml"))
    return {
        f"{group}.{name}": text
        for file in [folder.joinpath(f"{language}.toml"), *files]
        for group, names in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for name, text in names.items()
    }


def chosen_language(cookie: str | None, accepted: str) -> str:
    """Return the language of a viewer: the one that was switched to, else the first that the browser accepts."""
    if cookie in LANGUAGES:
        return cookie
    weighed = []
    for place, part in enumerate(accepted[:500].split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        weighed.append((-_weight(weight), place, name.strip().lower()))
    for _, _, name in sorted(weighed):
        for language in LANGUAGES:
            if name.partition("-")[0] == language.lower().partition("-")[0]:
                return language
    return DEFAULT


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
