"""The bench's way to measure anybody's set in SQuAD's shape."""

import json
from pathlib import Path

import pytest

from bench.entries.texts._squad import measure_folder
from tests.unit.crews.knowledge.test_knowledge_index import Spelling

SAID = {"es": "El envío de sofás tarda dos días.", "en": "Returns of chairs take thirty days."}
ASKED = {"es": "¿Cuánto tarda el envío de sofás?", "en": "How long do returns of chairs take?"}


async def test_a_folder_of_sets_is_measured_alone_by_halves_and_together(tmp_path: Path) -> None:
    for language, said in SAID.items():
        paragraph = {"context": said, "qas": [{"question": ASKED[language]}]}
        other = {"context": "Nada de eso, nothing.", "qas": [{"question": "Xyz?"}]}
        articles = [{"title": "A_b", "paragraphs": [paragraph]}, {"title": "C", "paragraphs": [other]}]
        (tmp_path / f"set.{language}.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    figures = {each.name: each.value for each in await measure_folder(tmp_path, Spelling(), lambda said: None)}
    assert figures["knowledge.es.recall_at_5"] == figures["knowledge.en.recall_at_5"] == 1
    assert figures["knowledge.together.en.recall_at_1"] >= 0.5
    assert figures["knowledge.es.half.refused.other"] == 1


async def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in SQuAD's shape"):
        await measure_folder(tmp_path, Spelling(), lambda said: None)
