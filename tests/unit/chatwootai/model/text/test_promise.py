"""What a model promises in the name of people, and what it may say by itself."""

import pytest

from chatwootai.model.policy.handoff import Need, Rules, after_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.text.handoff_promise import handoff_promise


@pytest.mark.parametrize(
    "text",
    [
        "Vou transferir você para um atendente agora mesmo.",
        "Vou te encaminhar para a nossa equipe de trocas.",
        "Já estou passando o seu caso para um especialista.",
        "Um atendente vai entrar em contato com você em breve.",
        "Nossa equipe entrará em contato amanhã.",
        "Vou verificar com o estoque e já te retorno!",
        "Um momento, vou consultar o seu pedido.",
        "Aguarde um instante, por favor.",
        "Só um momento que vou verificar isso.",
        "Volto em instantes com a resposta.",
        "Voy a transferirte con un asesor.",
        "Un asesor te va a contactar hoy.",
        "Te aviso cuando tenga noticias.",
        "I'll transfer you to a specialist.",
        "Let me connect you with our team.",
        "Someone will contact you shortly.",
        "I will get back to you tomorrow.",
        "One moment please, let me check that.",
        "Olá! Um momento, já verifico.",
        "Aguarde enquanto consulto o sistema.",
        "Vou chamar alguém da equipe.",
        "Nossa equipe vai te responder em breve.",
        "Our team will help you shortly.",
        "We'll let you know once it is back.",
        "I'm escalating this to a manager.",
    ],
)
def test_a_promise_is_kept_by_people(text: str) -> None:
    said = handoff_promise(text)
    assert said
    assert after_draft(None, None, Rules(), text) == Need(Cause.CREW, said)


@pytest.mark.parametrize(
    "text",
    [
        "Posso transferir você para um atendente, se quiser.",
        "Quer que eu chame alguém da equipe?",
        "Entregamos em até 5 dias úteis.",
        "O rastreio é atualizado em até 24 horas.",
        "Nossa equipe atende de segunda a sexta, das 9h às 18h.",
        "Você recebe um e-mail assim que o pedido sair.",
        "O entregador vai ligar antes de chegar.",
        "Se preferir, fale com a gente pelo telefone (31) 3222-1200.",
        "A transportadora entra em contato para agendar.",
        "Vou explicar como trocar: guarde a nota fiscal.",
        "¿Quieres que te pase con un asesor?",
        "El equipo de la tienda atiende los sábados.",
        "Our team is there from 9 to 6.",
        "Would you like me to connect you with someone?",
        "You will get an email once it ships.",
        "Please wait 24 hours before washing your hair.",
        "Aguarde 15 minutos e enxágue.",
        "Espere um momento antes de enxaguar. Consulte o rótulo.",
        "Please wait 10 minutes before checking your balance again.",
        "O retorno em até 30 dias é gratuito.",
        "Esse suporte de parede vai atender bem a sua TV.",
        "This lumbar support will help you sit straight.",
        "The surfactant agents will help you remove makeup gently.",
        "Na loja, a nossa equipe vai te atender das 9h às 18h.",
        "Na consulta, o especialista vai responder às suas dúvidas.",
        "A equipe de montagem vai ligar um dia antes.",
        "Vamos conectar a luminária? Uma pessoa basta.",
        "I'll put the measurements here: it seats one person.",
        "Te respondo en español: el sofá mide 2 m.",
        "We'll let you know by e-mail when your order ships.",
        "We will keep you updated by e-mail with a tracking link.",
        "",
    ],
)
def test_an_offer_is_no_promise(text: str) -> None:
    assert handoff_promise(text) is None
    assert after_draft(0.9, None, Rules(least_confidence=0.5), text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Encaminhei seu caso ao financeiro.", "Registrei sua solicitação e a equipe vai analisar.",
        "Já estou transferindo você para o atendimento.", "Vou pedir para alguém te ligar.",
        "Assim que tiver novidades te aviso.", "Será atendido por um especialista em breve.",
        "Te paso con un asesor ahora mismo.", "Un agente te contactará pronto.", "Ya avisé al encargado.",
        "Voy a consultar con el equipo y te aviso.", "He derivado tu caso a un especialista.",
        "A human agent will join the chat soon.", "I've forwarded your request to the manager.",
        "Let me check and get back to you.", "We'll have someone call you.", "I'll ask the team and let you know.",
    ],
)  # fmt: skip
def test_what_people_have_been_given_or_will_do_is_a_promise(text: str) -> None:
    assert handoff_promise(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Posso te passar para um atendente?", "Encaminhei o código por e-mail.", "Te paso el link con los precios.",
        "I forwarded the invoice to your email.", "As soon as it ships, you will get an email.",
        "A equipe de limpeza usa este produto.", "Puedo pasarte con un asesor si quieres.", "El repartidor te llamará.",
    ],
)  # fmt: skip
def test_what_is_sent_shown_or_offered_is_none(text: str) -> None:
    assert handoff_promise(text) is None
