"""Which language a text is in: in four words and more, of any of 176, with what is spoken here as the tie-breaker."""

import pytest

from chatwootai.model.text.language import language_of
from crews.understanding.language import guess_language

SPOKEN = frozenset({"pt", "es", "en", "fr", "de", "it"})
SAID = {
    "pt": """
quero saber o preço do batom
vocês entregam em Curitiba?
meu pedido ainda não chegou
qual o prazo de entrega
bom dia, tudo bem com você
tem esse sofá na cor cinza
preciso trocar o tamanho da blusa
aceita cartão de crédito aí
pode parcelar em quantas vezes
onde fica a loja física
o produto veio com defeito
ainda tem vaga para amanhã
quanto fica com o frete
me manda a foto do produto
gostei muito do atendimento
vou pensar e volto depois
a cor é igual da foto
posso retirar hoje à tarde
""",
    "es": """
quiero saber el precio
¿hacen envíos a Córdoba?
mi pedido todavía no llegó
cuál es el plazo de entrega
buenos días, cómo están ustedes
tienen este sofá en gris
necesito cambiar la talla
aceptan tarjeta de crédito aquí
se puede pagar en cuotas
dónde queda la tienda
el producto vino con defecto
todavía hay lugar para mañana
cuánto sale con el envío
me mandas la foto porfa
me gustó mucho la atención
lo voy a pensar y vuelvo
el color es igual al de la foto
puedo retirar hoy por la tarde
""",
    "en": """
I want to know the price
do you ship to Canada?
my order has not arrived
what is the delivery time
good morning, how are you
is this sofa available in grey
I need to change the size
do you take credit cards
can I pay in instalments
where is your shop located
the product came broken today
any free slot for tomorrow
how much with shipping included
send me a picture please
I loved the service there
I will think about it
is the colour like the photo
can I pick it up today
""",
    "fr": """
je veux connaître le prix
livrez-vous en Belgique aussi ?
ma commande n'est pas arrivée
quel est le délai de livraison
avez-vous ce canapé en gris
je dois changer la taille
vous acceptez la carte bancaire
peut-on payer en plusieurs fois
où se trouve le magasin
le produit est arrivé cassé
encore de la place demain
combien avec les frais de port
envoyez-moi une photo svp
j'ai adoré votre accueil
je vais y réfléchir merci
""",
    "de": """
ich möchte den Preis wissen
liefern Sie auch nach Österreich?
meine Bestellung ist nicht angekommen
wie lange dauert die Lieferung
guten Morgen, wie geht es
gibt es das Sofa in grau
ich muss die Größe ändern
nehmen Sie auch Kreditkarten
kann ich in Raten zahlen
wo ist euer Laden genau
das Produkt kam kaputt an
ist morgen noch etwas frei
was kostet es mit Versand
schicken Sie mir bitte ein Foto
der Service war sehr gut
ich überlege es mir noch
""",
    "it": """
vorrei sapere il prezzo
spedite anche in Svizzera?
il mio ordine non è arrivato
quali sono i tempi di consegna
buongiorno, come state oggi
avete questo divano in grigio
devo cambiare la taglia
accettate la carta di credito
si può pagare a rate
dove si trova il negozio
il prodotto è arrivato rotto
c'è posto per domani
quanto costa con la spedizione
mi mandi una foto per favore
mi è piaciuto molto il servizio
ci penso e ti scrivo
""",
    "pl": """
chcę poznać cenę produktu
czy wysyłacie do Niemiec?
moje zamówienie jeszcze nie przyszło
jaki jest czas dostawy
dzień dobry, jak się macie
czy ta sofa jest szara
muszę zmienić rozmiar bluzki
czy mogę zapłacić kartą
""",
    "ru": """
я хочу узнать цену
вы доставляете в Казань?
мой заказ ещё не пришёл
какой срок доставки у вас
доброе утро, как ваши дела
есть ли этот диван серый
мне нужно поменять размер
можно ли оплатить картой
где находится ваш магазин
товар пришёл с браком
""",
    "tr": """
fiyatını öğrenmek istiyorum lütfen
İzmir'e kargo yapıyor musunuz?
siparişim hâlâ bana gelmedi
teslimat süresi ne kadar
bu koltuk gri var mı
bedeni değiştirmem gerekiyor acaba
kredi kartı geçiyor mu sizde
mağazanız tam olarak nerede
ürün kırık geldi bana
""",
    "ar": """
أريد أن أعرف السعر
هل توصلون إلى جدة؟
طلبي لم يصل حتى الآن
كم مدة التوصيل عندكم
صباح الخير كيف حالكم
هل هذه الكنبة متوفرة بالرمادي
أحتاج إلى تغيير المقاس
هل يمكنني الدفع بالبطاقة
""",
    "hi": """
मुझे कीमत जाननी है
क्या आप दिल्ली में डिलीवरी करते हैं?
मेरा ऑर्डर अभी तक नहीं आया
डिलीवरी में कितना समय लगेगा
सुप्रभात, आप कैसे हैं
क्या यह सोफा ग्रे में है
मुझे साइज़ बदलना है
क्या मैं कार्ड से भुगतान करूँ
""",
    "zh": """
我想知道这个的价格
你们送货到上海吗？
我的订单还没有到
配送需要多少天
早上好，你们好吗
这个沙发有灰色的吗
我需要换一个尺码
可以用信用卡付款吗
""",
    "ja": """
値段を知りたいのですが
大阪に配送できますか？
注文した商品がまだ届きません
配達にどのくらいかかりますか
このソファは灰色がありますか
クレジットカードは使えますか
""",
}


