"""Meaning: what the shipped heads get right among sentences held out, what they say of a bank's customers, and time."""

import csv
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.figure import Figure, quantile, rounded
from chatwootai.model.policy.meaning import is_angry, is_asking
from chatwootai.model.text.anger import ANGRY, anger_score
from chatwootai.model.text.human_request import asks_for_human
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Vectors
from crews.understanding.examples import HEADS, held_out
from crews.understanding.heads import Heads, load_shipped
from crews.understanding.language import guess_language
from crews.understanding.message_reader import MessageReader, meaning_of, normalize
from crews.understanding.train import measure

BANK: Final = Path(__file__).resolve().parents[3].parent / "shared/data/banking77_train.csv"
_TIMES: Final = 200
_SPOKEN: Final = frozenset({"pt", "es", "en", "fr", "de", "it"})
_SAID: Final = "Quanto custa a entrega para Belo Horizonte amanhã de manhã, por favor?"
_INTENTS, _EXAMPLES = 10, 10
_FLOORS: Final = (0.7, 0.75, 0.8, 0.85)


async def run(say: Callable[[str], None]) -> list[Figure]:
    """Measure everything that docs/concepts/meaning.md says of the heads, the rule, subjects and time."""
    encoder, heads = EmbeddedEncoder(), load_shipped()
    began = time.perf_counter()
    await encoder.warm()
    figures = [Figure("meaning.encoder.read", rounded(time.perf_counter() - began), "s")]
    try:
        say("reading the sentences held out")
        figures += await _held_out(encoder, heads)
        figures += await _speed(encoder, heads)
        if BANK.is_file():
            say("reading a bank's questions")
            figures += await _bank(encoder, heads)
    finally:
        encoder.close()
    return figures


async def _held_out(encoder: EmbeddedEncoder, heads: Heads) -> list[Figure]:
    report = await measure(encoder, heads)
    found = [
        Figure(f"meaning.{head}.{rate}.{group.replace(', ', '_')}", rates[rate], "share")
        for head in HEADS
        for group, rates in report[head].items()
        for rate in ("recall", "precision")
    ]
    ours = [one for one in held_out() if one.language in {"pt", "es", "en"}]
    for head, told in (
        ("person", lambda text: asks_for_human(text) is not None),
        ("angry", lambda text: anger_score(text) >= ANGRY),
    ):
        wanted = [one.text for one in ours if one.is_a(head)]
        found.append(
            Figure(f"meaning.{head}.recall.words_alone", round(sum(map(told, wanted)) / len(wanted), 3), "share")
        )
    return found


async def _speed(encoder: EmbeddedEncoder, heads: Heads) -> list[Figure]:
    reader = MessageReader(encoder, heads, seconds=60)
    vector = await encoder.questions([_SAID])
    reading = await _time(lambda: reader.read(_SAID))
    encoding = await _time(lambda: encoder.questions([_SAID]))
    scoring, telling = [], []
    for _ in range(_TIMES):
        began = time.perf_counter()
        heads.scores([_SAID.lower()], vector)
        between = time.perf_counter()
        guess_language(_SAID, _SPOKEN, "pt")
        scoring.append((between - began) * 1000)
        telling.append((time.perf_counter() - between) * 1000)
    each = {"reading": reading, "encoding": encoding, "heads": scoring, "language": telling}
    return [Figure(f"meaning.{name}.p50", rounded(quantile(times, 0.5)), "ms") for name, times in each.items()]


async def _time(work: Callable[[], Awaitable[object]]) -> list[float]:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return times


async def _bank(encoder: EmbeddedEncoder, heads: Heads) -> list[Figure]:
    with BANK.open(encoding="utf-8") as file:
        rows = [(row["category"], row["text"]) for row in csv.DictReader(file)]
    texts = [normalize(text) for _, text in rows]
    vectors = await encoder.questions(texts)
    meanings = [meaning_of(scores) for scores in heads.scores(texts, vectors)]
    told = [(text, meaning) for (_, text), meaning in zip(rows, meanings, strict=True)]
    return [
        Figure("meaning.bank.questions", len(rows), "texts"),
        Figure("meaning.bank.asking", sum(bool(is_asking(*each)) for each in told), "texts"),
        Figure("meaning.bank.angry", sum(is_angry(*each, "en") for each in told), "texts"),
        Figure("meaning.bank.angry.words_alone", sum(anger_score(text) >= ANGRY for text, _ in told), "texts"),
        *_subjects([intent for intent, _ in rows], vectors),
    ]


def _subjects(intents: Sequence[str], vectors: Vectors) -> list[Figure]:
    """Return what is told of ten intents as a tenant's subjects, with ten examples each: their own and others'."""
    named = np.array(intents)
    chosen = sorted(set(intents))[:: len(set(intents)) // _INTENTS][:_INTENTS]
    rows = np.concatenate([np.flatnonzero(named == each)[:_EXAMPLES] for each in chosen])
    rest = np.setdiff1d(np.arange(len(named)), rows)
    alike = vectors[rest] @ vectors[rows].T
    nearest, best = named[rows][alike.argmax(axis=1)], alike.max(axis=1)
    theirs = np.isin(named[rest], chosen)
    found = []
    for floor in _FLOORS:
        right = (best >= floor) & (nearest == named[rest])
        wrong = (best >= floor) & ~theirs
        found.append(Figure(f"meaning.subjects.{floor}.told", round(float(right[theirs].mean()), 3), "share"))
        found.append(Figure(f"meaning.subjects.{floor}.wrongly", round(float(wrong[~theirs].mean()), 3), "share"))
    return found
