"""Knowledge: public questions asked of public documents, foreign ones refused; time and memory of large indexes."""

import asyncio
import csv
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.entries.texts._asking import PLACE, Question, measure_asked, measure_refused, piece
from bench.entries.texts._squad import measure_folder
from bench.figure import Figure, quantile, rounded
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Vectors
from crews.knowledge.index.index import Index
from crews.knowledge.index.serialization import pack
from crews.knowledge.ingest.assemble import assemble_index
from crews.knowledge.search.find import find

DATA: Final = Path(__file__).resolve().parents[3].parent / "shared/data"
_SIZES: Final = (10_000, 50_000)
_SEARCHES: Final = 200


async def run(say: Callable[[str], None], data: Path | None = None) -> list[Figure]:
    """Measure on the half of the public questions that nothing was tuned on.

    `data`: a folder with further sets; then those alone are measured (`_squad`).
    """
    encoder = EmbeddedEncoder()
    await encoder.warm()
    if data is not None:
        return await measure_folder(data, encoder, say)
    if not DATA.is_dir():
        say(f"the public sets are not in {DATA}: only time is measured")
    figures = await _measure_found(encoder, say) if DATA.is_dir() else []
    for size in _SIZES:
        say(f"building an index of {size:,} passages")
        figures += await _speed(encoder, size)
    return figures


async def _measure_found(encoder: EmbeddedEncoder, say: Callable[[str], None]) -> list[Figure]:
    faq, paragraphs = _read_lines("aia_bde_faq.jsonl"), _read_lines("faquad_paragraphs.jsonl")
    asked = {
        "faq": _held_out(_read_lines("aia_bde_questions.jsonl")),
        "paragraphs": _held_out(_read_lines("faquad_questions.jsonl")),
    }
    with (DATA / "banking77_train.csv").open(encoding="utf-8") as file:
        bank = [row["text"] for row in csv.DictReader(file)][::40]
    figures = []
    for name, records, other in (("faq", faq, "paragraphs"), ("paragraphs", paragraphs, "faq")):
        say(f"indexing {len(records)} of {name}")
        began = time.perf_counter()
        index, embedded = await assemble_index([piece(each) for each in records], encoder, ("pt",))
        seconds = time.perf_counter() - began
        figures += [
            Figure(f"knowledge.{name}.ingest", rounded(seconds), "s"),
            Figure(f"knowledge.{name}.embedded", float(embedded), "texts"),
            Figure(f"knowledge.{name}.packed", rounded(len(pack(index)) / 2**20), "MiB"),
        ]
        say(f"asking {len(asked[name])} questions of {name}")
        figures += await measure_asked(name, index, encoder, asked[name])
        foreign = [question for question, _ in asked[other]]
        figures.append(await measure_refused(f"knowledge.{name}.refused.{other}", index, encoder, foreign))
        figures.append(await measure_refused(f"knowledge.{name}.refused.bank", index, encoder, bank))
    return figures


class DrawnEncoder:
    """An encoder that draws embeddings near to a few real ones: speed does not ask what they mean."""

    def __init__(self, real: Vectors) -> None:
        self.name, self.dimensions = "drawn", real.shape[1]
        self._real = real
        self._random = np.random.default_rng(1)

    async def questions(self, texts: Sequence[str]) -> Vectors:
        """Draw an embedding for each text."""
        drawn = self._real[self._random.integers(0, len(self._real), len(texts))]
        made = (drawn + self._random.normal(0, 0.03, drawn.shape)).astype(np.float32)
        scaled: Vectors = made / np.linalg.norm(made, axis=1, keepdims=True)
        return scaled

    passages = questions


async def drawn_index(encoder: EmbeddedEncoder, size: int) -> tuple[Index, list[str], DrawnEncoder]:
    """Return an index of `size` passages, their texts, and the encoder that drew their embeddings."""
    texts = [f"{_WORDS[at % 40]} {_WORDS[(7 * at) % 40]} do item {at}, {_SENTENCE}" for at in range(size)]
    made = DrawnEncoder(await encoder.passages(texts[:200]))
    pieces = [piece({"id": str(at), "content": text}) for at, text in enumerate(texts)]
    index, _ = await assemble_index(pieces, made, ("pt",))
    return index, texts, made


async def _speed(encoder: EmbeddedEncoder, size: int) -> list[Figure]:
    index, texts, made = await drawn_index(encoder, size)
    milliseconds = []
    for question in texts[:: max(1, size // _SEARCHES)]:
        (vector,) = await made.questions([question])
        began = time.perf_counter()
        await asyncio.to_thread(find, index, [(question[:80], vector)], {PLACE}, 0.0)
        milliseconds.append(1000 * (time.perf_counter() - began))
    return [
        Figure(f"knowledge.search.{size}.p50", rounded(quantile(milliseconds, 0.5)), "ms"),
        Figure(f"knowledge.search.{size}.p95", rounded(quantile(milliseconds, 0.95)), "ms"),
        Figure(f"knowledge.index.{size}", rounded(index.bytes / 2**20), "MiB"),
    ]


def _read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def _held_out(rows: list[dict[str, Any]]) -> list[Question]:
    """Return the half of the questions that nothing was tuned on."""
    drawn = np.random.RandomState(0).rand(len(rows)) >= 0.5
    return [(row["question"], row["expect"][0]) for row, kept in zip(rows, drawn, strict=True) if kept]


_SENTENCE: Final = (
    "a entrega leva de dois a quatro dias úteis depois do pagamento. Troca em até trinta dias com a nota fiscal. "
    "Em caso de avaria, mande fotos e o número do pedido, e a equipe responde no mesmo dia útil."
)
_WORDS: Final = (
    "prazo frete entrega troca devolução garantia boleto cartão parcela desconto cupom estoque tamanho cor tecido "
    "madeira sofá mesa cadeira cama colchão armário perfume batom base rímel creme protetor shampoo tintura pedido "
    "rastreio endereço retirada montagem visita medida projeto nota cadastro"
).split()
