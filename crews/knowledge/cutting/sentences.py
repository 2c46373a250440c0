"""Sentences of a text, windows of them, and how long a text is."""

import re
from typing import Final

from chatwootai.model.text.sentences import ends

_MOST_WINDOW: Final = 700
"""Characters of a window: the encoder is made for sentences."""
_PER_TOKEN: Final = 4
"""Characters of a token of Latin scripts, about."""
_DENSE: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def tokens(text: str) -> int:
    """Return about how many tokens a model reads in a text: four letters each, or one where a sign is a word."""
    dense = len(_DENSE.findall(text)) if not text.isascii() else 0
    return (len(text) - dense) // _PER_TOKEN + dense + 1


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences; lines end sentences too, points before small letters do not."""
    found, begin = [], 0
    for end in sorted({*ends(text), len(text)}):
        if text[end - 1 : end] == "\n" or not text[end : end + 2].lstrip()[:1].islower():
            found.append(text[begin:end].strip())
            begin = end
    return [each for each in found if each]


def windows(text: str, size: int = 2) -> list[str]:
    """Return every run of `size` sentences, each run at most about 700 characters; a short text is one window."""
    found = [each for sentence in sentences(text) for each in _cut_long(sentence)]
    if len(found) <= size:
        return _cut_long(" ".join(found)) if found else []
    return [" ".join(found[at : at + size])[: 2 * _MOST_WINDOW] for at in range(len(found) - size + 1)]


def _cut_long(sentence: str) -> list[str]:
    """Return a sentence, cut between words where it is too long for one window."""
    pieces = []
    while len(sentence) > _MOST_WINDOW:
        cut = sentence.rfind(" ", _MOST_WINDOW // 2, _MOST_WINDOW)
        cut = cut if cut > 0 else _MOST_WINDOW
        pieces.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [*pieces, sentence] if sentence else pieces
