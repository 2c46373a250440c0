"""Removes from an answer the model's thoughts and the tokens of its chat template. Pure, linear.

Endpoints should keep both out of an answer's content; many do not, for models whose parser is not switched on. Each
family marks its thoughts in its own way, and where the template itself opens the thought, only its end arrives: then
all up to that lone end is thought. Marks within code or quotes are an answer's own words, and stay.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from crews.model_calls.response import harmony

_WORDS = (
    "think|thinking|thoughts?|reasoning|reflection|analysis|scratch_?pad|rationale|chain_of_thought|monologue|internal"
    "|deepthink|antthinking|cot|plan|planning|reason|pensamento|pensamiento|racioc[ií]nio|razonamiento|思考|思维链"
)
_TAGS = (
    rf"(?!start_|end_)(?:[\w-]{{1,24}}[_:-])?(?:{_WORDS})"
    r"(?:[_:-](?:process|mode|steps?|block|chain|trace|content|text))?"
)
"""A family's own name before the word, as in `longcat_think` and `seed:think`."""
_PAIRS = (  # opening and closing, as regular expressions; a tag of any family is closed by one of the same family
    (rf"[<＜]\s?(?:{_TAGS})(?:\s[^<>]{{0,200}})?[>＞]", rf"[<＜]\s?/\s?(?:{_TAGS})\s?[>＞]"),
    (rf"&lt;(?:{_TAGS})&gt;", rf"&lt;/(?:{_TAGS})&gt;"),
    (
        r"[\[【](?:think(?:ing)?|thoughts?|reasoning|思考)[\]】](?!\()",
        r"[\[【]/(?:think(?:ing)?|thoughts?|reasoning|思考)[\]】]",
    ),
    (r"◁think▷", r"◁/think▷"),
    (
        rf"<\|(?:begin_of_|start_of_|start_)?(?:{_WORDS})(?:_start)?\|>",
        rf"<\|(?:/|end_of_|end_)(?:{_WORDS})\|>|<\|(?:{_WORDS})_end\|>|</\|(?:{_WORDS})\|>",
    ),
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    (r"<start_of_thought>", r"<end_of_thought>"),
    (r"<unused94>", r"<unused95>"),
    (r"<\|channel>\s*thought\b", r"<channel\|>"),
)
_OPENS = "|".join(f"(?P<open{number}>{opening})" for number, (opening, _) in enumerate(_PAIRS))
_CLOSES = "|".join(f"(?P<close{number}>{closing})" for number, (_, closing) in enumerate(_PAIRS))
_MAY_BE = r"(?=<[|/\sa-z思]|[\[【]/?[tr思]|◁|＜|&lt;)"  # looked at first: most signs begin none of the many
_MARK = re.compile(rf"{_MAY_BE}(?:{_OPENS}|{_CLOSES})", re.IGNORECASE)
_AT_START = re.compile(rf"\s*(?:{_OPENS})", re.IGNORECASE)
_LONGEST_MARK = 240  # characters

# Wrappers around the answer itself: taken off only where they stand around all of it.
_WRAPPED = re.compile(
    r"\s*(?:<(?P<tag>answer|response|output|final|final_(?:answer|response)|solution|assistant"
    r"|reply)>(?P<said>.*?)(?:</(?P=tag)>\s*)?"
    r"|<\|begin_of_solution\|>(?P<solution>.*?)(?:<\|end_of_solution\|>\s*)?"
    r"|<\|START_RESPONSE\|>(?P<response>.*?)(?:<\|END_RESPONSE\|>\s*)?"
    r"|<\|begin_of_box\|>(?P<box>.*?)(?:<\|end_of_box\|>\s*)?)\Z",
    re.DOTALL | re.IGNORECASE,
)

