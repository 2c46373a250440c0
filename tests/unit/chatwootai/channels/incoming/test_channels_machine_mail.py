"""Mails that a machine sent, by subject, sender or header, and customers' mails that look like them."""

import pytest

from chatwootai.channels.incoming.mail import is_automatic

CUSTOMER = "ana@example.com"
OF_MACHINES = [
    "Automatic reply", "Auto: Re: Order", "[Auto-Reply] Order", "Fora do escritório: Re: Pedido", "OOO: Order",
    "I am out of the office Re: Order", "Away from my mail: Order", "Abwesend: Bestellung", "Vacation: Re: Order",
    "Automaattinen vastaus: x", "Automatická odpověď: x", "Răspuns automat: x", "Αυτόματη απάντηση: x",
    "Автоматический ответ: x", "不在通知: x", "自动答复: x", "부재중: x", "الرد التلقائي: x", "תשובה אוטומטית: x",
    "Trả lời tự động: x", "Balasan otomatis: x", "Non remis : x", "Não entregue: x", "Lida: x", "Letto: x",
    "Warning: could not send message for past 4 hours", "Convite aceito: Reunião @ seg",
]  # fmt: skip
OF_CUSTOMERS = [
    "Auto response unit price?",
    "Auto: peças", "Vacation - rental", "De férias: posso adiar a entrega?", "Read this: late",
    "Ausente na entrega",
    "Out of office chairs?", "Automatic watch price", "Lido e aceito, e agora?", "OOO boots size 42",
    "Auto-reply feature question", "Resposta do pedido", "Aceito: quero comprar o kit", "RES: Fora do escritório",
]  # fmt: skip
MACHINES = [
    "notificacoes@banco.example", "notificaciones@x.example", "ne-pas-repondre@x.example", "do_not_reply@x.example",
    "non-rispondere@x.example", "geenantwoord@x.example", "auto-confirm@x.example", "list-bounces@x.example",
    "bounce+ab=c@x.example", "nao.responda@x.example",
]  # fmt: skip
PEOPLE = [
    "bounce.house.rentals@x.example", "ana.bounces@x.example", "norberto@x.example", "nora.reply@x.example",
    "no.reyes@x.example", "naomi@x.example", "notificador@x.example", "bouncer@x.example", "postmasters@x.example",
]  # fmt: skip
HEADERS = [
    {"X-Autoresponder": "1"}, {"X-Auto-Response": "1"}, {"X-Vacation": "yes"}, {"X-Loop": "autoreply"},
    {"Delivered-To": "Autoresponder"},
]  # fmt: skip


def automatic(sender: str = CUSTOMER, **mail: object) -> bool:
    return is_automatic({"from": [sender], "to": ["shop@example.com"], "subject": "Oi", **mail}, {"email": sender})


@pytest.mark.parametrize("subject", OF_MACHINES)
def test_what_answering_machines_and_mail_servers_write_in_a_subject(subject: str) -> None:
    assert automatic(subject=subject)


@pytest.mark.parametrize("subject", OF_CUSTOMERS)
def test_a_customers_subject_with_the_same_words(subject: str) -> None:
    assert not automatic(subject=subject)


@pytest.mark.parametrize(
    ("sender", "machine"), [*((each, True) for each in MACHINES), *((each, False) for each in PEOPLE)]
)
def test_machines_by_their_address(sender: str, machine: bool) -> None:
    assert automatic(sender) is machine


@pytest.mark.parametrize("headers", HEADERS)
def test_machines_by_a_header(headers: dict[str, str]) -> None:
    assert automatic(headers=headers)
    assert not automatic(headers={"Delivered-To": CUSTOMER, "X-Loop": "list@example.com"})
