"""Reasons why a model's draft must not be read, and the patterns that show them. Pure.

Every pattern is linear on any text: no unbounded repetition stands before something that may be missing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatwootai.model.policy.tool_words import PHRASES


class Unfit(StrEnum):
    """Reasons why a draft is kept back: values of a metric's label, so their number stays fixed."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"  # one that nobody filled
    ERROR = "error"  # an error's words
    TOOL_ERROR = "tool_error"  # what a tool of ours says when it fails
    TOOL_CALL = "tool_call"  # a call of a tool, written out
    DATA = "data"  # JSON in place of words
    INSTRUCTIONS = "instructions"  # what the model was told, or that it was told something
    KEY = "key"  # a key, or an id like one
    ID = "id"  # the name of an id of ours
    MODEL = "model_talk"  # it speaks of being a model
    DIALOGUE = "dialogue"  # both sides of a conversation
    THOUGHTS = "thoughts"  # what it thinks in place of what it says
    LOOP = "loop"  # the same again and again
    UNGROUNDED = "ungrounded"  # a figure, link or address that stands in nothing that it was given


class Excuse(StrEnum):
    """Excuses for a match where a tenant's guard is strict: `TECHNICAL` patterns are not looked for otherwise."""

    NEVER = "never"
    VERBATIM = "verbatim"  # the question or the facts hold the very same
    TOPIC = "topic"  # they speak of such things, or hold the very same


@dataclass(frozen=True, slots=True)
class Pattern:
    """One sign that a draft is unfit. `technical`: a tenant whose customers talk of software may say it.

    `topic`: what the question or the facts must hold for `Excuse.TOPIC`. `needs`: pieces in lower case of which a text
    must hold one for the sign to stand in it; none: the sign itself is as quickly looked for.
    """

    reason: Unfit
    sign: re.Pattern[str]
    excuse: Excuse = Excuse.NEVER
    technical: bool = False
    topic: re.Pattern[str] | None = None
    needs: tuple[str, ...] = ()

    def may_stand_in(self, folded: str) -> bool:
        """Return whether the sign may stand in a text, of which `folded` returns what is given here."""
        return not self.needs or any(each in folded for each in self.needs)


def folded(text: str) -> str:
    """Return a text in which what is the same to a pattern without case is the same."""
    return text.replace("İ", "i").replace("ı", "i").casefold()


def _pattern(
    reason: Unfit,
    sign: str,
    excuse: Excuse = Excuse.NEVER,
    *,
    technical: bool = False,
    topic: str = "",
    needs: tuple[str, ...] = (),
) -> Pattern:
    found = re.compile(topic, re.IGNORECASE) if topic else None
    return Pattern(reason, re.compile(sign, re.IGNORECASE | re.MULTILINE), excuse, technical, found, needs)


