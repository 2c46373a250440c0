"""Questions with known answers, asked of an account's knowledge: how often the right document is found, or nothing."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from config.settings.settings import Settings
from crews.knowledge.passage import Audience
from crews.knowledge.search.find import TOP

if TYPE_CHECKING:
    from crews.knowledge.knowledge import Knowledge


async def run_trial(
    knowledge: "Knowledge",
    account: str,
    settings: Settings,
    questions: Sequence[tuple[str, Sequence[str]]],
    audience: Audience,
) -> dict[str, Any] | None:
    """Ask each question, given with the ids that answer it (none: nothing should be offered). None: nothing is known.

    Recall and reciprocal rank are of the order alone, over the questions that have an answer; `wrongly_refused` is the
    share of those for which nothing was offered, `refused` the share of the others. `p95_ms`: embedding and search.
    """
    index = await knowledge.index(account, settings, audience)
    if index is None:
        return None
    ranks: list[int] = []
    refused: list[bool] = []
    wrongly: list[bool] = []
    milliseconds: list[float] = []
    may = await knowledge.offerable_sources(account, settings, audience)
    for question, expected in questions:
        began = time.perf_counter()
        asked = await knowledge.embed_questions(account, settings, index, [question])
        hits = await index.find(asked, may, time.time(), TOP)
        milliseconds.append(1000 * (time.perf_counter() - began))
        if not expected:
            refused.append(not hits)
            continue
        wrongly.append(not hits)
        numbers = await index.rank(asked, may, time.time(), 4 * TOP)
        documents = list(dict.fromkeys(await index.documents(numbers)))
        ranks.append(next((at for at, one in enumerate(documents, start=1) if one in expected), 0))
    found = np.array(ranks)
    return {
        "questions": len(questions),
        "recall_at_1": _share(found == 1),
        "recall_at_5": _share((found > 0) & (found <= TOP)),
        "mrr": round(float(np.where(found > 0, 1 / np.maximum(found, 1), 0).mean()), 4) if ranks else None,
        "refused": _share(refused),
        "wrongly_refused": _share(wrongly),
        "p95_ms": round(float(np.quantile(milliseconds, 0.95)), 2),
    }


def _share(flags: Any) -> float | None:
    """Return the share that is true; None of nothing."""
    return round(float(np.mean(flags)), 4) if len(flags) else None
