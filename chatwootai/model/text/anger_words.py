"""The words of anger, folded, as tables: a line is one pattern or several, `<name>` another table. Pure.

Where lines are added, tests/unit/chatwootai/model/text/test_anger.py shows what they cost.
"""

import re
from collections.abc import Mapping
from typing import Final

_VERY: Final = r"""
(?:(?:muito|tao|super|bem|mega|realmente|totalmente|completamente|profundamente|extremamente|ficando|muy|tan|bien) )
(?:(?:so|very|really|absolutely|extremely|beyond|getting|fucking|damn|a bit|bit|pretty|quite) )
"""
_WILL: Final = r"""
vou|vamos|irei|vo|quero|pretendo|serei obrigad[oa] a|terei que|ja|estou|voy a|vamos a|ire a|tendre que|estoy
will|ll|going to|gonna|shall|am|m|have|plan to|want to|about to
"""
# Before whom a quarrel is taken.
_BODIES: Final = r"""
procon|reclame ?aqui|consumidor gov|advogad[oa]s?|justica|delegacia|policia|ministerio publico|anatel|anvisa
pequenas causas|profeco|indecopi|sernac|abogad[oa]s?|defensa (?:al|del) consumidor|tribunales|juzgado|lawyers?|attorney
court|police|bbb|better business bureau|trading standards|ombudsman|consumer protection
"""
_THEM: Final = r"""
voces|vcs|vc|voce|(?:essa|esta) (?:empresa|loja|tienda)|ustedes|uds|you(?: guys| people| all)?|they
this (?:company|shop|store)|your (?:company|shop|store|service|support|bot)
"""
_NAMES: Final = r"""
ladr(?:oes|ao|ones|on)|golpistas?|estelionatari[oa]s?|mentiros[oa]s?|palhac[oa]s?|incompetentes?|idiotas?|imbec(?:is|il)
imbeciles|burr[oa]s?|lixos?|safad[oa]s?|vagabund[oa]s?|picaretas?|uma piada|una broma|estafador(?:es)?|ratas?
inutil(?:es)?|inuteis|sinverguenzas?|payas[oa]s?|basura|thieves|crooks|scammers?|liars?|idiots?|morons?|clowns?|stupid|dumb|useless
pathetic|incompetent|trash|garbage|rubbish|a joke|a scam|criminals?|uma vergonha|una verguenza|uma porcaria|uma merda
una mierda|una porqueria|a disgrace|terrible|horrible|awful|pessim[oa]s|horriveis|ruins demais|jokers?
"""
_BAD: Final = r"""
pessim[oa]|horroros[oa]|tao ruim|tan mal[oa]|horrivel|terrivel|ridicul[oa]|lamentavel|porco|nojent[oa]|vergonhos[oa]
pesim[oa]|horrible|terrible|lamentable|asqueros[oa]|ridiculous|awful|disgusting|appalling|atrocious|pathetic|shameful
useless|joke of a|shit|lixo|basura|trash|garbage|shitty|crap|crappy
"""
_SERVED: Final = r"""
atendimento|servico|empresa|loja|suporte|entrega|compra|experiencia|site|app|postura|atencion|servicio|tienda|soporte
service|support|company|shop|store|experience|delivery|customer service|website|bot|robo|purchase
"""
_CROSS: Final = r"""
furios[oa]|indignad[oa]|revoltad[oa]|put[oa]|irritad[oa]|com (?:muita )?raiva|de saco cheio|p da vida|possess[oa]
enganad[oa]|insatisfeit[oa]|estafad[oa]|estressad[oa]|enojad[oa]|hart[oa]|cabread[oa]|angry|furious|livid|pissed|mad
outraged|disgusted|fed up|sick (?:and tired|of)|fuming|upset|frustrated|annoyed|done with
"""
_QUITE: Final = r"""
(?:muito|tao|muy|tan|so|really|absolutely|completely|todos|tod[oa]s|uns|umas|um|uma|unos|unas|un|una|all|such|just)
a bunch of|nothing but|bando de|an?
"""

