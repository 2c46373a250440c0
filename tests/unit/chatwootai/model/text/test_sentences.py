"""A text that was cut off, or is too long, ends at its last whole sentence, in any script."""

import pytest

from chatwootai.model.text.sentences import cut_at_sentence, whole_sentences


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("Temos sim. O prazo é de 2", "Temos sim."),
        ("Custa R$ 3.50 e chega em", ""),
        ("Pode sim! Quer que", "Pode sim!"),
        ('Ele disse "sim." E depois', 'Ele disse "sim."'),
        ("Ele disse (sim!). E depois", "Ele disse (sim!)."),
        ("- creme\n- gel\n- sham", "- creme\n- gel"),
        ("Temos:\n1. creme\n2. gel\n3. sham", "Temos:\n1. creme\n2. gel"),
        ("sem fim", ""),
        ("Pronto.", "Pronto."),
        ("Fale com a Dra. Ana. Ela está com o Sr. Jo", "Fale com a Dra. Ana."),
        ("您好！营业时间是九点到六点。周末休息。如果您需要", "您好！营业时间是九点到六点。周末休息。"),
        ("您好！“周末休息。”如果您需要", "您好！“周末休息。”"),
        ("はい。営業は九時からです。もし", "はい。営業は九時からです。"),
        ("दुकान नौ बजे खुलती है। रविवार को बंद रहती है। अगर आप", "दुकान नौ बजे खुलती है। रविवार को बंद रहती है।"),
        ("দোকান নয়টায় খোলে। যদি", "দোকান নয়টায় খোলে।"),
        ("نفتح من التاسعة إلى السادسة. هل تريد المزيد؟ إذا كنت", "نفتح من التاسعة إلى السادسة. هل تريد المزيد؟"),
        ("دکان نو بجے کھلتی ہے۔ اگر آپ", "دکان نو بجے کھلتی ہے۔"),
        ("Բաց ենք իննից վեցը։ Եթե դուք", "Բաց ենք իննից վեցը։"),
        ("ሱቃችን ሶስት ሰዓት ይከፈታል። ከፈለጉ", "ሱቃችን ሶስት ሰዓት ይከፈታል።"),
        ("ဆိုင်ကို ကိုးနာရီတွင် ဖွင့်သည်။ သင်", "ဆိုင်ကို ကိုးနာရီတွင် ဖွင့်သည်။"),
        ("ហាងបើកម៉ោងប្រាំបួន។ ប្រសិន", "ហាងបើកម៉ោងប្រាំបួន។"),
        ("ཚོང་ཁང་སྒོ་འབྱེད། གལ་ཏེ", "ཚོང་ཁང་སྒོ་འབྱེད།"),
        ("Πότε ανοίγετε; Αν θέλετε", "Πότε ανοίγετε;"),
        ("ร้านเปิดเก้าโมงถึงหกโมงครับ วันหยุดปิด ถ้าคุณต้อง", "ร้านเปิดเก้าโมงถึงหกโมงครับ"),
        ("ร้านเปิดเก้าโมงถึงหกโมง วันหยุดปิด ถ้าคุณต้อง", "ร้านเปิดเก้าโมงถึงหกโมง วันหยุดปิด"),
        ("네, 아홉 시에 엽니다. 만약", "네, 아홉 시에 엽니다."),
        ("Ja; nein; viel", ""),
        ("\n\nabc", ""),
    ],
)
def test_it_ends_at_its_last_whole_sentence(text: str, ended: str) -> None:
    assert whole_sentences(text) == ended


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("One. Two. Three.", 20, "One. Two. Three."),
        ("One. Two. Three.", 12, "One. Two."),
        ("您好。周末休息。如果您需要", 9, "您好。周末休息。"),
        ("no end at all here", 10, "no end …"),
        ("a" * 30, 10, "a" * 8 + " …"),
        ("Temos. Custa R$ 13.50 cada", 18, "Temos. Custa R$ …"),
        ("Chame a Dra. Ana agora mesmo", 13, "Chame a …"),
        ("दुकान खुली है। रविवार को बंद", 18, "दुकान खुली है।"),
        ("نفتح الآن؟ إذا كنت", 14, "نفتح الآن؟"),
        ("ร้านเปิดครับ วันหยุดปิด", 18, "ร้านเปิดครับ"),
        ("\n" * 30, 10, "\n" * 8 + " …"),
    ],
)
def test_a_text_is_cut_at_a_sentence(text: str, most: int, kept: str) -> None:
    assert cut_at_sentence(text, most) == kept
    assert len(kept) <= max(most, len(text))


@pytest.mark.parametrize(
    ("text", "whole"),
    [("Abre às 8 a.m. e fecha", ""), ("S.A. de C.V. es", ""), ("R. das Flores", ""), ("Art. 5 da lei", ""),
     ("Temos o plano A. Custa 10. Mas", "Temos o plano A. Custa 10."), ("Sim. às vezes dem", "Sim.")],
)  # fmt: skip
def test_letters_with_a_point_each_end_no_sentence_where_it_goes_on(text: str, whole: str) -> None:
    assert whole_sentences(text) == whole
