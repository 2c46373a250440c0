"""Log lines: one JSON object each, ids on every line, no secret and no message text."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chatwootai.telemetry import log, mask


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


class Counted(io.StringIO):
    """Counts what each write costs: a call of the system."""

    writes = 0

    def write(self, text: str, /) -> int:
        self.writes += 1
        return super().write(text)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_level_time_process_and_room(stream: io.StringIO) -> None:
    log.configure("INFO", "json", process="ingress", stream=stream)
    log.get("ingress.webhook").info("accepted", conversation=25)
    (line,) = lines(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "accepted", "level": "info", "process": "ingress", "room": "ingress.webhook", "conversation": 25,
    }  # fmt: skip


def test_what_is_bound_once_stands_on_every_line_also_of_the_standard_library(stream: io.StringIO) -> None:
    log.configure("INFO", "json", process="worker", stream=stream)
    with log.bound(account="1", turn="t1"):
        log.get("workers").info("begun")
        logging.getLogger("arq.worker").warning("job %s failed", 7)
    log.get("workers").info("after")
    ours, theirs, after = lines(stream)
    assert (ours["account"], ours["turn"]) == (theirs["account"], theirs["turn"]) == ("1", "t1")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("job 7 failed", "arq.worker", "warning")
    assert "turn" not in after


def test_a_logger_made_before_configure_follows_it(stream: io.StringIO) -> None:
    early = log.get("early")
    log.configure("WARNING", "json", process="x", stream=stream)
    early.info("unheard")
    early.warning("heard")
    assert [line["event"] for line in lines(stream)] == ["heard"]


async def test_lines_configured_for_good_wait_for_the_end_of_the_tick_unless_they_warn() -> None:
    stream = Counted()
    log.configure("INFO", "json", process="x", stream=stream, for_good=True)
    logger = log.get("x")
    for number in range(3):
        logger.info("said", number=number)
    assert stream.getvalue() == ""
    await asyncio.sleep(0)
    assert ([line["number"] for line in lines(stream)], stream.writes) == ([0, 1, 2], 1)
    logger.info("before")
    logger.warning("at once")
    assert [line["event"] for line in lines(stream)][3:] == ["before", "at once"]
    await asyncio.to_thread(logger.info, "from a thread")
    assert lines(stream)[-1]["event"] == "from a thread"


def test_lines_configured_for_good_are_written_where_no_loop_runs(stream: io.StringIO) -> None:
    log.configure("INFO", "json", process="x", stream=stream, for_good=True)
    log.get("x").info("said")

    async def last_words() -> None:
        log.get("x").info("stopped")

    asyncio.run(last_words())
    assert [line["event"] for line in lines(stream)] == ["said", "stopped"]


def test_exceptions_become_text_in_the_same_object(stream: io.StringIO) -> None:
    log.configure("INFO", "json", process="x", stream=stream)
    try:
        raise ValueError("token=abcdefgh12345")
    except ValueError:
        log.get("x").exception("failed")
    (line,) = lines(stream)
    assert "ValueError" in str(line["exception"])
    assert "abcdefgh12345" not in str(line)


@pytest.mark.parametrize("value", ["\ud800", 10**30, {"a": {1, 2}}, b"\xff", object()])
def test_no_value_costs_a_line(stream: io.StringIO, value: object) -> None:
    log.configure("INFO", "json", process="x", stream=stream)
    log.get("x").info("odd", value=value)
    assert lines(stream)[0]["event"] == "odd"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bot_token", "abc"),
        ("webhook_secrets", ["abc", "abc"]),
        ("Authorization", "abc"),
        ("api_key", b"abc"),
        ("pubsub_token", "abc"),
        ("headers", {"api_access_token": "abc"}),
        ("url", "redis://user:abc@host/0"),
        ("url", "https://:abc@host/"),
        ("note", "Authorization: Bearer abcabcabcabc"),
        ("note", "the key sk-abcdef0123456789 is wrong"),
        ("note", "sha256=abcabcabcabcabcabc"),
        ("note", '{"password": "abcdefg"}'),
        ("note", "https://host/?api_key=abcdefg"),
        ("nested", [{"deep": [{"secret": "abc"}]}]),
    ],
)
def test_secrets_are_masked_by_key_and_by_shape(stream: io.StringIO, key: str, value: object) -> None:
    log.configure("DEBUG", "json", process="x", stream=stream)
    log.get("x").info("line", **{key: value})
    assert "abc" not in stream.getvalue()
    assert mask.MASK in stream.getvalue()


def test_secrets_are_masked_in_lines_of_the_standard_library(stream: io.StringIO) -> None:
    log.configure("INFO", "json", process="x", stream=stream)
    logging.getLogger("openai").warning("retrying with %s", "sk-abcdef0123456789")
    assert "abcdef" not in stream.getvalue()


@pytest.mark.parametrize("value", ["prompt_tokens", "completion_tokens"])
def test_numbers_are_never_secrets(stream: io.StringIO, value: str) -> None:
    log.configure("INFO", "json", process="x", stream=stream)
    log.get("x").info("used", **{value: 17})
    assert lines(stream)[0][value] == 17


def test_what_people_wrote_is_shown_at_debug_only(stream: io.StringIO) -> None:
    log.configure("DEBUG", "json", process="x", stream=stream)
    log.get("x").info("taken", content="Oi Ana", message=17)
    log.get("x").debug("taken", content="Oi Ana")
    shown, full = lines(stream)
    assert (shown["content"], shown["message"]) == ("<6 characters>", 17)
    assert full["content"] == "Oi Ana"


def test_console_lines_are_for_people(stream: io.StringIO) -> None:
    log.configure("INFO", "console", process="x", stream=stream)
    log.get("x").info("ready", port=8080)
    assert "ready" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize(
    ("environ", "named"), [({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"), ({"LOG_FORMAT": "xml"}, "LOG_FORMAT")]
)
def test_settings_that_mean_nothing_are_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(log.LogSettingsError, match=named):
        log.configure_from(environ, process="x")


def test_a_stream_that_is_no_terminal_gets_json(stream: io.StringIO) -> None:
    log.configure(process="x", stream=stream)
    log.get("x").info("ready")
    assert lines(stream)[0]["event"] == "ready"


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), BrokenPipeError(), ValueError("closed")])
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else(trouble: Exception) -> None:
    class Broken(io.StringIO):
        def write(self, _line: str) -> int:
            raise trouble

    log.configure("INFO", "json", process="x", stream=Broken())
    log.get("x").info("ready")
    try:
        raise KeyError
    except KeyError:
        log.get("x").exception("failed")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("write to maria.s+1@example.com.br, please", "write to *** please"),
        ("call +55 (31) 99999-0000 now", "call *** now"),
        ("card 4111 1111 1111 1111", "card ***"),
        ("2 creams for R$ 199,90 on 12/05", "2 creams for R$ 199,90 on 12/05"),
        ("password: hunter22", "password: ***"),
    ],
)
def test_a_persons_words_are_shown_without_what_leads_to_a_person(said: str, shown: str) -> None:
    assert mask.personal(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("401 invalid_api_key: Incorrect API key provided", "401 invalid_api_key: Incorrect API key provided"),
        ("expired_token: Signature has expired", "expired_token: Signature has expired"),
        ("invalid_api_key: Zx81kQpwLm", "invalid_api_key: ***"),
        ("invalid_api_key: Incorrect", "invalid_api_key: ***"),
        ("invalid password: swordfish for joe", "invalid password: *** for joe"),
        ("api_key: Incorrect API key", "api_key: *** API key"),
    ],
)
def test_a_sentence_after_an_error_s_name_is_no_secret(said: str, shown: str) -> None:
    assert mask.text(said) == shown