# Only an angry person says this.
_STRONG: Final = r"""
(?:<will>)(?: \w+){0,4}? (?:(?:no|na|ao|a|la|al|el|con|com|the|my|to|o|um|uma|un|una|in) )*(?:<bodies>)
(?:vou|vamos|irei) (?:te |os |as )?(?:processar|denunciar|acionar)|processar (?:voces|vcs|a loja|a empresa)
(?:voy a|vamos a) (?:los |las )?(?:denunciar|demandar)\w*|(?:sue|report) (?:you|this|the (?:company|shop|store))
medidas (?:judiciais|legais|cabiveis|legales)|acoes judiciais|acciones legales|legal action|chargeback
(?:meu advogado|minha advogada|mi abogad[oa]|my (?:lawyer|attorney)) (?:ja|ya|will|esta|vai|va|is|has|sabe)
(?:falta de|nenhum|zero) respe(?:i)?to|desrespeito|um descaso|que descaso|palhacada|pouca vergonha|cara de pau
(?:e|foi|que|um verdadeiro|um completo) (?:um )?(?:absurdo|descaso|desaforo)$|(?:e|que) um absurdo (?!de)\w+
um absurdo (?:isso|isto|voces|o que|que|esse|essa|nao|eu|ter)|vergonha de (?:empresa|loja|atendimento|servico)
(?:que|uma|una|what a) (?:vergonha|verguenza|disgrace|rip ?off)|vergonhoso|shameful|tom(?:ar|em) vergonha
inaceitavel|inadmissivel|unacceptable|inaceptable|inadmisible|outrageous|indignante|revoltante|how dare you
ridiculous(?:$| (?:that|how|fees?|charges?|prices?|service|company|wait))
(?:isso e|e|que coisa|esto es|es|how) (?:muito |tao |muy |algo |simplesmente )?ridicul[oa](?! de\b)
(?:estou|to|fiquei|tou|estoy|i m|im|i am|i was|me deixa|sinto me|me siento|ando) <very>{0,2}(?:<cross>)
(?:perdi|perdendo) (?:a|la) paciencia|nao aguento mais|cansei de|ja cansei|paciencia acabou|passou dos limites
no aguanto mas|ya me canse|hart[oa] de|me tienen hart[oa]|el colmo|estoy hasta|lost my patience|fed up
(?:i ve|i have|we ve) had enough(?: of|$)|last straw|losing my (?:patience|mind)|over this nonsense
(?:nunca|jamais) mais (?:compro|comprarei|volto|uso|quero)|nunca mas (?:compro|vuelvo|les compro)
never (?:again|buying|shopping|ordering|coming back)|never (?:\w+ )?(?:buy|shop|order|use)(?: \w+){0,3} again
nao (?:vou )?mais (?:comprar|voltar|comprarei)|nao (?:compro|volto) mais|no (?:vuelvo|volvere|voy) a comprar
ultima vez que (?:les |eu )?(?:compro|peco|pido|uso)|last time i (?:\w+ )?(?:buy|order|shop)
(?:pior|peor|worst) (?:\w+ )?(?:<served>)|(?:<bad>) (?:<served>)|(?:<served>) (?:\w+ ){0,2}(?:<bad>)
(?:merda|porcaria|lixo|porqueria|basura|joke) (?:de|of an?) \w+|malditos \w+|never seen such|screw this
nunca vi (?:\w+ ){0,3}tao (?:ruim|mal|pessim)\w*|been lied to|una burla|what kind of (?:clowns?|joke|idiots?)
(?:nao|no) (?:servem?|sirven?) (?:pra|para) nada|good for nothing|piece of (?:shit|crap|garbage)
this is <very>?(?:just |completely |totally )?(?:disgusting|terrible|pathetic|horrible|nonsense|a joke|awful)$
(?:fazer|fazendo|fizeram) de (?:palhac[oa]s?|otari[oa]s?|trouxas?|bob[oa]s?|idiotas?)|me estan tomando el pelo
(?:<them>) (?:\w+ )?(?:sao|e|son|es|are|re|is) (?:(?:<quite>) )*(?:<names>)
(?:bando|bola|corja|monton|manada|bunch|pack) (?:de|of) (?:\w+ )?(?:<names>)|(?:<names>) de (?:merda|mierda)
me (?:roubaram|enganaram|lesaram|estafaron|robaron|enganaron)|cai (?:num|em um) golpe
fui (?:roubad[oa]|enganad[oa]|lesad[oa]|estafad[oa])|stealing my money
(?:ripped|screwed) (?:me|us) (?:off|over)|you (?:stole|robbed|cheated|lied|scammed)
(?:vai|vao) (?:se|te|tomar|pra|a) (?:foder|fuder|ferrar|no cu|merda|puta)
foda se|vsf|vtm?nc|fdp|pqp|krl|crl|ptm|stfu|gtfo|puta que pariu
filh[oa]s? d[ae] (?:uma )?puta|que (?:porra|bosta)|caralho|arrombad[oa]s?|desgracad[oa]s?|otari[oa]s?|merda|bosta
(?:vete|vayanse|andate) a la (?:mierda|verga|chingada)|hij[oa]s? de (?:la )?(?:puta|perra)|mierda|chinga\w*|joder
pendej[oa]s?|cabron(?:es)?|gilipollas|malparid[oa]s?|no mames|carajo|jodan|f+u+c+k+\w*|wtf|bull ?shit
full of shit|this shit|screw you|assholes?|bastards?|go to hell|damn you|what the hell|you suck|this sucks
bloody (?:joke|useless|ridiculous|hell)|palhacos|(?:es)?tao de brincadeira|brincando com a minha cara|se burlan
(?:ta|tao|estao) (?:de|me) (?:sacanagem|zoando|tirando)|are you (?:kidding|joking)|is this a joke|what a joke
complete joke|kidding me|furios[oa] com|odeio (?:voces|vcs|essa (?:loja|empresa))|odio esta (?:tienda|empresa)
i hate (?:you|this (?:company|shop|store|service|place)|your)
"""
# Hard words that are also said coolly, or of something else.
_HARD: Final = r"""
absurd[oa]s?|ridicul[oa]s?|vergonha|lixo|pessim[oa]s?|golpe|ladroes|raiva|que odio|rabia|fraude?|roubo|furios[oa]
enganad[oa]|odeio|horrivel|decepcionad[oa]|decepcao|desrespeit\w+|indignad[oa]|chatead[oa]|descaso|enrolando|enrolacao
incompetencia|estafa|verguenza|pesim[oa]s?|basura|ladrones|enojad[oa]|molest[oa]|horrible|terrible|stupid|damn|shit
rip ?off|zero stars|absurd|scam|worst|furious|disgusting|angry|rubbish|useless|hate|awful|disappoint(?:ed|ing)
frustrat\w+|annoy\w+|nonsense|incompetence|appalling|pathetic|disgrace\w*|exijo|estorno imediato|demand a refund
quero meu dinheiro(?: de volta)?|devolvam meu dinheiro|(?:quiero|devuelvanme) mi (?:dinero|plata)
(?:want|give me) my money(?: back)?|ate quando|hasta cuando|how (?:much longer|many times)|quantas vezes
(?:terceira|quarta|quinta|sexta|decima|milesima|enesima|tercera|cuarta) vez|(?:third|fourth|fifth|tenth) time
ninguem (?:me )?(?:respond\w+|resolv\w+|atende\w*)|nadie (?:me )?(?:respond\w+|resuelv\w+|contest\w+)
(?:no ?one|nobody) (?:answers|answered|replies|replied|helps|helped|responds|cares)|cuantas veces|palhaco
procon|reclame ?aqui|profeco|sernac
"""
# What is merely complained of: angry only where it is shouted.
_COMPLAINT: Final = r"""
cade|onde (?:esta|ta) (?:o )?meu|ainda nao|nao chegou|nao recebi|atras\w+|demor\w+|esperando|quebrad[oa]|errad[oa]
veio|nao funciona|nao resolve\w*|todavia no|aun no|no llego|no ha llegado|rot[oa]|equivocad[oa]|no funciona
donde esta mi|where is my|where s my|still (?:not|no|waiting|haven)|never (?:arrived|came)|waiting|broken|wrong|late
doesn t work|not working|respondam|respond[ae]|answer me|reply|resolvam|resuelvan|dinheiro|dinero|money|refund
"""
# What a remedy is asked for, and what is said of it.
_AILING: Final = r"""
pele|cabelos?|unhas?|acnes?|espinhas?|olheiras?|rosto|dor(?:es)?|cheiros?|autoestima|calor|piel|pelo|cabello|unas|ojeras
rostro|dolor(?:es)?|olor(?:es)?|cicatri\w+|skin|hair|nails|scars?|pain|headaches?|smells?|backache|toothache|weather
"""
_ALL_BAD: Final = r"""
horrive(?:l|is)|terrive(?:l|is)|pessim[oa]s?|pesim[oa]s?|horribles?|terribles?|awful|um lixo|disgusting
"""
# Things that are sold, or that happen, with a hard word in their name; and praise that borrows one.
_HARMLESS: Final = r"""
(?:sac[oa]l?a?s?|latas?|lixeira|cesto|pa|balde|bolsas?|bote|cubo|tacho) (?:de |para |pra )(?:o )?(?:lixo|basura)
(?:rubbish|trash|garbage) (?:bin|bag|can)s?|liga da justica|angry birds?|(?:contra|for) (?:a |la )?(?:raiva|rabia)
raiva canina|rabies|fantasia de \w+|disfraz de \w+|\w+ costume|(?:absurd|ridicul|insan)[oa] de (?:tao |tan )?\w+
ridiculously \w+|absurdly \w+|\w+ ridiculo de \w+|love hate|the hate u give|hate to (?:bother|ask|say)
golpe de (?:ar|vento|sorte|estado|mestre)|mad (?:max|men|about)|worst case|sick (?:days?|leave|note)|shih tzu
(?:sou|para|pro|pra) (?:um |uma |o |a )?(?:advogad[oa]|policia|abogad[oa])|for (?:a |my )?(?:lawyer|police)
(?:raiva de|com raiva de) mim|vergonha de (?:perguntar|dizer|pedir)|(?:i m|i am) sick(?! (?:and|of))|late fee
(?:<ailing>) (?:\w+ ){0,3}(?:<all_bad>)|(?:<all_bad>) (?:\w+ )?(?:<ailing>)
raiva d[aeo]s? (?:meus?|minhas?|mi|mis) (?:<ailing>)|put[oa] (?:feliz|content[ea]|animad[oa]|emocionad[oa])
(?:cabron|cabrona|chingon|perron) de (?:buen[oa]s?|chid[oa]s?|ric[oa]s?|bonit[oa]s?|barat[oa]s?)
(?:rodillas?|espalda|cuello|cabeza|piernas?|ojos?|muelas?) (?:\w+ ){0,2}molestan?
(?:frustrated|mad|angry|upset|frustrad[oa]|irritad[oa]) (?:with|at|con|com) (?:myself|mim|(?:my|mi|minha) (?:<ailing>))
(?:golpe|estafa|scam|fraude?) (?:ou|o|or) (?:golpe|estafa|scam|fraude?)
(?:looks? like|parece|is (?:it|this)) (?:um |una |a )?(?:golpe|fraude?|estafa|scam)
(?:enojad|furios|brav|molest|irritad|frustrad|decepcionad)[oa] con?migo (?:mism|mesm)[oa]|vergonha minha
(?:robaron|roubaram|stole) (?:la |el |mi |o |a |meu |minha |my )(?:tarjeta|celular|telefono|bolso|billetera|cartera)
(?:robaron|roubaram|stole) (?:o |a |meu |minha |my )(?:cartao|carteira|bolsa|mochila|moto|carro|phone|card|wallet|bag)
arte de (?:ligar o foda se|que te importe un carajo)
acionar (?:a |o )?(?:garantia|seguro|assistencia)|processar (?:o |a )?(?:pagamento|pedido|troca|devolucao|compra)
denunciar (?:um |uma |o |a |esse |este )?(?:perfil|anuncio|pagina)|report this (?:product|page|link|bug|issue|error)
(?:i m|i am|as) an? (?:\w+ )?(?:lawyer|attorney|police)|police (?:officers?|station)|(?:food|tennis) court|be in court
(?:escritorio|consultorio|bufete|despacho) de (?:advogad[oa]s?|abogad[oa]s?)
(?:ver|consultar|conferir|registro) na anvisa
(?:trabalh\w+|trabaj\w+|moro|vivo) (?:n[ao]|en (?:la|el)) (?:delegacia|policia|justica|tribunal|juzgado)
(?:caralho|puta que pariu|pqp|carajo) (?:\w+ ){0,2}(?:lind[oa]|top|perfeit[oa]|maravilhos[oa]|barat[oa])
"""
# Who is glad does not mean it, or is pleased in capitals.
_GLAD: Final = r"""
obrigad[oa]|amei|adorei|perfeito|maravilhos[oa]|gracias|encant[ae]\w*|thank\w*|love (?:it|this|them)|loved|kkk+
haha\w*|rsrs\w*|jaja\w*|lol|parabens|felicidades|excelente|amazing|awesome|great|feliz
"""
# A swearword by itself, which joy and a slip of the own say, too.
_EXCLAIMED: Final = r"""
caralho|krl|crl|cacete|puta (?:que pariu|merda|madre)|pqp|ptm
(?:que )?(?:porra|merda|bosta)(?! d[aeo]s?\b)|mierda(?! de\b)|joder
carajo|no mames|wtf|f+u+c+k+(?:ing)?(?! (?:you|off|your))|(?:holy )?shit|bloody hell
"""
# What is said with it then: praise, or an apology.
_PRAISE: Final = r"""
lind[oa]s?|bonit[oa]s?|bo[am](?! (?:dia|tarde|noite))|gostos[oa]s?|delicia|amo|top|rapido|precios[oa]s?|hermos[oa]s?
buen[oa]|buenisim[oa]s?|gorgeous|beautiful|good(?! (?:morning|evening|afternoon|for))|nice|cool|fast|cute|desculp\w+
foi mal|perdao|perdon|disculp\w+|sorry|oops|ops|errei|esqueci|me enganei|me equivoque|me confundi|my bad
i (?:forgot|messed up|made a mistake)
"""
_DENIED: Final = (
    r"\b(?:nao|no|not|isn t|isnt|wasn t|aren t|never|nem|nunca|sem|sin|without|don t|dont|ni|won t|doesn t|didn t|nada)"
    r"(?: (?:e|eh|foi|estou|to|tou|sou|acho|estoy|es|fue|soy|am|is|was|a|an|um|uma|un|una|i|m|so|que|seja|nem|nada"
    r"|muito|muy|really|very|think|it|this|isso|esto|mais|de|voces|ficar|ficando|quero|querendo|com|want|going|be|vou"
    r"|voy|na))*$"
)


def _one(table: str) -> str:
    return "|".join(table.strip("\n").split("\n"))


_PARTS: Final[Mapping[str, str]] = {
    name: _one(table)
    for name, table in (
        ("will", _WILL), ("bodies", _BODIES), ("them", _THEM), ("names", _NAMES), ("bad", _BAD), ("served", _SERVED),
        ("cross", _CROSS), ("quite", _QUITE), ("ailing", _AILING), ("all_bad", _ALL_BAD),
    )
} | {"very": f"(?:{_one(_VERY)})"}  # fmt: skip


def _compile(table: str) -> re.Pattern[str]:
    whole = re.sub(r"<(\w+)>", lambda found: _PARTS[found[1]], _one(table))
    return re.compile(rf"\b(?:{whole})(?!\w)")


STRONG: Final = _compile(_STRONG)
HARD: Final = _compile(_HARD)
COMPLAINT: Final = _compile(_COMPLAINT)
HARMLESS: Final = _compile(_HARMLESS)
GLAD: Final = _compile(_GLAD)
EXCLAIMED: Final = _compile(_EXCLAIMED)
PRAISE: Final = _compile(_PRAISE)
DENIED: Final = re.compile(_DENIED)
