"""Greeting, signature and sentences in the contact's language, and what `check` notes of languages."""

from pathlib import Path
from typing import Any

import pytest

from chatwootai.model.policy.greeting import with_greeting, without_greeting
from chatwootai.model.policy.handoff_cause import NOTE_LANGUAGES, Sentence
from chatwootai.model.policy.reasons import LANGUAGES
from config.loading.loader import inspect, shipped
from config.settings.settings import Settings

SECRETS = {"S": "secret", "T": "token"}
MAPPING = (
    'version: 1\naccounts: {"1": {name: Loja, domain: retail, tenant: loja, webhook_secrets: ["${S}"], '
    'bot_token: "${T}"}}\n'
)


def configured(folder: Path, text: str) -> Any:
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    path = folder / "domains/retail/loja/config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return inspect(folder, SECRETS)


def settings(folder: Path, text: str) -> Settings:
    found = configured(folder, text)
    assert found.problems == ()
    said: Settings = found.snapshot.accounts["1"].settings
    return said


@pytest.mark.parametrize(
    ("said", "language", "greeting"),
    [
        ("greeting: Oi da Loja!", "pt", "Oi da Loja!"),
        ("greeting: Oi da Loja!", "pt-BR", "Oi da Loja!"),
        ("greeting: Oi da Loja!", "es", "¡Hola! Le atiende Loja."),
        ("greeting: Oi da Loja!", "en", "Hello! This is Loja."),
        ("greeting: Oi da Loja!", "nl", ""),
        ('greeting: Oi da Loja!\nsentences: {de: {greeting: "Hallo von {company}!"}}', "de", "Hallo von Loja!"),
        ("greeting: {pt: Oi!, es: ¡Buenas!}", "es", "¡Buenas!"),
        ("greeting: {pt: Oi!, es: ¡Buenas!}", "pt-BR", "Oi!"),
        ("greeting: {pt: Oi!, es: ¡Buenas!}", "en", "Hello! This is Loja."),
        ("greeting: {pt-BR: Oi!}", "pt", "Oi!"),
        ("language: en\ngreeting: Hi from {company}!", "pt", "Olá! Aqui é da Loja."),
        ("language: en\ngreeting: Hi from {company}!", "en", "Hi from Loja!"),
        ('greeting: ""', "pt", ""),
        ('greeting: ""', "es", ""),
    ],
)
def test_the_greeting_is_in_the_contacts_language(tmp_path: Path, said: str, language: str, greeting: str) -> None:
    assert settings(tmp_path, said).greeting_in(language) == greeting


@pytest.mark.parametrize(
    ("said", "channel", "language", "signature"),
    [
        ("signature: Equipe da Loja", "email", "pt", "Equipe da Loja"),
        ("signature: Equipe da Loja", "email", "es", "Loja"),
        ("signature: {pt: Equipe, es: Equipo}", "email", "es", "Equipo"),
        ("signature: {pt: Equipe, es: Equipo}", "email", "en", "Loja"),
        ("signature: {pt: Equipe, es: Equipo}", "webchat", "es", ""),
        ("channels: {webchat: {signature: {es: Equipo, pt: Eq}}}", "webchat", "es", "Equipo"),
        ('signature: x\nchannels: {email: {signature: ""}}', "email", "pt", ""),
        ('signature: ""', "email", "es", ""),
    ],
)
def test_so_is_the_signature(tmp_path: Path, said: str, channel: str, language: str, signature: str) -> None:
    assert settings(tmp_path, said).signature_on(channel, language) == signature


def test_what_ships_greets_without_a_question() -> None:
    said = shipped()
    assert not [
        text for block in said.sentences.values() for name, text in block.items() if name == "greeting" and "?" in text
    ]
    root = Path(__file__).resolve().parents[4] / "config/domains"
    for path in root.rglob("config.yaml"):
        lines = path.read_text(encoding="utf-8").split("\n")
        assert not [line for line in lines if "greeting" in line and "?" in line]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("greeting: {portuguese: Oi}", "`greeting.portuguese`"),
        ("greeting: {pt: 3}", "`greeting.pt`"),
        ("greeting: [Oi]", "`greeting`"),
        ('greeting: {pt: "Oi {nome}"}', "`greeting.pt`"),
        ("signature: {xx: x}", "`signature.xx`"),
        ("channels: {email: {signature: {pt: [x]}}}", "`channels.email.signature.pt`"),
        ("languages: [english]", "`languages.0`"),
    ],
)
def test_a_mistake_in_them_is_one_problem_at_its_place(tmp_path: Path, said: str, path: str) -> None:
    problems = configured(tmp_path, said).problems
    assert [path in each.message for each in problems] == [True]


