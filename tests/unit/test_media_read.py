"""What is fetched and what is refused; the words in files; attachments in words."""

import contextlib
import io
import time
import zipfile
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.channels import incoming
from chatwootai.model.attached import described
from chatwootai.model.delivery import Attachment, Delivery
from config.settings import Settings
from crews.call import Call, Endpoint, Target, estimated_prompt
from crews.conversation import words
from crews.guard import public
from crews.hearing import ear
from workers import documents, fetch
from workers.fetch import Fetcher, Trusted, Unfetchable
from workers.media import only_unsupported


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_out_in_the_world(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "", "localhost"],
)  # fmt: skip
def test_addresses_inside_in_any_dress(address: str) -> None:
    assert not public(address)


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


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LETTER = f"<w:d {W}><w:p><w:t>Um</w:t></w:p><w:p><w:t>Dois</w:t></w:p></w:d>"


def pdf(content: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(content)
    return b"%%PDF-1.4\n1 0 obj <</Filter /FlateDecode /Length %d %s>>\nstream\n%b\nendstream endobj" % (
        len(packed), more, packed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content_type", "data", "words"),
    [
        ("a.txt", "text/plain", "Olá\r\n\r\n  tudo  bem".encode(), "Olá\ntudo bem"),
        ("a.csv", "text/csv", "pre\xe7o;10".encode("cp1252"), "preço;10"),
        ("a.html", "text/html", b"<script>x<1</script><p>Ol&aacute; <b>voc\xc3\xaa</b></p>", "Olá você"),
        ("a.docx", "", zipped(**{"word/document.xml": LETTER}), "Um\nDois"),
        ("a.xlsx", "", zipped(**{"xl/sharedStrings.xml": "<s><si><t>Pedido</t></si><si><t>8812</t></si></s>"}),
         "Pedido\n8812"),
        ("a.pdf", "", pdf(b"BT (Boleto n\\272 12) Tj T* [(R$) -300 (10,00)] TJ ET"), "Boleto nº 12\nR$ 10,00"),
    ],
)  # fmt: skip
def test_words_in_files(name: str, content_type: str, data: bytes, words: str) -> None:
    assert documents.read(data, name, content_type) == words


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.exe", b"MZ\x00", "kind"),
        ("a.txt", b"a\x00b", "kind"),
        ("a.docx", b"PK broken", "damaged"),
        ("a.docx", zipped(**{"word/document.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}), "unusual"),
        ("a.docx", zipped(**{"word/document.xml": "<x>" + " " * (5 << 20) + "</x>"}), "large"),
        ("a.pdf", b"%PDF-1.7 /Encrypt", "locked"),
        ("a.pdf", pdf(b"BT (\\001\\002\\003) Tj ET"), "no words"),
        ("a.txt", b"  ", "no words"),
    ],
)
def test_files_without_words_say_why(name: str, data: bytes, why: str) -> None:
    with pytest.raises(documents.Unreadable, match=why):
        documents.read(data, name, "")


@given(st.binary(max_size=400), st.sampled_from(["a.pdf", "a.docx", "a.html", "a.txt", "a.xlsx"]))
def test_any_bytes_are_words_or_unreadable(data: bytes, name: str) -> None:
    for file in (data, b"%PDF" + data, b"PK" + data, pdf(data)):
        with contextlib.suppress(documents.Unreadable):
            assert len(documents.read(file, name, "")) <= documents.LONGEST + 10


def test_a_long_file_is_cut() -> None:
    assert documents.read(b"a b " * 9000, "a.txt", "").endswith("(cut)")


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
    assert described(attachment) == said


def received(**fields: Any) -> Delivery:
    conversation = {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Whatsapp"}
    found = incoming.read(
        {"id": 7, "message_type": "incoming", "sender": {"id": 9}, "conversation": conversation, **fields}, "1", 1.0
    )
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
    assert words(parts) == "oi\n[image]"


def test_a_key_goes_nowhere_but_to_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert ear(Settings()).key == "sk-env"
    elsewhere = ear(Settings.model_validate({"media": {"hearing": {"base_url": "http://whisper:9000/v1"}}}))
    assert (elsewhere.url, elsewhere.key) == ("http://whisper:9000/v1/audio/transcriptions", None)
    assert "sk-env" not in repr(ear(Settings()))
