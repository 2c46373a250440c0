"""Voice notes, images and files through real processes: the sandbox Chatwoot serves them, the sandbox LLM hears."""

import asyncio
import base64
from collections.abc import Iterator

import pytest

from chatwootai.stores import keys
from chatwootai.stores.conversation.media import Readings
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm
from tests.unit.workers.media.test_media_read import pdf, sheet

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    system = System(Plan(settings="rate_per_minute: 100000\ndeadline_ms: 60000\nburst: {window_ms: 0, cap_ms: 0}\n"))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


def file(name: str, content_type: str, data: bytes) -> dict[str, str]:
    return {"name": name, "content_type": content_type, "data": base64.b64encode(data).decode()}


async def test_a_voice_note_is_answered_as_if_it_had_been_written(driver: Driver, llm: Llm) -> None:
    voice = file("audio.ogg", "audio/ogg", b"OggS\x00\x02 Qual o prazo de entrega VOICE one \x00\xff")
    sent = await driver.write(2, "whatsapp", attachments=[voice], new=True)
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("VOICE one")
    assert asked["body"]["messages"][-1]["content"] == "Qual o prazo de entrega VOICE one"
    again = await driver.answer(sent, "whatsapp", "E para Santos, VOICE two?")
    await driver.wait_for_reply(again)
    asked, *_ = await llm.requests("VOICE two")
    assert "VOICE one" in str(asked["body"]["messages"])  # remembered as what was said


async def test_a_voice_note_is_heard_once_and_kept(system: System, driver: Driver) -> None:
    voice = file("audio.ogg", "audio/ogg", b"OggS\x00\x02 Quero trocar o pedido VOICE three \x00\xff")
    sent = await driver.write(2, "whatsapp", attachments=[voice], new=True)
    await driver.wait_for_reply(sent)
    connection = connect(system.redis_url)
    kept = await Readings(connection).known(keys.conv("2", sent.conversation), sent.message)
    assert kept == {0: {"transcript": "Quero trocar o pedido VOICE three"}}
    await connection.aclose()


async def test_an_image_is_shown_to_the_model(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(
        2, "whatsapp", "Chegou assim IMAGE-1", attachments=[file("a.png", "image/png", PNG)], new=True
    )
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("IMAGE-1")
    text, image = asked["body"]["messages"][-1]["content"]
    assert text["text"] == "Chegou assim IMAGE-1\n[image: a.png]"
    assert image["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


async def test_a_file_is_read(driver: Driver, llm: Llm) -> None:
    sheet = file("pedido.csv", "text/csv", "item;preço\nsofá FILE-1;10".encode())
    sent = await driver.write(2, "whatsapp", "Vejam", attachments=[sheet], new=True)
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("FILE-1")
    assert "[file: pedido.csv; it says:]\nitem;preço\nsofá FILE-1;10" in asked["body"]["messages"][-1]["content"]


async def test_a_pdf_and_a_sheet_are_read_and_a_broken_one_is_said_so(driver: Driver, llm: Llm) -> None:
    book = sheet(["Pedido", "FILE-2"], [8812, 10.5])
    sent = await driver.write(
        2,
        "whatsapp",
        "Vejam",
        attachments=[
            file("boleto.pdf", "application/pdf", pdf(b"BT /F1 12 Tf (Total R$ 10,00) Tj ET")),
            file("pedido.xlsx", "", book),
            file("quebrado.pdf", "application/pdf", b"%PDF-1.4 " + b"[" * 9_000),
        ],
        new=True,
    )
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("FILE-2")
    said = asked["body"]["messages"][-1]["content"]
    assert "[file: boleto.pdf; it says:]\nTotal R$ 10,00" in said
    assert "[file: pedido.xlsx; it says:]\nPedido FILE-2\n8812 10.5" in said
    assert "[file: quebrado.pdf; not opened: it is damaged or locked]" in said


async def test_an_address_inside_the_network_is_refused_and_said_so(driver: Driver, llm: Llm) -> None:
    inside = {"file_type": "image", "data_url": "http://169.254.169.254/latest/meta-data/a.png"}
    sent = await driver.write(2, "whatsapp", "Vejam INSIDE-1", attachments=[inside], new=True)
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("INSIDE-1")
    assert "not opened: its address is not allowed" in asked["body"]["messages"][-1]["content"]


async def test_what_the_channel_cannot_pass_on_is_answered_honestly_without_a_model(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "whatsapp", "This message is unavailable.", unsupported=True, new=True)
    (reply,) = await driver.wait_for_reply(sent)
    assert "não consigo ler esse tipo de mensagem" in reply["text"]
    assert (await llm.stats())["requests"] == 0
