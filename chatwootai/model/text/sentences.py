"""Finds where sentences end, in any script: what is left of a text that was cut off, or is too long. Pure, linear."""

import re
from collections.abc import Iterator

# Signs that end a sentence wherever they stand: their scripts put no space after them, or use them for nothing else.
# CJK, Arabic and Urdu, Indic, Armenian, Ethiopic, Burmese, Tibetan, Khmer, Mongolian, Greek's question mark.
_ALWAYS = "。！？｡．‽⸮؟۔।॥։።፧፨။༎།។៕᠃᠉᙮꓿꛳꛷꡶꡷꣎꣏꧈꧉꩝꩞꩟꫰꫱꯫᱾᱿᭚᭛᭞᭟\u037e"
_CLOSERS = r"\"'”’»›)\]}*_`」』】）〉》"
_END = re.compile(
    rf"[{_ALWAYS}]+[{_CLOSERS}]*"  # no space needed
    rf"|[.!?…]+[{_CLOSERS}]*(?=\s|\Z)"  # a point also stands in numbers and addresses
    r"|(?<=[\u0370-\u03ff\u1f00-\u1fff]);(?=\s|\Z)"  # Greek asks with a semicolon
    r"|\n"
)
_NO_END = re.compile(  # what stands before a point that ends none: a list's number or letter, an abbreviation
    r"(?:^|\n)[ \t>*-]*(?:\d{1,3}|[a-z])\Z"
    r"|\b(?:sra?|srta|dra?|profa?|av|tel|art|ph|ex|nr|nº|núm|pág|aprox|mr|mrs|ms|vs|approx|e\.g|i\.e|p\.ex)\Z",
    re.IGNORECASE,
)
_LETTERS_WITH_POINTS = re.compile(r"(?:^|[\s(])(?:[a-z]\.\s?){0,4}[a-z]\Z", re.IGNORECASE)
"""Matches letters with a point each, as in S.A. or a.m.: where a small letter or a number follows, no sentence ends."""
_BEFORE = 24  # characters before a point that tell what it is
# Thai and Lao write no full stop: a polite particle before a space ends a sentence, else a space ends a clause.
_PARTICLE = re.compile(r"(?:ครับ|คับ|ค่ะ|คะ|จ้ะ|จ้า|ฮะ|ເຈົ້າ|ເດີ້)(?=\s|\Z)")
_CLAUSE = re.compile(r"(?<=[\u0e01-\u0eff])(?=[ ]+[\u0e01-\u0eff])")


def last_end(text: str) -> int:
    """Return where the last whole sentence of a text ends, as an index behind its sign; 0 where there is none."""
    last = max(ends(text), default=0)
    return last if text[:last].strip() else 0


def ends(text: str) -> Iterator[int]:
    """Yield where sentences and lines of a text end, each as an index behind its sign, in no order."""
    yield from (found.end() for found in _END.finditer(text) if not _is_no_end(text, found))
    yield from [found.end() for found in _PARTICLE.finditer(text)] or [found.end() for found in _CLAUSE.finditer(text)]


def whole_sentences(text: str) -> str:
    """Return a text that was cut off up to the end of its last whole sentence; empty where there is none."""
    return text[: last_end(text)].rstrip()


def cut_at_sentence(text: str, most: int) -> str:
    """Return a text of `most` characters at most, whole lines or sentences of it where it has any near there."""
    if len(text) <= most:
        return text
    last = max(
        (end for end in ends(text[: most + 1]) if end <= most), default=0
    )  # with the sign behind: 3.50 is no end
    if last > most // 2 and (kept := text[:last].rstrip()):
        return kept
    kept = text[: most - 2]
    return f"{kept.rpartition(' ')[0] or kept} …"


def _is_no_end(text: str, found: re.Match[str]) -> bool:
    if found[0] != ".":
        return False
    before = max(0, found.start() - _BEFORE)
    if _NO_END.search(text, before, found.start()):
        return True
    after = text[found.end() : found.end() + _BEFORE].lstrip()[:1]
    return (after.islower() or after.isdigit()) and _LETTERS_WITH_POINTS.search(text, before, found.start()) is not None