# Thoughts under a name in place of tags: "Thinking: ... Answer: ...", a fenced block, a fold. Only at the start.
_THOUGHT = (
    r"(?:my )?(?:thinking(?: process)?|thoughts?(?: process)?|reasoning|internal (?:analysis|monologue|reasoning)"
    r"|pensamentos?|pensando|racioc[ií]nio|pensamientos?|razonamiento|思考(?:过程)?|gedanken(?:gang)?"
    r"|[üu]berlegung(?:en)?"
    r"|denkprozess|r[ée]flexion|raisonnement|pens[ée]e|ragionamento|pensiero|размышлени[ея]|рассуждени[ея]|мысли)"
)
_ANSWER_NAME = (
    r"(?:final |my |resposta |respuesta )?(?:answer|response|reply|resposta|respuesta|final|回答|答案|antwort"
    r"|r[ée]ponse"
    r"|risposta|ответ)(?: final)?"
)
_NAME_EDGE = r"[\s*_#>]{0,8}"
_LABELLED = re.compile(
    rf"\A{_NAME_EDGE}{_THOUGHT}[*_ ]{{0,4}} ?[:：].*?^[*_# ]{{0,8}}{_ANSWER_NAME}[*_ ]{{0,4}} ?[:：][*_ ]{{0,4}}",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_HEADED = re.compile(  # two headings in place of two names
    rf"\A\s*#{{1,6}} ?[*_]{{0,2}}(?:{_THOUGHT}|an[aá]l(?:ysis|ise|isis)|plan)[*_ ]{{0,4}}\n.*?"
    rf"^#{{1,6}} ?[*_]{{0,2}}{_ANSWER_NAME}[*_ ]{{0,4}}\n\s*",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_COMMENT = re.compile(r"\A\s*<!--(?:.*?-->\s*|.*\Z)", re.DOTALL)
_HERE_IS = re.compile(  # Granite
    r"\s*Here(?: is|'s) my thought process:(?:.*?Here(?: is|'s) my response:\s*|.*\Z)", re.DOTALL | re.IGNORECASE
)
_FENCED = re.compile(
    rf"\A\s*```+ ?(?:think|{_THOUGHT})[ \t]*\n(?:.*?^```+[ \t]*$\s*|.*\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_FOLDED = re.compile(
    rf"\A\s*<details\b[^<>]{{0,200}}>\s*<summary>[^<>]{{0,40}}\b{_THOUGHT}\b[^<>]{{0,60}}</summary>(?:.*?</details>\s*|.*\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ASIDE = re.compile(
    rf"^(?P<sign>[*(_]{{1,2}})(?:{_THOUGHT}|thinks) ?[:：][^\n]{{0,2000}}[*)_][ \t]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)

_TEMPLATE_START = re.compile(  # tokens before an answer
    r"\s*(?:<think\s?/>|<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>|<｜begin▁of▁sentence｜>"
    r"|<\|im_start\|>(?:assistant)?"
    r"|<\|im_assistant\|>(?:assistant)?|<\|im_middle\|>|<\|assistant\|>|<｜Assistant｜>|<start_of_turn>(?:model)?"
    r"|<\|turn>(?:model)?|<\|start_header_id\|>(?:assistant)?|<\|end_header_id\|>|<\|header_start\|>(?:assistant)?"
    r"|<\|header_end\|>|<\|start_of_role\|>(?:assistant)?|<\|end_of_role\|>|<\|START_OF_TURN_TOKEN\|>"
    r"|<\|CHATBOT_TOKEN\|>"
    r"|\[/INST\]|<\|role_end\|>|<role>assistant</role>)\s*",
    re.IGNORECASE,
)
_TEMPLATE_END = re.compile(  # tokens that end it: what follows is not this answer
    r"(?=<[|/｜a-z]"
    r"|\[[/IeS])(?:<\|im_end\|>|<\|im_start\|>|<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>|<\|endoftext\|>|<\|end_of_turn\|>"
    r"|<\|END_OF_TURN_TOKEN\|>|<\|START_OF_TURN_TOKEN\|>|<\|return\|>|<\|end\|>|<\|eos\|>|<\|eot\|>|<\|endofturn\|>"
    r"|<\|endofprompt\|>|<\|end_of_sentence\|>|<\|user\|>|<\|assistant\|>|<\|observation\|>|<\|system\|>|<\|im_user\|>"
    r"|<\|start_header_id\|>|<\|header_start\|>|<\|start_of_role\|>|<\|end_of_role\|>|<\|role_end\|>|<\|turn>|<turn\|>"
    r"|<end_of_turn>|<start_of_turn>|<eos>|<end_of_utterance>|</s>|<s>(?=\s*\[INST\])|\[/?INST\]|<\|file_separator\|>"
    r"|<｜end▁of▁sentence｜>|<｜begin▁of▁sentence｜>|<｜User｜>|<｜Assistant｜>"
    r"|\[e~\[|<\|endofresponse\|>|<\|userprompt\|>|\[/?SYSTEM_PROMPT\])"
    r"|(?:\A|\n)### ?(?:Instruction|Input|Human|User) ?:",
    re.IGNORECASE,
)
_CODE = re.compile(  # a row of signs that is longer than any fence would be tried again and again
    r"^[ \t]{0,3}(`{3,12}+(?!`)|~{3,12}+(?!~))[^\n]*\n.*?^[ \t]{0,3}\1[^\n]*$"
    r"|(?<!`)(`++)[^\n]{0,2000}?(?<!`)\2(?!`)",
    re.DOTALL | re.MULTILINE,
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」", "『": "』"}
_SENTENCE_END = ".!?…。！？।؟:\n"


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    family: int
    opens: bool


def without_thoughts(text: str, *, cut_headless: bool = False) -> str:
    """Return what of a model's text is for its reader; empty where a thought never ends.

    A text that is JSON is returned as it is: `without_thoughts` is for the texts in it. `cut_headless`: this model's
    thoughts are known to begin without a mark, and the text was cut off; so without the mark of their end it is all
    thought.
    """
    if _is_json(text):
        return text
    if harmony.speaks(text):
        return _without_template(harmony.final(text))
    said, thought = _without_marked(_without_start(text))
    if not thought:
        said = "" if cut_headless else _without_labelled(said)
    return _unwrap(_without_template(said))


def ends_thought(text: str) -> bool:
    """Return whether the mark of a thought's end stands in a text, with words after it."""
    return any(not mark.opens and bool(text[mark.end :].strip()) for mark in _marks(text))


def begins_without_mark(text: str) -> bool:
    """Return whether a thought ends in a text that began without a mark."""
    if _is_json(text) or harmony.speaks(text):
        return False
    first = next(_marks(text), None)
    return first is not None and not first.opens


def _without_marked(text: str) -> tuple[str, bool]:
    """Return the text without its thoughts, and whether it had any."""
    if not _MARK.search(text):
        return text, False
    kept: list[str] = []
    at = 0
    opened: _Mark | None = None
    thought = False
    for mark in _marks(text):
        if opened is not None:
            if not mark.opens and mark.family == opened.family:
                opened, at = None, mark.end
        elif mark.opens:
            if _begins_thought(text, at, mark.start):
                kept.append(text[at : mark.start])
                opened, at, thought = mark, mark.end, True
        else:  # a lone end: all before it was thought; a second one after the whole answer ends nothing any more
            ends_nothing = thought and not text[mark.end :].strip()
            kept, at, thought = ([*kept, text[at : mark.start]] if ends_nothing else []), mark.end, True
    if not thought:
        return text, False
    if opened is None:
        kept.append(text[at:])
    return "".join(kept).strip(), True


def _marks(text: str) -> Iterator[_Mark]:
    """Yield the marks that are no words of an answer."""
    for start, end in _matches_outside_quotes(text, _MARK):
        found = _MARK.match(text, start)
        kind = (found.lastgroup if found else None) or ""
        yield _Mark(start, end, int(kind.removeprefix("open").removeprefix("close")), kind.startswith("open"))


def _begins_thought(text: str, at: int, start: int) -> bool:
    """Tell whether an opening mark stands where a model would think: at the start, or after something whole."""
    before = text[max(at, start - _LONGEST_MARK) : start].rstrip(" \t")
    return not before or before[-1] in _SENTENCE_END


def _without_labelled(text: str) -> str:
    """Return the text without a thought that stands before it under a name, or in a line of its own in brackets."""
    for pattern in (_HERE_IS, _LABELLED, _HEADED, _FENCED, _FOLDED, _COMMENT):
        if (found := pattern.match(text)) is not None:
            return text[found.end() :]
    return _ASIDE.sub("", text)


def _without_start(text: str) -> str:
    """Return the text without the template's tokens before it."""
    at = 0
    struck = "</s>" in text and not text.rstrip().endswith("</s>")  # a price, perhaps: `<s>R$ 10</s> R$ 8`
    while (found := _TEMPLATE_START.match(text, at)) is not None:
        if struck and found[0].strip() == "<s>":
            break
        at = found.end()
    return text[at:]


def _without_template(text: str) -> str:
    """Return the text up to the first token that ends a turn, unless it is quoted."""
    text = _without_start(text)
    struck = 0
    for start, end in _matches_outside_quotes(text, _TEMPLATE_END):
        if text[start:end].lower() == "</s>" and text.find("<s>", struck, start) >= 0:
            struck = end
            continue
        return text[:start].rstrip()
    return text


def _matches_outside_quotes(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield where a pattern is found, neither in code nor between quotes."""
    if not pattern.search(text):
        return
    code, number = [found.span() for found in _CODE.finditer(text)], 0
    for found in pattern.finditer(text):
        start, end = found.span()
        while number < len(code) and code[number][1] <= start:
            number += 1
        quoted = start > 0 and _QUOTES.get(text[start - 1]) == text[end : end + 1]
        if not quoted and not (number < len(code) and code[number][0] <= start):
            yield start, end


def _unwrap(text: str) -> str:
    found = _WRAPPED.match(text)
    if found is None:
        return text
    return next((said for said in found.group("said", "solution", "response", "box") if said is not None), text).strip()


def _is_json(text: str) -> bool:
    stripped = text.strip()
    if stripped[:1] != "{" or stripped[-1:] != "}":
        return False
    try:
        json.loads(stripped, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


class FirstWord:
    """Notices the first word for the customer in a text that comes in pieces, past the thoughts before it.

    `thinking`: a thought is under way. `headless`: this model's thoughts are known to begin without a mark.
    """

    def __init__(self, *, headless: bool = False) -> None:
        self.spoken = False
        self.thinking = headless
        self._closing: re.Pattern[str] | None = _ANY_CLOSE if headless else None
        self._text = ""

    def feed(self, piece: str) -> None:
        """Take in what came."""
        if self.spoken:
            return
        self._text += piece
        at = 0
        while not self.spoken and (moved := self._move_on(at)) is not None:
            at = moved
        rest = self._text[at:]
        self._text = rest[-_LONGEST_MARK:] if self._closing is not None else rest.lstrip()

    def _move_on(self, at: int) -> int | None:
        """Return where the text goes on behind its next mark; None where more has to come first."""
        if self._closing is not None:
            found = self._closing.search(self._text, at)
            if found is None:
                return None
            self._closing, self.thinking = None, False
            return found.end()
        if (start := _TEMPLATE_START.match(self._text, at)) is not None:
            return start.end()
        if (found := _AT_START.match(self._text, at)) is not None:
            family = int((found.lastgroup or "").removeprefix("open"))
            return self._think(re.compile(_PAIRS[family][1], re.IGNORECASE), found.end())
        if (found := harmony.BEGINS.match(self._text, at)) is not None:
            return self._think(harmony.FINAL, found.start())
        self.spoken = _is_word(self._text[at : at + _LONGEST_MARK].lstrip()) or len(self._text) - at > _LONGEST_MARK
        return None

    def _think(self, closing: re.Pattern[str], at: int) -> int:
        self.thinking, self._closing = True, closing
        return at


_ANY_CLOSE = re.compile(_CLOSES, re.IGNORECASE)
_MAY_OPEN = re.compile(
    r"(?:[<\[◁＜【]|&(?:l(?:t(?:;|\Z)|\Z)|\Z))[^>\]▷＞】]*\Z|<\|channel>\s*[a-z]{0,8}\Z|a[a-z]{0,8}\Z"
)
_LONGEST_OPENING = 60


def _is_word(text: str) -> bool:
    """Tell whether a text's beginning is a word, and cannot turn out to be the beginning of a mark."""
    return bool(text) and not (len(text) <= _LONGEST_OPENING and _MAY_OPEN.match(text))
