"""Words that say little about what a text is about, whatever it is about: of Portuguese, Spanish and English."""

from typing import Final

from chatwootai.model.text.normalize import normalize
from crews.knowledge.index.terms import stems_of

_WORDS: Final = """
o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela pelos pelas para pra pro com sem sob sobre e
ou mas que se como quando onde qual quais quem quanto quanta quantos quantas eu voce voces ele ela eles elas nos me te
lhe meu minha meus minhas seu sua seus suas este esta estes estas esse essa isso isto aquele aquela ser é são era foi
está estou estão estava ter tem tenho têm temos haver há fazer faz fazem faço posso pode podem poder preciso quero
queria gostaria vou vai vão ir já ainda também só mais muito aqui ali lá agora então oi olá bom boa dia tarde noite
obrigado obrigada favor tudo bem não sim ao aos à às até
el la los las un una unos unas del al en por para con sin sobre y o u pero que si como cuando donde cual cuales quien
cuanto cuanta yo tu usted ustedes él ella ellos nosotros me te le les mi mis su sus este esta esto ese esa eso ser es
son era fue está estoy están tener tiene tengo tienen hay hacer hace hago puedo puede pueden poder necesito quiero
quisiera voy va ya todavía también solo más muy aquí allí ahora entonces hola buenos buenas días tardes noches gracias
favor bien no sí
the a an of in on at by for with without to from and or but that which what when where who how much many i you he she
it we they me my your his her our their this these those be is are was were am been do does did have has had can could
may would should will shall want need like get there here now then also still already hello hi hey good morning
afternoon evening thanks thank please not yes no if about as up out
"""
_COMMON: Final = frozenset(
    term for word in _WORDS.split() for term in (word, normalize(word), *stems_of(word, ("en", "es", "pt")))
)


def is_common(term: str) -> bool:
    """Return whether a term, folded or stemmed or as written, is one of these words."""
    return term in _COMMON
