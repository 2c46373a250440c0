"""Reads one YAML file into a tree with places, and refuses whatever two readers could read in two ways.

Size and encoding are settled here, before a parser sees anything; the tree is built in `yaml_events`.
"""

import re
from dataclasses import dataclass

from config.document.problems import Problem
from config.document.tree import Node
from config.document.yaml_events import MAX_PROBLEMS, Reader
from config.document.yaml_lookalikes import Lookalike
from config.document.yaml_mistakes import RULE

MEGABYTE = 1024 * 1024
_MARK = re.compile(r"[ ]*\ufeff")
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one file: megabytes, and values, with aliases counted at each use."""

    megabytes: int = 1
    values: int = 50_000


SMALL = Limits()
MAPPING = Limits(megabytes=8, values=1_000_000)  # ten thousand accounts, written out

Parsed = tuple[Node | None, list[Problem]]


def parse(data: bytes, name: str, limits: Limits = SMALL) -> Parsed:
    """Read the bytes of one file. Never raises: whatever they hold, the answer is a tree, problems, or both."""
    if len(data) > limits.megabytes * MEGABYTE:
        message = f"the file is over {limits.megabytes} MB"
        return None, [Problem(name, 1, 1, "too-large", message, "Configuration is short: move documents to knowledge.")]
    problems: list[Problem] = []
    text = _decode(data, name, problems)
    if text is None:
        return None, problems
    node = Reader(name, problems, limits.values).read(text)
    places = {(each.line, each.column, each.rule): each for each in reversed(problems)}  # said once, in the first words
    return node, list(reversed(places.values()))[:MAX_PROBLEMS]


def _decode(data: bytes, name: str, problems: list[Problem]) -> str | None:
    remedy = "Save it as UTF-8 without a byte-order mark."
    if data[:2] in _BOMS:
        problems.append(Problem(name, 1, 1, "encoding", "the file is UTF-16", remedy))
        return None
    if data.startswith(b"\xef\xbb\xbf"):
        problems.append(Problem(name, 1, 1, "byte-order-mark", "the file begins with a byte-order mark", remedy))
        data = data[3:]
    try:
        text = data.decode("utf-8")
        problems += _marks(text, name)
        return text
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        problems.append(Problem(name, line, column, "encoding", "a byte here is not UTF-8", "Save the file as UTF-8."))
        return None


def _marks(text: str, name: str) -> list[Problem]:
    """Byte-order marks where a line begins, as files that were joined have them: the parser passes them over."""
    if "\ufeff" not in text:
        return []
    lines = enumerate(text.split("\n"), 1)
    odd = [(number, found) for number, line in lines if (found := _MARK.match(line))]
    remedy = "Remove it: two files were joined here."
    message = Lookalike(0, "\ufeff", remedy).message
    return [Problem(name, number, found.end(), RULE, message, remedy) for number, found in odd]
