"""`python -m crews.understanding.train`: makes heads from the examples, and measures them on sentences held out.

Writes heads.npz, words.txt and report.yaml beside this file; with --check it writes nothing, and ends with 1 where the
report that is there says something else.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from chatwootai.model.policy.meaning import POLITE, Meaning, is_angry, is_asking
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Encoder
from crews.understanding.examples import HEADS, Example, examples, held_out
from crews.understanding.fitting import LETTERS, fit, likeness
from crews.understanding.heads import FILE, Heads, unpack
from crews.understanding.letters import matrix, rarity_of
from crews.understanding.message_reader import meaning_of, mended, normalize, texts_as_encoded
from crews.understanding.spelling import FILE as WORDS
from crews.understanding.spelling import pack, words_of

_HERE: Final = Path(__file__).parent
_REPORT: Final = _HERE / "report.yaml"
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "pt, es, en": frozenset({"pt", "es", "en"}),
    "ar, de, fr, hi, it, ru, tr, zh": frozenset("ar de fr hi it ru tr zh".split()),
}
_DECIDED: Final[Mapping[str, Callable[[Example, Meaning], bool]]] = {
    "person": lambda one, meaning: bool(is_asking(one.text, meaning)),
    "angry": lambda one, meaning: is_angry(one.text, meaning, one.language),
    "thanks": lambda _, meaning: meaning.thanks >= POLITE,
    "goodbye": lambda _, meaning: meaning.goodbye >= POLITE,
}


async def train(encoder: Encoder) -> Heads:
    """Return heads made of the examples."""
    given = examples()
    texts = [normalize(each.text) for each in given]
    vectors = await encoder.passages(texts)
    rarity = rarity_of(texts)
    shown = matrix(texts, rarity)
    kernel = likeness(vectors, vectors) + np.float32(LETTERS) * (shown @ shown.T)
    weights = np.zeros((len(given), len(HEADS)), np.float32)
    for column, head in enumerate(HEADS):
        told = np.flatnonzero([each.is_a(head) is not None for each in given])
        wanted = np.array([given[row].is_a(head) is True for row in told])
        weights[told, column] = fit(kernel[np.ix_(told, told)].astype(np.float64), wanted)
    letters = np.float32(LETTERS) * (shown.T @ weights)
    return unpack(Heads(encoder.name, vectors, weights, rarity, letters).pack())  # as they will be read


async def measure(encoder: Encoder, heads: Heads) -> dict[str, Any]:
    """Return what is decided of the sentences held out, head by head and group of languages by group."""
    kept = held_out()
    meanings = [await _meaning(one.text, encoder, heads) for one in kept]
    report: dict[str, Any] = {"encoder": encoder.name, "examples": len(examples()), "held_out": len(kept)}
    for head in HEADS:
        report[head] = {
            group: _rates(
                head, [(one, told) for one, told in zip(kept, meanings, strict=True) if one.language in codes]
            )
            for group, codes in _GROUPS.items()
            if any(one.is_a(head) and one.language in codes for one in kept)
        }
    return report


async def _meaning(text: str, encoder: Encoder, heads: Heads) -> Meaning:
    """Return what a reader of messages tells of a text in one line."""
    texts = texts_as_encoded([text])
    scores = heads.scores(texts, await encoder.questions(texts)).max(axis=0)
    return replace(meaning_of(scores), mended=mended(text))


def _rates(head: str, told: Iterable[tuple[Example, Meaning]]) -> dict[str, float | int]:
    pairs = [(one.is_a(head) is True, _DECIDED[head](one, meaning)) for one, meaning in told]
    right = sum(is_one and found for is_one, found in pairs)
    there, found = sum(is_one for is_one, _ in pairs), sum(found for _, found in pairs)
    return {
        "sentences": len(pairs),
        "of_them": there,
        "recall": round(right / max(there, 1), 3),
        "precision": round(right / max(found, 1), 3),
    }


async def run(*, check: bool) -> int:
    """Make, measure, and write or compare; 0, or 1 where what is there is not what was made."""
    encoder = EmbeddedEncoder()
    try:
        heads = await train(encoder)
        report = await measure(encoder, heads)
    finally:
        encoder.close()
    text = yaml.safe_dump(report, sort_keys=False, allow_unicode=True)
    print(text, end="")  # noqa: T201 - a command
    if check:
        return int(yaml.safe_load(_REPORT.read_text(encoding="utf-8")) != report)
    (_HERE / FILE).write_bytes(heads.pack())
    (_HERE / WORDS).write_text(pack(words_of(examples())), encoding="utf-8")
    _REPORT.write_text("# Written by `python -m crews.understanding.train`.\n" + text, encoding="utf-8")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m crews.understanding.train", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where the report differs")
    return asyncio.run(run(check=parser.parse_args(arguments).check))


if __name__ == "__main__":
    sys.exit(main())
