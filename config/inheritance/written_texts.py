"""Texts of people as they stand in a YAML file: what may not stand there, and how they are quoted."""

import json
import re

_REFERENCE = re.compile(r"\$\{|ENC:")


class CannotEdit(ValueError):
    """It cannot be written so; the message says why."""


def check_texts(*texts: str) -> None:
    """Refuse texts that would be more than texts in a configuration.

    Raises:
        CannotEdit: one names a secret, or has characters that nobody can see.
    """
    if any(_REFERENCE.search(each) for each in texts):
        raise CannotEdit("${...} and ENC: stand for secrets in a configuration, and may not stand in an answer")
    if not all(_is_printable(each) for each in texts):
        raise CannotEdit("characters that nobody can see may not stand in an answer")


def _is_printable(text: str) -> bool:
    return all(each.isprintable() or each in "\n\u200d\ufe0f" for each in text)


def text_lines(key: str, text: str) -> list[str]:
    """Return a key with a text: as a block where it has several lines and reads so, else quoted."""
    if "\n" not in text or text != "\n".join(each.rstrip() for each in text.splitlines()) or text.startswith(" "):
        return [f"{key}: {quoted(text)}"]
    return [f"{key}: |-", *(f"  {each}".rstrip() for each in text.splitlines())]


def quoted(text: str) -> str:
    """Return a text in double quotes."""
    return json.dumps(text, ensure_ascii=False)