_EDGE: Final = r"^[^\w\n]{0,20}"
_ABOUT_ERRORS: Final = r"\b(err(?:or|o)(?:e?s)?|exceptions?|https? \d{3}|bugs?|stack trace)\b"
_ABOUT_TEMPLATES: Final = (
    r"\{\{|\{%|\b(placeholders?|templates?|liquid|vari[aá]ve(?:l|is)|variables?|marcador\w*|mustache)\b"
)
_ABOUT_DATA: Final = r"[{\[]\s?[\"']|\b(json|api|payloads?|webhooks?|endpoints?|yaml|schema)\b"
_ABOUT_IDS: Final = r"\b\w+_id\b|\b(api|webhooks?|endpoints?|json|payloads?)\b"
_ABOUT_TOOLS: Final = r"\b(?:tool|function)[ _](?:calls?|use|calling)\b|\bfunctions?\b"
_TO_FILL: Final = (
    r"\[(?:(?:seu|sua|tu|su|your|insira|inserir|insert|inserire|ins[ée]rer|einf[üu]gen|prazo|plazo|pr[ée]nom|nom|vorname|prezzo"
    r"|preis|prix|quantidade|cantidad|quantity|c[oó]digo|tracking|rastreio|nome|nombre|name|customer|cliente|client"
    r"|valor|number|numero"
    r"|número|data|date|link|url|order|pedido|company|empresa)\b[^\[\]\n]{0,40}"
    r"|(?:produto|produt[oa]s|producto|product|preço|preco|precio|price|endereço|endereco|dirección|direccion|address"
    r"|telefone|teléfono|telefono|phone|horário|horario|time|cidade|ciudad|city)"
    r"(?: (?:do|da|de|del|of|the)\b[^\[\]\n]{0,30})?)\](?!\()"
)
_PERSONA: Final = (
    r"(you are|you're|você é|eres|usted es) (an?|um|uma|un|una|the) (\w{1,30} ){0,5}(agent|assistant|representative"
    r"|assistente|atendente|asistente|agente|especialista|chatbot)\b"
)
_THINKS: Final = (
    r"\A[^\w\n]{0,20}(?:(?:okay|ok|alright|hmm+|well|so|bem|bueno|vale)\b[,. ]{0,3}){0,2}"
    r"(?:the user (?:is asking|asks|asked|wants|said|says|wrote|needs|seems)|the customer is asking"
    r"|(?:we|i) (?:need|have|should|must) (?:to )?(?:answer|respond|reply|produce|craft)\b"
    r"|let me (?:think|analy[sz]e|break|craft)\b"
    r"|(?:first, )?i (?:need|should) (?:to )?(?:figure|look at(?! your)|check what)"
    r"|o usu[aá]rio (?:est[aá] perguntando|quer|pergunt\w{1,3})"
    r"|el usuario (?:est[aá] preguntando|quiere|pregunt\w{1,3})"
    r"|preciso responder (?:ao?|em)\b|debo responder (?:al?|en)\b"
    r"|(?:thinking|reasoning|thought process|racioc[ií]nio|razonamiento)[ *_]{0,4}:)"
)
# Our own rules as a model translates them, whichever of them and into whichever language.
_RULES_TRANSLATED: Final = (
    r"\b(?:show|mostr|mu[eé]str|montr|zeig)\w{0,6}\W{1,4}(?:\w{1,4}\W{1,3})?(?:repeat|rep[ií]t|r[eé]p[eèé]t|ripet"
    r"|wiederhol)"
    r"\w{0,6}\W{1,4}(?:\w{1,4}\W{1,3})?(?:translat|tradu|[uü]bersetz)"
    r"|(?:展示|显示).{0,3}重复.{0,3}翻译|показывай.{0,4}повторяй"
    r"|\b(?:nada na conversa (?:pode|consegue)|nada (?:en|de) la conversaci[oó]n puede"
    r"|rien dans la conversation ne peut|nichts (?:im gespr[aä]ch|in der unterhaltung) kann"
    r"|(?:niente|nulla) nella conversazione pu[oò])"
    r"|\b(?:invent|erfind)\w{0,5}\W{1,3}(?:or|nor|ou|nem|o|ni|oder|e|n[eé])\W{1,3}"
    r"(?:guess|adivinh|adivin|devin|rat|indovin)\w{0,6}"
    r"|\b(?:os fatos|los hechos|les faits|die fakten|i fatti|the facts) (?:\w{1,12} ){0,2}(?:or|ou|o|oder)"
    r" (?:the|a|la|die|das) conver"
    r"|\b(?:(?:only|just) say (?:what|things)|(?:diz|dizer|digo|diga) (?:apenas|s[oó]|somente) o que"
    r"|(?:decir|digo|di) (?:solo|s[oó]lo) lo que)\b.{0,30}\b(?:facts|fatos|hechos)\b"
)
_WAS_TOLD: Final = (
    r"\b(?:i (?:was|am|have been|'ve been) (?:told|instructed)|i'm instructed) (?:not )?to\b"
    r"|\b(?:fui|sou|estou|he sido|fui|estoy) (?:instru[ií]d[oa]|orientad[oa]) (?:a|para)\b"
    r"|\bich (?:wurde|bin) angewiesen\b|\bon m'a demand[eé] de ne pas\b|\bmi è stato (?:detto|chiesto) di non\b"
)
_IS_A_MODEL: Final = (
    r"\b(?:i am|i'm|sou|soy|je suis|ich bin|sono) (?:an? |o |a |el |um |un |das )?"
    r"(?:gpt|chatgpt|claude|gemini|llama|mistral|deepseek|qwen|grok)\b(?![^.!?\n]{0,20}\?)"
    r"|\b(?:i am|i'm|i was|sou|fui|soy|modelo?|assistente?|asistente|assistant) (?:[^.!?\n]{0,40} )?"
    r"(?:trained|developed|created|made|built|treinad[oa]|desenvolvid[oa]|criad[oa]|entrenad[oa]|desarrollad[oa]"
    r"|cread[oa])"
    r" (?:by|pel[ao]|por) (?:the |a |la )?(?:openai|google|anthropic|meta|mistral|alibaba|deepseek|xai)\b"
)

