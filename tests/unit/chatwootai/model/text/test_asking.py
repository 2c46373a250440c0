"""Who asks for a person, and who only speaks of one."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.text.human_request import asks_for_human
from tests.data import public

ASKED = """
Quero falar com atendente
quero falar com um atendente
QUERO FALAR COM UMA PESSOA
me passa pra um atendente por favor
pode me transferir para um humano?
preciso falar com alguém da equipe
posso falar com alguém?
atendente
Atendente, por favor
humano
quero um humano
quero atendimento humano
quero ser atendida por uma pessoa de verdade
chama o gerente
gostaria de falar com o responsável
não consigo falar com atendente
Não quero falar com robô
não quero falar com uma máquina
chega de robô, quero gente de verdade
cansei de falar com robô
tem algum atendente aí?
tem alguém de verdade aí?
Vocês podem pedir pra alguém me ligar? uma pessoa pode me ligar
prefiro falar com uma pessoa real
falar com humano
dá pra falar com um vendedor humano?
me coloca com um atendente
encaminha pro suporte humano
Oi, quero conversar com um ser humano
preciso de um atendente
Não, quero falar com uma pessoa
quero falar com a supervisora
existe algum humano aí?
Quiero hablar con una persona
¿Puedo hablar con un agente?
necesito hablar con alguien
pásame con un asesor
comuníqueme con un representante por favor
quiero un humano
no quiero hablar con un robot
¿hay alguna persona real ahí?
agente
quisiera comunicarme con un ejecutivo
quiero que me atienda una persona
me puede atender una persona?
hablar con humano
transfiéreme con un supervisor
necesito un asesor humano
hablar con el encargado
prefiero atención humana
I want to talk to a human
can I speak to someone?
Could you put me through to an agent?
transfer me to a representative
agent
human please
I need a real person
let me speak with your manager
I'd like to chat with a live agent
get me a human
I don't want to talk to a bot
stop sending me to a robot
is there a real person here?
connect me with customer service
can someone call me? I need somebody to help me
speak to a person
I would rather talk to a person
real person please
talk to representative
Can I get a human being on here
how do I contact customer support
I demand to speak to a supervisor
I want a human agent now
queria falar com alguém por favor
vc pode chamar uma pessoa pra me ajudar?
tem como falar com gente de verdade?
me liga com um atendente
Gostaria de atendimento com pessoa real
nao to entendendo, passa pra um humano
quero falar com quem manda
quero falar com o gerente da loja agora
fala pra um atendente me chamar
por favor, um atendente
algum humano disponível?
tem alguém pra me atender?
falar c/ atendente
me atende um humano pelo amor de deus
preciso de ajuda humana
como faço para falar com um atendente?
aff, só tem robô aqui? quero atendente
transferir para atendente
puedo hablar con alguien?
que me llame un asesor
quiero atención de una persona
me comunica con un humano?
no entiendo, pásame a un agente
asesor por favor
no quiero más bots, quiero una persona
hay alguien que me atienda?
con quién puedo hablar? necesito un supervisor
are there any humans here?
let me talk to somebody
can you get someone to help me
customer service rep please
speak with a manager
please escalate to a human
I need to talk with a real human being
forward me to the support team
this bot is useless, give me an agent
may I chat with a person?
talk to agent
I want to be transferred to an operator
Is there anyone I can talk to?
me atende logo, quero um humano
preciso urgente de um atendente humano
tô tentando falar com alguém faz horas
falar com a vendedora
cadê o atendente?
posso ser atendida por alguém?
por favor me encaminhe para o setor responsável, quero falar com uma pessoa
quero suporte humano
tem algum ser humano aí?
alguém de carne e osso pode responder?
quero conversar com uma atendente mulher
prefiro ser atendido por gente
esse robô não entende nada, chama alguém aí
me coloca em contato com o gerente
desejo falar com o supervisor de vocês
atendimento com humano por favor
fala sério, quero falar com gente
quiero conversar con una persona real
¿me pueden comunicar con un asesor?
necesito que me atienda un humano
quiero hablar con el gerente
ponme con un agente
ya no quiero hablar con la máquina
¿puede llamarme alguien?
hablar con un operador
Can a human help me with this?
I wanna talk to a real person
I would like to speak to someone please
put me through to your supervisor
need human assistance
just give me a person
I need to talk to someone about my refund
Please have an agent contact me
hey, can I get an actual human
speak to customer service
""".strip().splitlines()
NOT_ASKED = """
Are there human hair wigs?
não quero falar com atendente
não, eu não quero falar com uma pessoa
não precisa chamar atendente
não precisa me transferir para ninguém
vendem bonecos atendente?
já falei com um atendente ontem
consegui falar com atendente ontem, obrigada
tem vaga de atendente?
quero uma fantasia de atendente
qual o salário de um atendente?
o atendente foi muito gentil
obrigada pelo atendimento
qual o horário de atendimento?
vocês têm atendimento no domingo?
quantas pessoas cabem na mesa?
quero uma mesa para 6 pessoas
preciso de uma mesa para uma pessoa
é para uma pessoa alérgica
você é um robô?
vocês vendem robô aspirador?
quero um robô aspirador
não quero um robô aspirador, quero um normal
quero comprar um presente para alguém especial
alguém da família pode retirar?
outra pessoa pode receber o pedido?
uma pessoa pode retirar por mim?
vou falar com minha esposa e volto
vou conversar com meu marido
preciso falar com meu médico antes?
depois de falar com atendente o pedido sumiu
tem gente na loja hoje?
quero atendimento em domicílio
vocês fazem atendimento em casa?
o suporte da TV vem junto?
quero um suporte para TV
preciso de um suporte de parede
tem suporte para celular?
qual o contato de vocês?
qual o telefone da loja?
falar com vocês é sempre bom
no quiero hablar con una persona
no hace falta que me pases con un agente
ya hablé con un agente
¿venden muñecos de agente secreto?
una persona puede recoger mi pedido?
mesa para una persona
¿tienen soporte para televisor?
¿hay agentes de limpieza sin cloro?
quiero un agente limpiador
la atención fue excelente
voy a hablar con mi esposo
I don't want to talk to a human
no need to transfer me to an agent
I spoke to an agent yesterday
the agent was very nice
do you sell agent costumes?
I need a cleaning agent
how many people fit at the table?
is this cream safe for a person with allergies?
are you a bot?
can someone else pick up my order?
do you sell robots?
I don't want the robot vacuum
I need a phone holder
what does the manager app cost?
I want to chat about my order
can I speak Spanish with you?
what's the human hair wig price?
do you have human hair wigs?
I'll talk to my wife first
travel agent discount?
I need a password manager
want a property manager book
vocês têm peruca de cabelo humano?
quero peruca de cabelo humano
Vi no site que o atendente virtual funciona 24h, é verdade?
minha atendente favorita é a Paula
quanto tempo o humano leva pra digerir isso? é pra cachorro
qual perfume chama a atenção das pessoas?
vocês atendem pessoa jurídica?
sou pessoa física
presente para uma pessoa de 60 anos
não é necessário falar com ninguém
o entregador falou com o porteiro
posso pagar com a conta de outra pessoa?
quem é o responsável pela entrega?
a equipe de montagem vem quando?
quero agendar com a equipe de montagem
o gerente do banco pediu a nota fiscal
tem camiseta tamanho gerente?
preciso falar uma coisa: o batom veio quebrado
posso conversar aqui mesmo?
pode falar
o jogo Agente 007 tem?
agente pode passar aí amanhã?
a gente quer saber o preço
a gente pode retirar na loja?
quiero ser agente de ventas
¿es para personas con diabetes?
mi persona favorita ama este labial
hablo con mi marido y vuelvo
la gente dice que es bueno
el agente de viajes me dijo que no
¿atienden a personas con discapacidad?
someone told me you ship free
can a person over 100kg use this chair?
does anyone else have this problem?
I'm buying it for someone special
people say it is good
I already talked to support and it is fixed
what is the reaching distance of the arm?
human shampoo for dogs?
the manager said it would arrive on Friday
My real estate agent needs an invoice
do you ship to people in Canada?
a atendente disse que chegaria hoje
quero saber com quem falo
qual setor é responsável pela troca?
você é humana?
não gosto de falar ao telefone
tem como falar por e-mail?
esse produto é para pessoas com pele sensível?
vocês são gente boa
a gente pode falar amanhã
quero um presente pra uma pessoa querida
preciso conversar com meu sócio antes de fechar
o robô de cozinha tem garantia?
sem atendente mesmo, obrigada, você já resolveu
no, gracias, no necesito un asesor
mi hermana habló con el gerente la semana pasada
¿la persona que entrega llama antes?
busco regalo para una persona mayor
¿aceptan pagos de otra persona?
do I have to contact anyone to return it?
I was told by a rep that it's free
can someone use my coupon?
is it suitable for people over 60?
no agent needed, thanks
my manager will pick it up
I don't need to talk to anybody, just the tracking
what do people think about this cream?
do you have a representative in Brazil?
please talk to me in English
Does the robot mop too?
can I contact the courier?
""".strip().splitlines()


def test_customers_of_a_bank_who_write_of_something_else() -> None:
    """10,003 questions of which none is about people; two of them ask for one all the same."""
    with public("banking77_train.csv").open(encoding="utf-8") as rows:
        found = [row["text"] for row in csv.DictReader(rows) if asks_for_human(row["text"])]
    assert len(found) <= 5, found


@pytest.mark.parametrize("text", ASKED)
def test_a_person_is_asked_for(text: str) -> None:
    assert asks_for_human(text)
    assert asks_for_human(f"Oi! {text.upper()}")


@pytest.mark.parametrize("text", NOT_ASKED)
def test_a_person_is_only_spoken_of(text: str) -> None:
    assert asks_for_human(text) is None


@given(st.text(max_size=500))
def test_any_text_is_read(text: str) -> None:
    asks_for_human(text)
