"""Matching: which questions get the answer of another, behind the guard; among pairs held out and public questions."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.figure import Figure, quantile, rounded
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Vectors
from crews.matching.matcher import Matcher, prepared
from crews.matching.measured import measured, pairs

DATA: Final = Path(__file__).resolve().parents[3].parent / "shared/data"
_ALIKE: Final = 0.97
"""A cosine from which two FAQs of the public set are one that was written twice."""
_FLOORS: Final = (0.85, 0.95)


async def run(say: Callable[[str], None]) -> list[Figure]:
    """Measure what docs/concepts/meaning.md says of curated answers and of the semantic cache's candidates."""
    encoder = EmbeddedEncoder()
    try:
        await encoder.warm()
        say("matching pairs held out")
        figures = [*await _pairs(Matcher(encoder)), *await _by_threshold(encoder)]
        if (DATA / "aia_bde_faq.jsonl").is_file():
            say("matching reformulations of 855 public questions")
            figures += await _public(encoder)
    finally:
        encoder.close()
    return figures


async def _pairs(matcher: Matcher) -> list[Figure]:
    held = [each for each in pairs() if not each.tune]
    figures = []
    for language in ("pt", "es", "en", ""):
        given = [each for each in held if each.language == language or not language]
        found = await measured(matcher, given)
        for kind, about in (("same", "paraphrases"), ("other", "lookalikes")):
            name = f"matching.{about}.{language or 'all'}"
            figures.append(Figure(name, round(found[kind]["matched"], 3), f"of {found[kind]['pairs']:.0f}"))
    return figures


async def _by_threshold(encoder: EmbeddedEncoder) -> list[Figure]:
    """Return what a cosine alone would match of the same pairs."""
    held = [each for each in pairs() if not each.tune]
    written = await encoder.passages([prepared(each.written) for each in held])
    asked = await encoder.questions([prepared(each.asked) for each in held])
    alike, same = (written * asked).sum(axis=1), np.array([each.same for each in held])
    found = []
    for floor in _FLOORS:
        found.append(
            Figure(f"matching.threshold.{floor}.paraphrases", round(float((alike[same] >= floor).mean()), 3), "share")
        )
        found.append(
            Figure(f"matching.threshold.{floor}.lookalikes", round(float((alike[~same] >= floor).mean()), 3), "share")
        )
    return found


async def _public(encoder: EmbeddedEncoder) -> list[Figure]:
    faqs, asked = _read_lines("aia_bde_faq.jsonl"), _read_lines("aia_bde_questions.jsonl")
    written = [each["question"] for each in faqs]
    vectors = await encoder.passages([prepared(each) for each in written])
    questions = await encoder.questions([prepared(each["question"]) for each in asked])
    one = _one(faqs, vectors)
    matcher, hits, wrong, seconds = Matcher(encoder), 0, 0, []
    for each, vector in zip(asked, questions, strict=True):
        began = time.perf_counter()
        found = await matcher.near(each["question"], vector[None], written, vectors, "pt")
        seconds.append(time.perf_counter() - began)
        if found and len({one[match.at] for match in found}) == 1:
            hits += 1
            wrong += one[found[0].at] not in {one[_place(faqs, name)] for name in each["expect"]}
    figures = [
        Figure("matching.faqs.served", round(hits / len(asked), 3), f"of {len(asked)}"),
        Figure("matching.faqs.wrong", round(wrong / hits, 4), f"of {hits}"),
        Figure("matching.guard.p95", rounded(quantile(seconds, 0.95) * 1000), "ms"),
    ]
    alike = questions @ vectors.T
    best, nearest = alike.max(axis=1), alike.argmax(axis=1)
    right = np.array(
        [
            one[at] in {one[_place(faqs, name)] for name in each["expect"]}
            for at, each in zip(nearest, asked, strict=True)
        ]
    )
    for floor in _FLOORS:
        told = best >= floor
        figures.append(Figure(f"matching.faqs.threshold.{floor}.served", round(float(told.mean()), 3), "share"))
        figures.append(
            Figure(f"matching.faqs.threshold.{floor}.wrong", round(float(1 - right[told].mean()), 4), "share")
        )
    return figures


def _read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def _place(faqs: list[dict[str, Any]], name: str) -> int:
    return next(at for at, each in enumerate(faqs) if each["id"] == name)


def _one(faqs: list[dict[str, Any]], vectors: Vectors) -> list[int]:
    """Return the first of each group of FAQs that are one: with the same answer, or nearly the same question."""
    first: dict[str, int] = {}
    found: list[int] = []
    for at, each in enumerate(faqs):
        same = np.flatnonzero(vectors[:at] @ vectors[at] >= _ALIKE)
        known = first.setdefault(each["answer"], int(same[0]) if len(same) else at)
        found.append(found[known] if known < at else at)
    return found