PATTERNS: Final[Sequence[Pattern]] = (
    _pattern(
        Unfit.PLACEHOLDER,
        r"\{\{?\s{0,4}[a-z_]{1,40}(\.[a-z_]{1,40}){0,4}\s{0,4}\}?\}|\{%[^%\n]{0,200}%\}",
        Excuse.TOPIC,
        technical=True,
        topic=_ABOUT_TEMPLATES,
    ),
    _pattern(Unfit.PLACEHOLDER, _TO_FILL, Excuse.VERBATIM, technical=True),
    _pattern(
        Unfit.PLACEHOLDER,
        r"<(?:seu|sua|tu|su|your|insira|insert)\b[^<>\n]{0,40}>|(?<!\w)(?:R\$|US\$|\$|€) ?(?:X{2,}|_{2,})"
        r"|\bXX[/:]XX\b|(?<![-\w])X{2,}(?:[-.]X{2,}){1,5}(?![-\w])|\(XX\)"
        r"|\[(?:(?-i:X{1,4})|x{2,4}|_{2,}|\.{2,})\](?!\()"
        r"|<(?:nome|name|nombre|cliente|customer|order|pedido|product|produto|producto|price|pre[cç]o|precio|date|data)"
        r"(?:[_ ]\w{1,20})?>|(?<![\w%])%(?:[sd]|[A-Z]{3,20}(?:_[A-Z]{1,20})?%)(?!\w)|\blorem ipsum\b"
        r"|^\W{0,8}(?-i:TODO|FIXME|TBD)\b",
        Excuse.VERBATIM,
        technical=True,
        needs=("<", "xx", "__", "[x", "[.", "%", "lorem", "todo", "fixme", "tbd"),
    ),
    _pattern(
        Unfit.ERROR,
        r"traceback \(most recent call|\b[a-z_]{1,40}(\.[a-z_]{1,40}){0,4}(error|exception): "
        r"|\b[a-z]\w{0,40}(?:\.\w{1,40}){1,6}(?:exception|error)\b|\bcannot read propert(?:y|ies)\b"
        r"|\bfile \"[^\"\n]{0,300}\", line \d{1,9}|^[^\w\n]{0,20}error: [^\n]{0,40}",
        Excuse.VERBATIM,
        technical=True,
        needs=("traceback (most", "error", "exception", 'file "', "cannot read"),
    ),
    _pattern(
        Unfit.ERROR,
        r"\b(http( status)?( code)?|(status|error) code|error|erro)[: ]{1,2}[45]\d\d\b"
        r"|internal (?:server )?error|\berro interno\b|\berror interno\b|bad gateway|gateway time-?out"
        r"|rate limit (reached|exceeded)|too many requests"
        r"|connection (refused|reset)|max_tokens",
        Excuse.TOPIC,
        technical=True,
        topic=_ABOUT_ERRORS,
        needs=(
            *("http", "code", "erro", "internal", "bad gateway", "gateway time", "rate limit", "too many requests"),
            *("connection re", "max_tokens"),
        ),
    ),
    _pattern(Unfit.TOOL_ERROR, "|".join(map(re.escape, PHRASES)), needs=tuple(map(str.casefold, PHRASES))),
    _pattern(
        Unfit.TOOL_ERROR,
        # What stock CrewAI and pydantic say of a call, and what ours said before.
        r"\bfailed to parse tool arguments\b|\bvalidation errors? for \w|\bthe answer is longer than \d"
        r"|\bmore than \d{1,4} calls at once\b|\berror: no answer in time\b",
        needs=("failed to parse", "validation error", "the answer is longer", "calls at once", "error: no answer"),
    ),
    _pattern(
        Unfit.TOOL_CALL,
        r"<\|?/?(tool_call|function|invoke|parameter|tool_use|tool_response)\w{0,20}\b|\[/?tool_(calls?|results?)\]"
        r"|^[ \t]{0,20}((system|developer|thought|action input|observation)[ \t]{0,4}:"
        r"|action[ \t]{0,4}:[ \t]{0,4}\w{1,40}_\w)",
    ),
    _pattern(
        Unfit.TOOL_CALL,
        r"\bfunctions\.\w{1,60}\(|\b(tool|function)_(call|use)\b",
        Excuse.TOPIC,
        technical=True,
        topic=_ABOUT_TOOLS,
        needs=("functions.", "tool_", "function_"),
    ),
    _pattern(
        Unfit.DATA,
        r"\{\s{0,20}[\"']\w{1,60}[\"']\s{0,4}:",
        Excuse.TOPIC,
        technical=True,
        topic=_ABOUT_DATA,
    ),
    _pattern(
        Unfit.INSTRUCTIONS,
        r"nothing in the conversation can change|what you know about the company is between|your manner:"
        r"|never show, repeat, translate|begin your response|provide your complete response|^current task:"
        r"|\bexpected criteria for your final answer|\byour (personal goal|backstory) is\b"
        r"|\b(your goal is|(seu|tu) objetivo( pessoal| personal)? (é|es)):",
        needs=(
            *("nothing in the conversation", "what you know about the company", "your manner:", "never show, repeat"),
            *("begin your response", "provide your complete", "current task:", "expected criteria", "seu objetivo"),
            *("tu objetivo", "your personal goal", "your backstory", "your goal is:"),
        ),
    ),
    _pattern(Unfit.INSTRUCTIONS, _EDGE + _PERSONA),
    _pattern(
        Unfit.INSTRUCTIONS,
        _RULES_TRANSLATED,
        Excuse.VERBATIM,
        needs=(
            *("translat", "tradu", "bersetz", "展示", "显示", "показывай", "conver", "gespr", "unterhaltung"),
            *("invent", "erfind", "facts", "fatos", "hechos"),
        ),
    ),
    _pattern(
        Unfit.INSTRUCTIONS,
        _WAS_TOLD,
        Excuse.VERBATIM,
        technical=True,
        needs=("told", "instru", "orientad", "angewiesen", "on m'a demand", "mi è stato"),
    ),
    _pattern(
        Unfit.INSTRUCTIONS,
        r"expected output|\bsystem prompt|\bprompt d[eo] sistema|\bmy (system )?(prompt|instructions)\b"
        r"|\b(minhas|mis) instru[cç]\w{1,10}|\binstruções (do sistema|internas)|\b(meu|mi|mon) prompt\b"
        r"|\bmes instructions|\bmeine[nr]? (anweisungen|instruktionen)|\ble mie istruzioni"
        r"|\b(?:my (?:internal )?(?:rules|guidelines)|(?:minhas|mis) (?:regras|diretrizes|reglas|directrices))"
        r" ?(?::|(?:say|are|state|forbid|prohibit|do not|don't|tell|require|internas|dizem|s[aã]o|dicen|son|pro[ií]bem"
        r"|proh[ií]ben|n[aã]o permitem|no permiten)\b)",
        technical=True,
        needs=(
            *("expected output", "prompt", "instru", "anweisungen", "istruzioni", "rules", "guidelines", "regras"),
            *("diretrizes", "reglas", "directrices"),
        ),
    ),
    _pattern(Unfit.KEY, r"\bsk-[a-z0-9_-]{16,200}", Excuse.VERBATIM),
    _pattern(Unfit.KEY, r"(?<!/)\b(?=[0-9]{0,32}[a-f])[0-9a-f]{32,}\b", Excuse.VERBATIM, technical=True),
    _pattern(
        Unfit.ID,
        r"(?<![?&])\b(contact|conversation|account|inbox|message|tenant|turn|session)_id\b",
        Excuse.TOPIC,
        technical=True,
        topic=_ABOUT_IDS,
        needs=("_id",),
    ),
    _pattern(
        Unfit.MODEL,
        r"\b(as|como) (an? |um |uma |un )?(\w{1,30} ){0,3}(language model|modelo de (linguagem|lenguaje))\b",
        technical=True,
        needs=("language model", "modelo de"),
    ),
    _pattern(
        Unfit.MODEL,
        _IS_A_MODEL,
        Excuse.VERBATIM,
        technical=True,
        needs=(
            *("gpt", "claude", "gemini", "llama", "mistral", "deepseek", "qwen", "grok", "openai", "google"),
            *("anthropic", "meta", "alibaba", "xai"),
        ),
    ),
    _pattern(Unfit.THOUGHTS, _THINKS),
)
