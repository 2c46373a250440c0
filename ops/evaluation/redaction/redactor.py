"""Redacts the texts of one conversation: what is known of the contact first, then identifiers; and looks once more."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chatwootai.model.message.phones import spellings
from ops.evaluation.redaction.identifiers import find_identifiers
from ops.evaluation.redaction.surrogates import Surrogates

_LEAST: Final = 3
"""Letters of a name's part, or signs of another field, from which on it is looked for."""
_NAMES: Final = ("Alex", "Modelo", "Exemplo", "Teste")
_ALIKE: Final = {"a": "aáàâãä", "e": "eéèêë", "i": "iíìîï", "o": "oóòôõö", "u": "uúùûü", "c": "cç", "n": "nñ"}
_BASE: Final = {sign: base for base, signs in _ALIKE.items() for sign in signs}


@dataclass(frozen=True, slots=True)
class KnownContact:
    """Fields of a contact in Chatwoot. `others`: identifier and custom attributes, as texts."""

    name: str = ""
    phone: str = ""
    mail: str = ""
    others: tuple[str, ...] = ()


class Redactor:
    """Redacts texts. The same identifier has the same surrogate in all of them; `seed`: see `Surrogates`."""

    def __init__(self, known: KnownContact, seed: str) -> None:
        self._surrogates = Surrogates(seed)
        self._known = [
            *((pattern, "e-mail address") for pattern in _literal(known.mail)),
            *((pattern, "phone number") for each in spellings(known.phone) for pattern in _phone(each)),
            *((pattern, "other") for each in known.others for pattern in _literal(each)),
        ]
        parts = sorted({each for each in re.findall(r"\w+", known.name) if len(each) >= _LEAST}, key=len, reverse=True)
        self._names = [(_letters(each), _NAMES[at % len(_NAMES)]) for at, each in enumerate(parts)]

    def redact(self, text: str) -> str:
        """Return a text without what identifies the contact, as far as rules can find it."""
        for pattern, kind in self._known:
            text = self._replace(pattern, kind, text)
        for pattern, name in self._names:
            text = pattern.sub(name, text)
        for each in reversed(find_identifiers(text)):
            if each.text not in self._surrogates.texts:
                text = text[: each.start] + self._surrogates.of(each.kind, each.text) + text[each.end :]
        return text

    def _replace(self, pattern: re.Pattern[str], kind: str, text: str) -> str:
        return pattern.sub(lambda match: self._surrogates.of(kind, match[0]), text)

    def residual(self, texts: Iterable[str]) -> list[str]:
        """Return words for what a second look still finds in redacted texts; empty where there is nothing."""
        found: list[str] = []
        for text in texts:
            found += [each.kind for each in find_identifiers(text) if each.text not in self._surrogates.texts]
            found += ["the contact's name" for pattern, _ in self._names if pattern.search(text)]
            for pattern, kind in self._known:
                if any(match[0] not in self._surrogates.texts for match in pattern.finditer(text)):
                    found.append(f"the contact's {kind}")
        return sorted(set(found))


def _literal(value: str) -> list[re.Pattern[str]]:
    return [re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", re.IGNORECASE)] if len(value) >= _LEAST else []


def _phone(value: str) -> list[re.Pattern[str]]:
    """Return a pattern of a number however it is grouped, with its country or without."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < 8:
        return []
    whole = r"[ .()-]{0,2}".join(digits)
    national = r"[ .()-]{0,2}".join(digits[2:])
    return [re.compile(rf"(?<!\d)\+?{whole}(?!\d)"), re.compile(rf"(?<!\d)\(?{national}(?!\d)")]


def _letters(name: str) -> re.Pattern[str]:
    """Return a pattern of a name, whatever its case and accents."""
    bases = (_BASE.get(sign, sign) for sign in name.casefold())
    return re.compile(
        "(?<!\\w)" + "".join(f"[{_ALIKE.get(base, re.escape(base))}]" for base in bases) + r"(?!\w)", re.IGNORECASE
    )
