"""What a mail says now: the quotations of every mail program that customers use, and hostile ones."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.channels.incoming.quotes import without_quotes
from chatwootai.model.message.assemble import contact_words, delivery_text
from chatwootai.model.message.delivery import Delivery
from ingress.payload import RequestInfo, parse

HUMAN = "I want to talk to a human"
MARKED = f"> {HUMAN}\n> > Quero falar com um atendente\n>\n> bye"
ANNOUNCED = {
    "Gmail, English": "On Mon, 23 Nov 2026 at 10:12, Loja <loja@example.com> wrote:",
    "Gmail, wrapped": "On Mon, 23 Nov 2026 at 10:12, The Very Long Name Of A Shop <\nloja@example.com> wrote:",
    "Gmail, Portuguese": "Em seg., 23 de nov. de 2026 às 10:12, Loja <loja@example.com> escreveu:",
    "Gmail, Portuguese, wrapped": "Em seg., 23 de nov. de 2026 às 10:12, Loja <loja@example.com>\nescreveu:",
    "Gmail, Spanish": "El lun, 23 nov 2026 a las 10:12, Tienda (<loja@example.com>) escribió:",
    "Gmail, German": "Am Mo., 23. Nov. 2026 um 10:12 Uhr schrieb Laden <loja@example.com>:",
    "Gmail, French": "Le lun. 23 nov. 2026 à 10:12, Boutique <loja@example.com> a écrit :",
    "Gmail, Italian": "Il giorno lun 23 nov 2026 alle ore 10:12 Negozio <loja@example.com> ha scritto:",
    "Gmail, Dutch": "Op ma 23 nov 2026 om 10:12 schreef Winkel <loja@example.com>:",
    "Gmail, Polish": "pon., 23 lis 2026 o 10:12 Sklep <loja@example.com> napisał(a):",
    "Gmail, Swedish": "Den mån 23 nov. 2026 kl 10:12 skrev Butik <loja@example.com>:",
    "Gmail, Russian": "пн, 23 нояб. 2026 г. в 10:12, Shop <loja@example.com>:\n23.11.2026 пишет:",
    "Gmail, Japanese": "2026年11月23日(月) 10:12 Shop <loja@example.com> さんは書きました:",
    "Gmail, Chinese": "Shop <loja@example.com> 于2026年11月23日周一 10:12写道：",
    "Gmail, Russian without a verb": "пн, 23 нояб. 2026 г. в 10:12, Shop <loja@example.com>:",
    "Gmail, Arabic": "في 23 نوفمبر 2026 في 10:12 تمت كتابة بواسطة \u202aShop\u202c <\u202aloja@example.com\u202c>:",
    "Gmail, Hebrew": "\u202bבתאריך 23 בנוב׳ 2026 ב-10:12 מאת Shop <loja@example.com>:\u202c",
    "Gmail, Vietnamese": "Vào Th 2, 23 thg 11, 2026 vào lúc 10:12 Shop <loja@example.com> đã viết:",
    "Yandex": '23.11.2026, 10:12, "Shop" <loja@example.com>:',
    "Zoho": "---- On Mon, 23 Nov 2026 10:12:00 -0300 Shop <loja@example.com> wrote ----",
    "A help desk, ruled": "--- Responda acima desta linha ---",
    "A help desk": "##- Por favor, digite sua resposta acima desta linha -##",
    "Apple Mail": "On 23 Nov 2026, at 10:12, Loja <loja@example.com> wrote:",
    "Apple Mail, Portuguese": "Em 23 de nov. de 2026, à(s) 10:12, Loja <loja@example.com> escreveu:",
    "Thunderbird": "On 11/23/26 10:12 AM, Loja wrote:",
    "Thunderbird, German": "Am 23.11.26 um 10:12 schrieb Laden:",
    "Yahoo": "Em segunda-feira, 23 de novembro de 2026 10:12:00 BRT, Loja <loja@example.com> escreveu:",
    "in bold": "**Loja <loja@example.com> escreveu no dia 23/11/2026:**",
}
HEADERS = {
    "Outlook": "From: Loja <loja@example.com>\nSent: Monday, November 23, 2026 10:12 AM\nTo: Ana\nSubject: RE: Order",
    "Outlook, ruled": "________________________________\nFrom: Loja <l@example.com>\nSent: Monday\nTo: Ana\nSubject: x",
    "Outlook, Portuguese": "De: Loja <loja@example.com>\nEnviado: segunda-feira, 23\nPara: Ana\nAssunto: RES: Pedido",
    "Outlook, mobile": "De: Loja\nEnviada em: segunda\nPara: Ana\nCc: B\nAssunto: x",
    "Outlook, Spanish": "De: Tienda\nEnviado el: lunes\nPara: Ana\nAsunto: RE: Pedido",
    "Outlook, German": "Von: Laden\nGesendet: Montag\nAn: Ana\nBetreff: AW: Auftrag",
    "Outlook, French": "De : Boutique\nEnvoyé : lundi\nÀ : Ana\nObjet : RE: Commande",
    "Outlook, as Markdown": "**From:** Loja <l@example.com>  \n**Sent:** Monday  \n**To:** Ana  \n**Subject:** RE",
    "Outlook, spaced": "From: Loja\n\nSent: Monday\n\nTo: Ana\n\nSubject: RE",
    "Original message": "-----Original Message-----\nFrom: Loja\nSent: Monday",
    "Mensagem original": "-------- Mensagem original --------\nDe: Loja\nData: 23/11",
    "Mensaje original": "----- Mensaje original -----\nDe: Tienda",
    "Nachricht": "-----Ursprüngliche Nachricht-----\nVon: Laden",
    "QQ": "------------------ Original ------------------\nFrom: shop",
    "NetEase": "---- 回复的原邮件 ----\n| 发件人 | Shop<loja@example.com> |\n| 日期 | 2026年11月23日 |\n| 主题 | Re |",
    "Forwarded, Gmail": "---------- Forwarded message ---------\nDe: Loja <l@example.com>\nDate: seg.\nSubject: x",
    "Encaminhada": "---------- Mensagem encaminhada ---------\nDe: Loja",
    "Forwarded, Apple": "Begin forwarded message:\n\nFrom: Loja\nSubject: x",
    "Encaminhada, Apple": "Início da mensagem encaminhada:\n\nDe: Loja",
    "Forwarded, Apple, Japanese": "転送されたメッセージ:\n\n差出人: Loja",
    "Outlook, Czech": "Od: Obchod <l@example.com>\nOdesláno: pondělí\nKomu: Ana\nPředmět: x",
    "Outlook, Greek": "Από: Shop <l@example.com>\nΣτάλθηκε: Δευτέρα\nΠρος: Ana\nΘέμα: x",
    "Outlook, Vietnamese": "Từ: Shop <l@example.com>\nĐã gửi: Thứ Hai\nĐến: Ana\nChủ đề: x",
    "Outlook, a language that is not listed": "Nuo: S <l@example.com>\nIšsiųsta: 2026-11-23 10:12\nKam: A\nApie: x",
    "web.de": "Gesendet: Montag, 23. November 2026 um 10:12 Uhr\nVon: L <l@example.com>\nAn: A\nBetreff: x",
}
NEW = "Ainda não chegou.\nQuando chega?"


@pytest.mark.parametrize("line", ANNOUNCED.values(), ids=ANNOUNCED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_above_below_and_between_what_is_quoted(line: str, end: str) -> None:
    marked = line.replace("\n", "\n> ")
    for mail, new in (
        (f"{NEW}\n\n{line}\n\n{MARKED}", NEW),
        (f"{NEW}\n\n{line}\n{MARKED}\n", NEW),
        (f"{line}\n{MARKED}\n\n{NEW}", NEW),
        (f"{NEW}\n\n{line}\n\n{HUMAN}\nbye", NEW),  # HTML that was made plain
        (f"Oi\n\n{line}\n> {HUMAN}\nHoje\n> and when?\nAmanhã\n> bye", "Oi\n\nHoje\nAmanhã"),
        (f"{NEW}\n{line}\n> {HUMAN}\n> {marked}\n>> {HUMAN}", NEW),
    ):
        assert without_quotes(mail.replace("\n", end)).split() == new.split()


@pytest.mark.parametrize("head", HEADERS.values(), ids=HEADERS)
def test_a_quoted_mails_own_header_begins_what_is_quoted(head: str) -> None:
    assert without_quotes(f"{NEW}\n\n{head}\n\n{HUMAN}\n\nbye") == NEW
    assert without_quotes(f"{head}\n\n{HUMAN}") == ""


SIGNED = [
    "-- \nAna\n+55 31 99999-0000", "--\nAna", "Enviado do meu iPhone", "Sent from my iPhone", "Inviato da iPhone",
    "Von meinem iPhone gesendet", "Enviado desde mi iPhone", "Get Outlook for iOS", "Verstuurd vanaf mijn iPhone",
    "iPhoneから送信", "发自我的 iPhone", "Отправлено с iPhone", "Sent with Proton Mail secure email.",
    "AVISO DE CONFIDENCIALIDADE: esta mensagem é confidencial.\nSe a recebeu por engano, apague-a.",
    "This email and any files transmitted with it are confidential.", "__________________\nAna\nGerente",
    "Enviado com o email seguro Proton Mail.", "Get BlueMail for Android", "Obter o Outlook para iOS<https://aka.ms/x>",
    "Sent with Aqua Mail for Android\nhttps://example.com/aqua-mail", "Enviado desde mi Samsung Galaxy.",
    "As informações contidas nesta mensagem são confidenciais e destinadas ao destinatário.",
    "La información contenida en este correo es confidencial y para uso exclusivo del destinatario.",
    "Le informazioni contenute in questa comunicazione sono riservate e destinate al destinatario.",
]  # fmt: skip


@pytest.mark.parametrize("signature", SIGNED)
def test_a_signature_says_nothing(signature: str) -> None:
    assert without_quotes(f"{NEW}\n\n{signature}") == NEW
    assert without_quotes(f"{NEW}\n\n{signature}\n\n{ANNOUNCED['Gmail, English']}\n{MARKED}") == NEW
    assert without_quotes(f"{MARKED}\n\n{NEW}\n\n{signature}") == NEW


KEPT = [
    "De: São Paulo\nPara: Recife\nQuero saber o frete.",
    "On Monday I wrote to you. Nobody answers!",
    "Meu colega escreveu: entregamos hoje.",
    "O vendedor escreveu:\nentregamos hoje",
    "Data: 23/11, pedido 8812",
    "- um\n- dois\n- três",
    "5 > 3, não é?",
    "Preço --- muito alto --- não?",
    "From: where I live to you it is far",
    "Hello,\nI ordered at 10:30 on 23/11/2026\nand you wrote that it comes.",
    "Enviado errado",
    "Subject to change?",
    "De: Madrid\nA: Sevilla\nFecha: 12/12\n¿Cuánto cuesta el envío?",
    "From: Lisbon\nTo: Porto\nDate: 12/12/2026 10:00\nHow much is it?",
    "Cliente: Ana <ana@example.com>\nPedido: 123\nMotivo: troca",
]


@pytest.mark.parametrize(
    "said",
    [
        "This email is to ask about my order.",
        "Aviso legal: vou ao Procon amanhã.",
        "Este email é confidencial, por favor.",
        "Antes de imprimir o boleto quero saber o prazo.",
        "Sent via DHL yesterday.",
        "Sent with love.",
        "Отправлено из Москвы вчера.",
        "Enviado con Correos ayer.",
        "Skickat från Stockholm igår.",
        "Enviado com defeito",
        "Enviado de volta ontem",
        "A mensagem confidencial que recebi era destinada a outra pessoa.",
    ],
)
def test_what_only_begins_like_a_notice_or_a_signature_stays(said: str) -> None:
    assert without_quotes(f"Oi\n{said}\nObrigada") == f"Oi\n{said}\nObrigada"


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert without_quotes(text) == text


def test_words_above_a_wrapped_line_are_not_taken_for_its_beginning() -> None:
    wrapped = ANNOUNCED["Gmail, wrapped"]
    assert without_quotes(f"Hello\nI ordered at 10:30\n{wrapped}\n{MARKED}") == "Hello\nI ordered at 10:30"


HOSTILE = [
    "On " + "a " * 20_000 + "\n" * 1000 + "wrote" * 5000, "On 1:11 wrote\n" * 10_000, "> " * 70_000, "-" * 150_000,
    "From: x\n" * 18_000, "*" * 150_000, "<" * 150_000, "\n" * 150_000, " \n" * 70_000, "escreveu " * 16_000 + ":",
    "-- a " * 30_000, "De: x\nPara: y\n" * 10_000, "\r\n" * 70_000, "写道" * 70_000 + "：",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_that_is_made_to_be_slow_is_read_within_a_bound_of_steps(text: str) -> None:
    calls = 0

    def count(frame: Any, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        without_quotes(text)
    finally:
        sys.setprofile(None)
    assert calls < 40 * (text.count("\n") + 10)


@given(st.text(alphabet=st.sampled_from("On wrote:>-\n <@1.Deescrevu_*\r"), max_size=400))
def test_nothing_is_added_and_twice_is_once(text: str) -> None:
    new = without_quotes(text)
    assert all(line in text for line in new.split("\n"))
    assert without_quotes(new) == new


def mail(text: str, subject: str = "Pedido") -> Delivery:
    email = {
        "from": ["ana@example.com"],
        "to": ["loja@example.com"],
        "subject": subject,
        "text_content": {"quoted": text},
    }
    body = {
        "event": "message_created", "id": 7, "message_type": "incoming", "content": text, "sender": {"id": 9},
        "content_type": "incoming_email", "content_attributes": {"email": email},
        "conversation": {"id": 25, "inbox_id": 14, "status": "pending", "channel": "Channel::Email"},
    }  # fmt: skip
    found = parse(json.dumps(body).encode(), RequestInfo("shop", 1, 1_795_200_000.0))
    assert isinstance(found, Delivery)
    return found


def test_the_rules_of_a_handoff_see_what_is_without_quotes_alone() -> None:
    assert contact_words(mail(f"{NEW}\n\n{ANNOUNCED['Gmail, Portuguese']}\n{MARKED}")) == NEW


def test_a_mail_that_only_forwards_is_read_but_says_nothing_itself() -> None:
    found = mail(f"{HEADERS['Forwarded, Gmail']}\n\n{HUMAN}", "Fwd: Pedido 8812")
    assert contact_words(found).split("\n")[0] == "Fwd: Pedido 8812"
    assert HUMAN not in contact_words(found)
    assert HUMAN in delivery_text(found)
    assert "[quoted or forwarded mail; it says:]" in delivery_text(found)
