"""Asking an index questions of a public set: which documents are found, and for how many nothing is offered."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bench.figure import Figure
from crews.encoding.encoder import Encoder
from crews.knowledge.index.index import Entry, Index
from crews.knowledge.ingest.assemble import Piece, cut_document
from crews.knowledge.passage import Document
from crews.knowledge.search.find import find, rank

PLACE: Final = ("bench", "here")

Question = tuple[str, str]
"""A question, and the id of the document that answers it."""


async def measure_asked(name: str, index: Index, encoder: Encoder, asked: Sequence[Question]) -> list[Figure]:
    """Return the share of questions whose document is found first and among five, and of those refused."""
    vectors = await encoder.questions([question for question, _ in asked])
    first = among = refused = 0
    for (question, answer), vector in zip(asked, vectors, strict=True):
        numbers, _ = rank(index, [(question, vector)], {PLACE}, 0.0, 20)
        ids = list(dict.fromkeys(index.entries[index.owners[number]].id for number in numbers))
        first += ids[:1] == [answer]
        among += answer in ids[:5]
        refused += not find(index, [(question, vector)], {PLACE}, 0.0)
    total = len(asked)
    return [
        Figure(f"knowledge.{name}.recall_at_1", round(first / total, 4), "share"),
        Figure(f"knowledge.{name}.recall_at_5", round(among / total, 4), "share"),
        Figure(f"knowledge.{name}.wrongly_refused", round(refused / total, 4), "share"),
    ]


async def measure_refused(name: str, index: Index, encoder: Encoder, foreign: Sequence[str]) -> Figure:
    """Return the share of questions, none of which is answered here, for which nothing is offered."""
    vectors = await encoder.questions(foreign)
    pairs = zip(foreign, vectors, strict=True)
    nothing = sum(not find(index, [(text, vector)], {PLACE}, 0.0) for text, vector in pairs)
    return Figure(name, round(nothing / len(foreign), 4), "share")


def piece(said: Mapping[str, Any]) -> Piece:
    """Return a record of a public set as a document that is cut."""
    questions = (said["question"],) if "question" in said else ()
    title = str(said.get("title", "")).replace("_", " ")
    text = said.get("answer") or said["content"]
    entry = Entry(source="bench", place="here", id=said["id"], digest="", title=title, questions=questions)
    return cut_document(entry, Document(id=said["id"], text=text, title=title, questions=questions))