@pytest.mark.parametrize("language", SAID)
def test_a_sentence_is_in_its_language(language: str) -> None:
    sentences = SAID[language].strip().splitlines()
    told = [guess_language(sentence, SPOKEN, "pt").language for sentence in sentences]
    assert told.count(language) >= 0.95 * len(sentences), told


@pytest.mark.parametrize(
    ("text", "before", "tenant", "chosen"),
    [
        ("quanto custa o frete?", (), "pt", "pt"),  # Italian to the model, were it asked alone
        ("quanto custa?", (), "pt-BR", "pt-BR"),
        ("Quanto custa o guarda-roupa Batel?", (), "pt", "pt"),
        ("Quanto costa l'armadio Batel?", (), "pt", "it"),
        ("ok", ("je voudrais savoir le prix du canapé",), "pt", "fr"),
        ("jag vill veta priset på den här", (), "pt", "sv"),  # not spoken here: crews answer in it all the same
        ("12345", (), "pt", "pt"),
        ("👍👍", (), "es", "es"),
        ("https://example.com/der-die-das-und", (), "pt", "pt"),
        ("Batom Mate Velvet 33", (), "pt", "pt"),
    ],
)
def test_ties_go_to_what_is_spoken_here(text: str, before: tuple[str, ...], tenant: str, chosen: str) -> None:
    assert language_of(text, before, None, tenant, SPOKEN, guess_language).partition("-")[0] == chosen.partition("-")[0]


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "a" * 100_000, "😀" * 500, "\n\n"])
def test_any_text_is_read(text: str) -> None:
    guess_language(text, SPOKEN, "pt")


@pytest.mark.parametrize(
    ("text", "before", "chosen"),
    [
        ("hi", (), "en"),
        ("yes please", (), "en"),
        ("quiero cancelar", (), "es"),
        ("cuanto cuesta", (), "es"),
        ("tienen stock?", (), "es"),
        ("ok", (), "pt-BR"),
        ("\U0001f44d", (), "pt-BR"),
        ("12", (), "pt-BR"),
        ("yes", ("quero saber o preço do batom",), "pt"),  # one word of another language in the midst of one's own
        ("Здравствуйте", (), "ru"),
        ("مرحبا", (), "ar"),
        ("नमस्ते", (), "hi"),
        ("привіт", (), "uk"),
        ("你好", (), "zh"),
    ],
)
def test_a_word_or_two(text: str, before: tuple[str, ...], chosen: str) -> None:
    assert language_of(text, before, None, "pt-BR", frozenset({"pt", "es", "en"}), guess_language) == chosen
