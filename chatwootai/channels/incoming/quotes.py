"""Cuts a mail to what it says now, without what it quotes or forwards and without its signature. Pure.

Own code, line by line and linear in the text: the parsers on PyPI know no Portuguese, or take minutes on a text that is
made to be slow. Mail programs announce a quotation in three ways: a line that says who wrote when (`On ... wrote:`), a
ruled line with a name (`-----Original Message-----`), or the quoted mail's own header (`From:`, `Sent:`, `Subject:`).
Where lines that begin with `>` follow, they alone are quoted, and what stands between and below them is new: the
sender answers below or between the lines. Where none follows, all the rest is quoted.
"""

import re
from collections.abc import Sequence
from typing import Final

_MOST_LINE: Final = 400
_MOST_LINES: Final = 5_000
"""Lines that are looked at: what stands below is new, unless all the rest is quoted."""
_WRAPPED: Final = 4
"""Lines that who wrote when may be wrapped into."""
_BLANK_LINES: Final = 5
_HEADER_LINES: Final = 8
_HEADER_NAMES: Final = 3
"""So many lines of a header, its first included, are one: a single `De: ...` is a sentence."""

_WROTE: Final = re.compile(
    r"(?:wrote|escreveu|escribió|escribio|schrieb|a écrit|ha scritto|schreef|skrev|napisał|napisał\(a\)|pisze|napsal|"
    r"kirjoitti|написал|написала|написа|пишет|пише|писав|yazdı|a scris|va escriure|έγραψε|írta|scrisse|写道|寫道|"
    r"님이 작성|のメール|さんは書きました|đã viết|menulis|napisao|napísal|เขียนว่า|ने लिखा)[^\n]{0,200}[:：]\s*$",
    re.IGNORECASE,
)
_WHEN_OR_WHO: Final = re.compile(r"[\w.+-]@[\w-]|\d{1,2}[:h.]\d{2}|\d{1,2}[./-]\d{1,2}|\b(?:19|20)\d{2}\b|\d年")
_ADDRESS_AND_TIME: Final = re.compile(
    r"(?=[^\n]{0,300}?[\w.+-]@[\w-])(?=[^\n]{0,300}?\b\d{1,2}[:.h]\d{2})(?=[^\n]{0,300}?\b20\d\d)[^\n]{0,400}"
    r"[>)\"\u200e\u200f\u202a-\u202e\d][:：][\s\u200e\u200f\u202a-\u202e]*$"
)
"""Matches a line that says who wrote when, in any language: an address, a time and a year, a colon at the end."""
_BETWEEN_RULES: Final = re.compile(r"[\s*]*-{3,}\s?[^\n]{2,200}[\w.+-]@[\w-][^\n]{0,200}\s?-{3,}[\s*]*$")
_BEGINS: Final = re.compile(
    r"[\s*_]*(?:on|em|no dia|el|am|le|il|op|den|dne|dnia|w dniu|a|\d{4}[年./-]|\d{1,2}[./-]\d)\b|[^@<>\n]{1,60}<",
    re.IGNORECASE,
)
_RULED: Final = re.compile(r"[\s*]*-{2,}\s*\w[^-\n]{2,60}\s*-{2,}[\s*]*$")
_RULED_NAMES: Final = re.compile(
    r"original|orig\.|forward|fwd|encaminhad|reenviad|urspr(?:ü|ue)nglich|weitergeleitet|transf(?:é|e)r|inoltrat|"
    r"oorspronkelijk|doorgestuurd|vidarebefordra|oprindelig|videresendt|przekazan|oryginaln|исходн|пересл|原始"
    r"|原邮件|转发|轉寄",
    re.IGNORECASE,
)
_BEGIN_FORWARDED: Final = re.compile(
    r"(?:begin forwarded message|início da mensagem (?:re)?encaminhada|inicio del mensaje reenviado|"
    r"anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:transféré|réexpédié)|"
    r"inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht|vidarebefordrat brev|videresendt (?:melding"
    r"|besked)|"
    r"start på videresendt besked|początek przekazywanej wiadomości|начало переадресованного сообщения|"
    r"iletilen ileti başlangıcı|転送されたメッセージ|전달된 메시지|(?:以下是|开始)?转发的(?:邮件|信息)"
    r"|轉寄的郵件)\s?[:：]|(?:#{2}-?|-{3,}) .{0,80}(?:above this line|acima desta linha|encima de esta l[ií]nea|"
    r"oberhalb dieser zeile|au-dessus de cette ligne|sopra questa riga)",
    re.IGNORECASE,
)
_FROM: Final = (
    "from|de|de la|von|da|van|fra|från|od|lähettäjä|gönderen|от|від|από|feladó|dari|từ|发件人|寄件者|寄件人|差出人|"
    "보낸 ?사람|expéditeur|remitente|remetente|จาก|من|מאת"
)
_SUBJECT: Final = (
    "subject|assunto|asunto|betreff|objet|oggetto|onderwerp|emne|ämne|temat|тема|主题|主旨|件名|제목|الموضوع|נושא"
    "|konu|aihe|"
    "předmět|predmet|tárgy|subiect|θέμα|chủ đề|subjek|perihal|assumpte|tema|เรื่อง"
)
_NAMES: Final = (
    f"{_FROM}|{_SUBJECT}|sent|date|to|cc|bcc|reply-to|enviado|enviado em|enviada|enviada em|enviado el|data|para|fecha|"
    "gesendet|an|datum|envoyé|envoyé le|à|inviato|a|verzonden|aan|sendt|til|skickat|till|wysłano|do|отправлено|дата"
    "|кому|"
    "копия|发送时间|发件时间|寄件日期|收件人|收件者|日期|抄送|送信日時|日付|宛先|보낸 ?날짜|날짜|받는 ?사람"
    "|تم الإرسال|تاريخ|إلى|נשלח|תאריך|אל|"
    "gönderildi|kime|lähetetty|vastaanottaja|odesláno|odoslané|komu|elküldve|címzett|trimis|către|στάλθηκε|προς"
    "|đã gửi|đến|"
    "dikirim|kepada|tanggal|enviat|per a|надіслано|изпратено|до|ส่ง|ถึง"
)
_FROM_LINE: Final = re.compile(rf"[\s*_|]*(?:{_FROM})\s?[:：|][\s*_]*\S", re.IGNORECASE)
_HEADER_LINE: Final = re.compile(rf"[\s*_|]*(?:{_NAMES})\s?[:：|]", re.IGNORECASE)
_SUBJECT_LINE: Final = re.compile(rf"[\s*_|]*(?:{_SUBJECT})\s?[:：|]", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[\w.+-]@[\w-]")
_NAMED_ADDRESS: Final = re.compile(
    r"[\s*_|]*(?!(?:re|fw|cc|e-?mail)\b)[^\W\d_][^\W\d_ ]{0,20}(?: [^\W\d_]{1,12})?\s?[:：][^\n]{0,120}"
    r"<[^<>\s@]{1,64}@[^<>\s]{1,200}>[\s*_]*$",
    re.IGNORECASE,
)
"""Matches the first line of a quoted mail's header in a language that is not listed: a word, a name, an address."""
_ANY_NAME: Final = re.compile(r"[\s*_|]*[^\W\d_][^\W\d_ ]{0,20}(?: [^\W\d_]{1,12})?[\s*_]{0,4}[:：]")
_TIME: Final = re.compile(
    r"\b(?:19|20)\d{2}\b[^\n]{0,40}\d{1,2}[:.h]\d{2}|\d{1,2}[:.h]\d{2}[^\n]{0,40}\b(?:19|20)\d{2}\b"
)
_QUOTED: Final = re.compile(r"\s{0,3}(?:>|＞|&gt;)")
_SIGNATURE: Final = re.compile(r"(?:-- ?|—|__|_{8,60})$")
_OF_A_DEVICE: Final = (
    r"(?:meu|minha|mi|um|un|iphone|ipad|ios|mac|android|galaxy|samsung|xiaomi|redmi|poco|moto\w*|huawei|nokia|lg|pixel"
    r"|windows|outlook|yahoo|gmail|hotmail|uol|bol|terra|proton\w*|e-?mail|mail|correo|app|aplicativo|smartphone)\b"
)
_DEVICE: Final = re.compile(
    r"\W{0,3}(?:(?:sent from|get (?:outlook|bluemail) for|obter o? ?outlook|obtener outlook"
    rf"|enviado (?:do|desde|pelo|de|via|com|con|por|a partir)(?: \w{{1,5}})? {_OF_A_DEVICE}|"
    r"outlook (?:für|pour|per)|von meinem|gesendet (?:von|mit)|envoyé (?:de|depuis|avec)|inviato (?:da|con)"
    r"|verstuurd vanaf|"
    r"skickat från min|sendt fra min|отправлено (?:с i|с моего|из мобильн|с телеф|с устр|из почт|из яндекс)|"
    r"надіслано з i|wysłan[eo] z (?:i|mo|tel)|发自我的|從我的|(?:أُ|أ)رسلت من الـ|נשלח מה-?i|livre de vírus|"
    r"libre de virus|virus-free|virenfrei)"
    r".{0,60}|sent (?:with|via) (?:\w{1,20} ){0,2}(?:mail|app|phone|spark|superhuman)\b.{0,40}"
    r"|.{0,40}(?:\bgesendet|から送信|에서 보냄|mdan gönderildi))$",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"\s*<?https?://\S{1,300}>?\s*")
_CONTAINED: Final = (
    r"(?=[^\n]{0,300}(?:conti[dn]|conten|contain|transmitted|anex|adjunt|attach|jointes|allegat|anhang|anh[äa]ng))"
    r"(?=[^\n]{0,400}(?:confiden|riservat|vertraulich|sigilos|privileg))"
    r"(?=[^\n]{0,600}(?:destin|recipient|addressee|intended|empf[äa]nger|exclus))"
)
_FOR_WHOM: Final = r"[^\n]{0,200}(?:confiden|destin|exclusiv|anexo|adjunt|uso )"
_DISCLAIMER: Final = re.compile(
    r"[\s*_\W]{0,10}(?:confidentiality notice|disclaimer:|aviso de (?:confidencialidade?|privacidade?)"
    r"|aviso legal[^\n]{0,200}confiden"
    r"|(?:this|the information in this) e-?mail[^\n]{0,200}(?:confidential|intended (?:solely|only)|privileged)"
    rf"|(?:esta|este) (?:mensagem|mensaje|e-?mail|correo)[^\n]{{0,80}}confiden{_FOR_WHOM}"
    rf"|(?:esta|este) (?:mensagem|mensaje|e-?mail|correo) (?:e|y) (?:seus|sus)[^\n]{{0,80}}confiden"
    r"|(?:diese e-?mail|diese nachricht)[^\n]{0,80}vertraulich|ce (?:message|courriel|mail)[^\n]{0,80}confiden"
    r"|antes de imprimir[^\n]{0,80}(?:ambiente|pens|piens)|please consider the environment|vertraulichkeitshinweis"
    r"|avis de confidentialité"
    rf"|{_CONTAINED}(?:the|this|a|as|o|os|la|las|el|los|le|les|il|l[oa]|ce|cette|est[ae]|quest[ao]|die|diese) "
    r"(?:\w{1,14} ){0,2}(?:informa|conte[nú]|e-?mail|message|mensag|mensaje|correo|comunica|nachricht|messaggio"
    r"|courriel))",
    re.IGNORECASE,
)
"""Matches the first words of a notice that a company's mail server writes below every mail."""
_RULE: Final = re.compile(r"[\s*_=–—-]*$")


def without_quotes(text: str) -> str:
    """Return what the sender of a mail has written himself; empty where there is nothing but quotations."""
    lines = text.replace("\r\n", "\n").split("\n")
    telling = [":" in line or "：" in line or "--" in line or "##" in line for line in lines[:_MOST_LINES]]
    kept: list[str] = []
    at, signed = 0, False
    while at < len(telling):
        length = _announcement_lines(lines, at) if any(telling[at : at + _WRAPPED]) else 0
        if length:
            if not _marked_below(lines, at + length):
                break
            at, signed = at + length, False
        elif _QUOTED.match(lines[at]):
            at, signed = at + 1, False
        else:
            signed = signed or _ends_here(lines[at])
            if _DEVICE.fullmatch(lines[at][:_MOST_LINE].strip()):
                at += _LINK.fullmatch(lines[at + 1]) is not None if at + 1 < len(telling) else 0
            elif not signed:
                kept.append(lines[at])
            at += 1
    return _tidy([*kept, *lines[at:]] if at == len(telling) else kept)


def _ends_here(line: str) -> bool:
    """Tell whether a signature begins in a line, or a company's notice."""
    return _SIGNATURE.fullmatch(line.rstrip("\r")) is not None or _DISCLAIMER.match(line[:_MOST_LINE]) is not None


def _announcement_lines(lines: Sequence[str], at: int) -> int:
    """Return the number of lines from here that announce a quotation; 0: none does."""
    line = lines[at][:_MOST_LINE]
    if not line.strip():
        return 0
    if _BEGIN_FORWARDED.search(line) or _BETWEEN_RULES.match(line) or (_RULED.match(line) and _names_a_mail(lines, at)):
        return 1
    return _header(lines, at) or _who_wrote_when(lines, at)


def _names_a_mail(lines: Sequence[str], at: int) -> bool:
    """Tell whether a ruled line stands above another mail: it says so, or that mail's header follows."""
    below = next((each for each in lines[at + 1 : at + 4] if each.strip()), "")
    return _RULED_NAMES.search(lines[at][:_MOST_LINE]) is not None or _HEADER_LINE.match(below[:_MOST_LINE]) is not None


def _header(lines: Sequence[str], at: int) -> int:
    """Return the number of lines of a quoted mail's header: by its names, or by its shape in other languages."""
    block = [each[:_MOST_LINE] for each in lines[at : at + _HEADER_LINES]]
    known = _HEADER_LINE.match(block[0]) and any(map(_FROM_LINE.match, block[:2]))
    # `From: Madrid, To: Lima, Date: ...` is a question
    if known and (length := _named_lines(block, _HEADER_LINE, _ADDRESS, _SUBJECT_LINE)):
        return length
    return _named_lines(block, _ANY_NAME, _TIME) if _NAMED_ADDRESS.match(block[0]) else 0


def _named_lines(block: Sequence[str], name: re.Pattern[str], *telling: re.Pattern[str]) -> int:
    """Return where the last line with a name ends, if enough have one and one of them shows a telling sign; or 0."""
    named = [number for number, each in enumerate(block) if name.match(each)]
    if len(named) < _HEADER_NAMES:
        return 0
    length = named[-1] + 1
    return length if any(sign.search(each) for each in block[:length] for sign in telling) else 0


def _who_wrote_when(lines: Sequence[str], at: int) -> int:
    """`On Monday, 23 Nov 2026, at 10:12, Ana <ana@example.com> wrote:`, in one line or wrapped."""
    said = ""
    wrapped = _WRAPPED if _BEGINS.match(lines[at][:_MOST_LINE]) else 1
    for number, line in enumerate(lines[at : at + wrapped], 1):
        if not line.strip() or _QUOTED.match(line) or len(said) > _MOST_LINE:
            return 0
        said = f"{said} {line[:_MOST_LINE].strip(' *_')}".strip()
        if _ADDRESS_AND_TIME.match(said):
            below = lines[at + number][:_MOST_LINE] if at + number < len(lines) else ""
            return number + (_WROTE.search(below) is not None)
        if _WROTE.search(said) and (_WHEN_OR_WHO.search(said) or _marked_below(lines, at + number)):
            return number
    return 0


def _marked_below(lines: Sequence[str], at: int) -> bool:
    """Tell whether the quotation that was announced is marked line by line."""
    below = next((each for each in lines[at : at + _BLANK_LINES] if each.strip()), "")
    return _QUOTED.match(below) is not None


def _tidy(lines: list[str]) -> str:
    """Without blank lines and rules at the end."""
    while lines and _RULE.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines).strip()