def test_a_block_of_sentences_makes_a_language_spoken(tmp_path: Path) -> None:
    block = "language: en\nsentences: {nl: {failed: Het spijt me.}}\n"
    english = settings(tmp_path, block)
    assert english.spoken == {"en", "pt", "es", "fr", "de", "it", "nl"}
    assert english.sentence("failed", "nl") == "Het spijt me."
    assert english.sentence("failed", "nl-BE") == "Het spijt me."
    assert english.sentence("busy", "nl") == english.sentence("busy", "en")
    two = settings(tmp_path, f"{block}languages: [nl]\n")
    assert two.spoken == {"en", "nl"}
    belgian = settings(tmp_path, "language: en\nsentences: {nl-BE: {failed: Helaas niet.}}\n")
    assert belgian.sentence("failed", "nl") == "Helaas niet."


def test_check_says_in_which_language_a_missing_sentence_is_said(tmp_path: Path) -> None:
    """Nothing ships in Dutch: a Dutch tenant's contacts read English."""
    found = configured(tmp_path, "language: nl\nlanguages: [nl]\nsentences: {nl: {failed: x}}")
    (note,) = [each.message for each in found.snapshot.notes if "it lacks" in each.message]
    assert note.endswith("which are said in `en`")


@pytest.mark.parametrize(
    ("said", "notes"),
    [
        ("tone: x", []),
        ("sentences: {pt: {failed: Oi}}", []),
        ("language: en\nsentences: {nl: {failed: x, busy: z}}", ["`sentences.nl`: it lacks"]),
        ("sentences: {sv: {failed: x}}", ["`sentences.sv`: no words of it are known", "`sentences.sv`: it lacks"]),
        ("language: en\nlanguages: [de]\nsentences: {fr: {failed: x}}", ["`sentences.fr`: nobody is answered in `fr`"]),
        ("language: en\nlanguages: [de]", []),
    ],
)
def test_check_notes_what_nobody_reads(tmp_path: Path, said: str, notes: list[str]) -> None:
    found = configured(tmp_path, said)
    assert found.problems == ()
    told = [each for each in found.snapshot.notes if "sentences." in each.message]
    assert [each.message.startswith(begin) for each, begin in zip(told, notes, strict=True)] == [True] * len(notes)
    if notes and "lacks" in notes[-1]:
        assert told[-1].message.count(", ") >= len(Sentence) - 4
        assert told[-1].line == 2 if said.startswith("language") else 1


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Olá! Seu pedido chega hoje.", "Seu pedido chega hoje."),
        ("Oi, Ana! Temos sim.", "Temos sim."),
        ("Oi Ana, temos sim.", "Temos sim."),
        ("¡Hola! Sí, hacemos envíos.", "Sí, hacemos envíos."),
        ("Hello there, we do.", "Hello there, we do."),
        ("Hi! We do.", "We do."),
        ("Bom dia. Abrimos às 9h.", "Abrimos às 9h."),
        ("**Olá!** Abrimos às 9h.", "Abrimos às 9h."),
        ("Hallo, wir öffnen um 9.", "Wir öffnen um 9."),
        ("Olá!", "Olá!"),
        ("Oi temos batons", "Oi temos batons"),
        ("Hi-res pictures are there.", "Hi-res pictures are there."),
        ("Olá temos sim.", "Olá temos sim."),
        ("Sim, temos.", "Sim, temos."),
    ],
)
def test_a_model_that_greets_all_the_same_is_heard_without(text: str, rest: str) -> None:
    assert without_greeting(text, "Oi!") == rest
    assert without_greeting(text, "") == text


def test_who_greets_by_himself_needs_no_greeting() -> None:
    assert with_greeting("Oi! Como posso ajudar?", greeting="Olá, aqui é a Loja.") == "Oi! Como posso ajudar?"
    assert with_greeting("Abrimos às 9h.", greeting="Oi!") == "Oi!\n\nAbrimos às 9h."


@pytest.mark.parametrize(
    ("language", "languages", "notes"),
    [("pt-BR", [], "pt"), ("nl", [], "en"), ("gl", ["gl", "es-ES"], "es"), ("nl", ["en", "pt"], "en")],
)
def test_notes_are_in_the_tenants_language_or_in_one_that_its_people_speak(
    language: str, languages: list[str], notes: str
) -> None:
    assert Settings.model_validate({"language": language, "languages": languages}).note_language == notes


def test_notes_ship_in_the_languages_of_the_reasons() -> None:
    assert set(NOTE_LANGUAGES) == set(LANGUAGES)
