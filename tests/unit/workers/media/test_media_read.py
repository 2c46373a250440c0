"""What is fetched and what is refused; the words in files; attachments in words."""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openpyxl
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from chatwootai.channels.incoming.messages import read_message
from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.guarded_session import session
from chatwootai.model.message.attachment_text import attachment_text
from chatwootai.model.message.delivery import Attachment, Delivery
from config.settings.settings import Settings
from crews.model_calls.call import Call, Endpoint, Target, estimated_prompt
from crews.prompt.conversation import content_text
from crews.transcription import transcription_endpoint
from workers.media import attached_file, fetch
from workers.media.attached_file import Unreadable
from workers.media.attached_file_process import DocumentReader
from workers.media.fetch import Fetcher, Trusted, Unfetchable
from workers.media.media import only_unsupported


class Files:
    """A server of files that counts who came."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.missing = 0
        self.to = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/redirect":
            raise web.HTTPFound(self.to)
        if self.missing:
            self.missing -= 1
            raise web.HTTPNotFound
        return web.Response(body=b"x" * 1000, content_type="text/plain")


@pytest.fixture
async def files() -> AsyncIterator[tuple[Files, str, Fetcher]]:
    files, app = Files(), web.Application()
    app.router.add_get("/{path:.*}", files.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as inside, fetch.guarded() as outside:
        yield files, f"http://127.0.0.1:{runner.addresses[0][1]}", Fetcher(inside, outside)
    await runner.cleanup()


Served = tuple[Files, str, Fetcher]
ELSEWHERE = Trusted("https://chat.example.test")


async def get(fetcher: Fetcher, url: str, trusted: Trusted, *, most: int = 5000, seconds: float = 3.0) -> bytes:
    return (await fetcher.fetch(url, trusted, most=most, until=time.time() + seconds)).data


async def test_the_tenants_own_chatwoot_may_be_private(files: Served) -> None:
    served, url, fetcher = files
    assert len(await get(fetcher, f"{url}/file", Trusted(url))) == 1000
    host = url.removeprefix("http://")
    assert len(await get(fetcher, f"{url}/file", Trusted("https://chat.example.test", (host,)))) == 1000
    served.to = "/file"
    assert len(await get(fetcher, f"{url}/redirect", Trusted(url))) == 1000


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
async def test_nothing_else_inside_is_asked(files: Served, host: str) -> None:
    served, url, fetcher = files
    with pytest.raises(Unfetchable, match=r"not allowed|not available"):
        await get(fetcher, f"http://{host}:{url.rpartition(':')[2]}/file", ELSEWHERE, seconds=0.5)
    assert served.asked == []


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://u:p@x.test/"]
)
async def test_nor_by_a_redirect(files: Served, to: str) -> None:
    served, url, fetcher = files
    served.to = to
    with pytest.raises(Unfetchable, match="not allowed"):
        await get(fetcher, f"{url}/redirect", Trusted(url))


async def test_who_is_outside_does_not_lead_to_a_host_that_may_be_private(files: Served) -> None:
    """An address that a stranger chose leads to the tenant's own Chatwoot: nobody asks that from outside."""
    served, url, _ = files
    served.to = f"{url}/file"
    async with aiohttp.ClientSession() as inside, session(["localhost"]) as outside:  # localhost plays the internet
        with pytest.raises(Unfetchable, match="not allowed"):
            await get(Fetcher(inside, outside), f"{url}/redirect".replace("127.0.0.1", "localhost"), Trusted(url))
    assert served.asked == ["/redirect"]


class Trickle:
    """A server that says a byte each half second, as long as anybody listens."""

    def __init__(self) -> None:
        self.busy, self.most = 0, 0

    async def answer(self, _: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(_)
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.5)
        finally:
            self.busy -= 1


async def test_slow_files_of_one_account_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_GRACE", 1.0)
    trickle, files, app = Trickle(), Files(), web.Application()
    app.router.add_get("/slow", trickle.answer)
    app.router.add_get("/{path:.*}", files.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as inside, fetch.guarded() as outside:
        fetcher, until = Fetcher(inside, outside), time.time() + 60
        slow = [
            asyncio.create_task(fetcher.fetch(f"{url}/slow", Trusted(url), most=9999, until=until, account="1"))
            for _ in range(20)
        ]
        while not trickle.busy:  # noqa: ASYNC110 - the host only counts
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            found = await fetcher.fetch(f"{url}/file", Trusted(url), most=9999, until=until, account="2")
        assert len(found.data) == 1000
        assert not any(each.done() for each in slow[4:])  # they wait for places of their own
        ended = await asyncio.gather(*slow, return_exceptions=True)
    assert {str(each) for each in ended} == {"it comes too slowly"}
    assert trickle.most == 4
    await runner.cleanup()


async def test_a_redirect_in_circles_ends(files: Served) -> None:
    served, url, fetcher = files
    served.to = "/redirect"
    with pytest.raises(Unfetchable, match="nowhere"):
        await get(fetcher, f"{url}/redirect", Trusted(url))


async def test_what_is_too_large_is_left(files: Served) -> None:
    _, url, fetcher = files
    with pytest.raises(Unfetchable, match="too large"):
        await get(fetcher, f"{url}/file", Trusted(url), most=999)


async def test_what_is_not_there_yet_is_asked_for_again_until_it_is_too_late(
    files: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, url, fetcher = files
    monkeypatch.setattr(fetch, "PAUSES", (0.01, 0.02, 0.04))
    served.missing = 2
    assert await get(fetcher, f"{url}/file", Trusted(url))
    assert len(served.asked) == 3
    served.missing = 99
    with pytest.raises(Unfetchable, match="not available in time"):
        await get(fetcher, f"{url}/file", Trusted(url))
    assert len(served.asked) == 7
    with pytest.raises(Unfetchable):  # no time for a first pause
        await get(fetcher, f"{url}/file", Trusted(url), seconds=0.005)


def zipped(**entries: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def pdf(content: bytes, resources: bytes = b"/Font << /F1 5 0 R >>", trailer: bytes = b"") -> bytes:
    """One page that shows this content."""
    packed = zlib.compress(content)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << %b >> >>" % resources,
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, b"".join(places))
    root = b"trailer << /Size %d /Root 1 0 R %b>>" % (len(objects) + 1, trailer)
    return b"%b%b%b\nstartxref\n%d\n%%%%EOF" % (file, table, root, len(file))


def sheet(*rows: list[object]) -> bytes:
    held, book = io.BytesIO(), openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(held)
    return held.getvalue()


LETTER = '<d xmlns="w"><p><t>Um</t></p><p><t>Do</t><t>is</t><br/><t>t</t></p><tr><tc><p><t>3</t></p></tc></tr></d>'
TEXT = '<d xmlns="o"><p>Oi <span>a<span>b</span>c</span> fim</p><annotation><p>nota</p></annotation></d>'
BOMB = "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"


@pytest.mark.parametrize(
    ("name", "content_type", "data", "words"),
    [
        ("a.txt", "text/plain", "Olá\r\n\r\n  tudo  bem".encode(), "Olá\ntudo bem"),
        ("a.csv", "text/csv", "pre\xe7o;10".encode("cp1252"), "preço;10"),
        ("a.html", "text/html", b"<script>x<1</script><p>Ol&aacute; <b>voc\xc3\xaa</b></p>", "Olá você"),
        ("a.docx", "", zipped(**{"word/document.xml": LETTER}), "Um\nDois\nt\n3"),
        ("Proposta", "", zipped(**{"content.xml": TEXT}), "Oi abc fim"),  # by what it is, not by its name
        ("a.pptx", "", zipped(**{f"ppt/slides/slide{n}.xml": f"<p><t>{n}</t></p>" for n in (10, 9)}), "9\n10"),
        ("a.xlsx", "", sheet(["Pedido", "Valor"], [8812, 10.5], [None, "sim"]), "Pedido Valor\n8812 10.5\nsim"),
        ("a.pdf", "", pdf(b"BT /F1 12 Tf (Boleto n\\272 12) Tj 0 -20 Td [(R$) -300 (10,00)] TJ ET"),
         "Boleto nº 12\nR$ 10,00"),
    ],
)  # fmt: skip
async def test_words_in_files(name: str, content_type: str, data: bytes, words: str) -> None:
    assert attached_file.extract_text(data, name, content_type) == words
    assert await DocumentReader().read(data, name, content_type, time.time() + 60) == words


HOSTILE = [
    ("a.exe", b"MZ\x00", "kind"),
    ("a.txt", b"a\x00b", "kind"),
    ("a.zip", zipped(**{"a.txt": "oi"}), "kind"),
    ("a.docx", b"PK\x03\x04 broken", "damaged"),
    ("a.docx", zipped(**{"word/document.xml": BOMB}), "damaged"),
    ("a.xlsx", zipped(**{"xl/workbook.xml": BOMB, "[Content_Types].xml": BOMB}), "damaged"),
    ("a.docx", zipped(**{"word/document.xml": "<x>" + " " * (41 << 20) + "</x>"}), "large"),
    ("a.docx", zipped(**{"word/document.xml": "<x>" + " " * (9 << 20) + "</x>"}), "large"),
    ("a.docx", zipped(**{f"a{number}": "" for number in range(2001)}), "large"),
    ("a.odt", zipped(**{"content.xml": "<p>" * 100_000 + "</p>" * 100_000}), "no words"),
    ("a.pdf", b"%PDF-1.7 " + bytes(range(256)) * 400, "damaged"),
    ("a.pdf", b"%PDF-1.4\n1 0 obj " + b"[" * 400_000, "damaged"),
    ("a.pdf", pdf(b"BT ET", trailer=b"/Encrypt << /Filter /Standard /V 9 >> "), "damaged or locked"),
    ("a.pdf", pdf(b"BT /F1 1 Tf (\\001\\002\\003) Tj ET"), "no words"),
    ("a.pdf", pdf(b"/X Do", resources=b"/XObject << /X 4 0 R >>"), "no words"),  # a form that draws itself
    ("a.pdf", pdf(b"BT /F1 1 Tf (a) Tj ET " * (4 << 20)), "damaged|large"),
    ("a.pdf", pdf(zlib.compress(b"0" * (256 << 20))), "no words|large"),
    ("a.txt", b"  ", "no words"),
]


@pytest.mark.parametrize(("name", "data", "why"), HOSTILE)
async def test_files_without_words_say_why(name: str, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        await DocumentReader().read(data, name, "", time.time() + 60)


def children_of_ours() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_a_file_that_nobody_waits_for_is_let_go() -> None:
    reader, before = DocumentReader(), children_of_ours()
    with pytest.raises(Unreadable, match="in time"):
        await reader.read(pdf(b"BT ET"), "a.pdf", "", time.time() + 0.01)
    reading = asyncio.create_task(reader.read(pdf(b"BT ET"), "a.pdf", "", time.time() + 60))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert children_of_ours() <= before


async def test_a_child_that_ends_at_its_bounds_is_a_file_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program dies of what it is given; the worker only hears that there is no answer."""
    (program := tmp_path / "dies.py").write_text("raise MemoryError")
    monkeypatch.setattr(attached_file, "__file__", str(program))
    with pytest.raises(Unreadable, match="too large or unusual"):
        await DocumentReader().read(pdf(b"BT ET"), "a.pdf", "", time.time() + 60)


@pytest.mark.parametrize(
    "spends", ["[b'0' * (1 << 20) for _ in range(2000)]", "open(target, 'w').write('x' * 100_000)"]
)
def test_a_child_is_confined(spends: str, tmp_path: Path) -> None:
    target = tmp_path / "written"
    program = (
        f"import runpy; runpy.run_path({attached_file.__file__!r})['_limit_resources'](); target = {str(target)!r}"
    )
    command = [sys.executable, "-I", "-c", f"{program}; print('begun', flush=True); {spends}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode != 0) == ("begun\n", True)
    assert not target.exists() or target.stat().st_size == 0


@given(st.binary(max_size=400), st.sampled_from(["a.pdf", "a.docx", "a.html", "a.txt", "a.xlsx"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_words_or_unreadable(data: bytes, name: str) -> None:
    for file in (data, b"%PDF-" + data, b"PK\x03\x04" + data, pdf(data)):
        with contextlib.suppress(Unreadable):
            assert len(attached_file.extract_text(file, name, "")) <= attached_file.LONGEST + 10


def test_a_long_file_is_cut() -> None:
    assert attached_file.extract_text(b"a b " * 9000, "a.txt", "").endswith("(cut)")


@pytest.mark.parametrize(
    ("attachment", "said"),
    [
        (Attachment(kind="audio", transcript="oi"), "oi"),
        (Attachment(kind="location", latitude=-23.55052, longitude=-46.633308, title="Praça da Sé"),
         "[location: -23.5505, -46.6333 Praça da Sé]"),
        (Attachment(kind="file", title="b.pdf", content="R$ 10"), "[file: b.pdf; it says:]\nR$ 10\n[end of file]"),
        (Attachment(kind="image", title="a.jpg", problem="too large"), "[image: a.jpg; not opened: too large]"),
        (Attachment(kind="unsupported"), "[something that this channel cannot pass on]"),
        (Attachment(kind="sticker"), "[sticker]"),
    ],
)  # fmt: skip
def test_attachments_in_words(attachment: Attachment, said: str) -> None:
    assert attachment_text(attachment) == said


def received(**fields: Any) -> Delivery:
    conversation = {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Whatsapp"}
    message = {"id": 7, "message_type": "incoming", "sender": {"id": 9}, **fields}
    found = read_message(message, conversation, Receipt("1", 1.0))
    assert isinstance(found, Delivery)
    return found


def test_a_contact_card_names_whose_it_is() -> None:
    card = {"file_type": "contact", "fallback_title": "+5511999", "meta": {"firstName": "Ana", "lastName": "Souza"}}
    (one,) = received(attachments=[card]).message.attachments
    assert one.title == "Ana Souza, +5511999"


def test_stickers_are_words() -> None:
    assert received(content="![sticker-52](https://line.test/s.png) oi").message.text == "[sticker] oi"
    image = {"file_type": "image", "data_url": "https://x.test/s.webp"}
    (one,) = received(content_type="sticker", attachments=[image]).message.attachments
    assert one.kind == "sticker"


def test_only_unsupported() -> None:
    unsupported = received(content="This message is unavailable.", content_attributes={"is_unsupported": True})
    assert only_unsupported([unsupported])
    assert not only_unsupported([unsupported, received(content="oi")])


def test_an_image_is_counted_as_one_and_not_as_its_bytes() -> None:
    parts = [{"type": "text", "text": "oi"}, {"type": "image_url", "image_url": {"url": "data:" + "x" * 1_000_000}}]
    call = Call(
        target=Target(endpoint=Endpoint(), model="m"), messages=[{"role": "user", "content": parts}], deadline=0
    )
    assert 900 < estimated_prompt(call) < 1200
    assert content_text(parts) == "oi\n[image]"


def test_a_key_goes_nowhere_but_to_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert transcription_endpoint(Settings()).key == "sk-env"
    elsewhere = transcription_endpoint(
        Settings.model_validate({"media": {"hearing": {"base_url": "http://whisper:9000/v1"}}})
    )
    assert (elsewhere.url, elsewhere.key) == ("http://whisper:9000/v1/audio/transcriptions", None)
    assert "sk-env" not in repr(transcription_endpoint(Settings()))
