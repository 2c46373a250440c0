from pathlib import Path

import pytest

from chatwootai.channels import definitions
from chatwootai.channels.incoming.channel_names import channel_of
from chatwootai.channels.registry import all_capabilities, capabilities_of
from config.schema.channels import CHANNELS
from config.settings.settings import Settings
from tests.data import example

LEGACY = {"type": "instagram_direct_message"}


@pytest.mark.parametrize(
    ("chatwoot", "source", "attributes", "word"),
    [
        ("Channel::Whatsapp", "5511999990001", {}, "whatsapp"),
        ("Channel::TwilioSms", "whatsapp:+5511999990001", {}, "whatsapp"),
        ("Channel::TwilioSms", "+5511999990001", {}, "sms"),
        ("Channel::TwilioSms", None, {}, "sms"),
        ("Channel::Sms", "whatsapp:+55", {}, "sms"),
        ("Channel::WebWidget", "uuid", {}, "webchat"),
        ("Channel::Email", "ana@example.com", {}, "email"),
        ("Channel::Instagram", "1", {}, "instagram"),
        ("Channel::FacebookPage", "1", {}, "facebook"),
        ("Channel::FacebookPage", "1", LEGACY, "instagram"),
        ("Channel::Telegram", "712345678", LEGACY, "telegram"),
        ("Channel::Line", "1", {}, "line"),
        ("Channel::Api", "1", {}, "api"),
        ("Channel::Tiktok", "1", {}, "tiktok"),
        ("Channel::TwitterProfile", "1", {}, "twitter"),
        ("Channel::Voice", "1", {}, "default"),
        ("", None, {}, "default"),
    ],
)
def test_each_of_chatwoots_channels_has_our_word(chatwoot, source, attributes, word):
    assert channel_of(chatwoot, source, attributes) == word


@pytest.mark.parametrize("hostile", [None, 7, [], {}, "channel::whatsapp"])
def test_what_is_no_channel_is_the_default(hostile):
    assert channel_of(hostile, hostile, hostile) == "default"


def test_every_payload_has_the_channel_its_name_says():
    names = {"api_inbox": "api", "email": "email", "telegram_photo_reply": "telegram", "twilio_sms": "sms",
             "webwidget": "webchat", "whatsapp": "whatsapp"}  # fmt: skip
    for name, word in names.items():
        raw = example(f"message_created.incoming.{name}")["conversation"]
        assert channel_of(raw["channel"], raw["contact_inbox"]["source_id"], raw["additional_attributes"]) == word


def test_the_registry_and_the_settings_hold_a_file_each():
    files = {path.stem for path in Path(definitions.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == set(all_capabilities()) == set(CHANNELS)
    assert set(Settings(channels={name: {} for name in files}).channels) == files


def test_whatsapp_is_as_long_as_its_carrier_takes():
    assert capabilities_of("whatsapp", "Channel::Whatsapp").length == 4096
    assert capabilities_of("whatsapp", "Channel::TwilioSms").length == capabilities_of("whatsapp").length == 1600
    assert capabilities_of("sms", "Channel::TwilioSms") is all_capabilities()["sms"]


@pytest.mark.parametrize("unknown", ["render", "../whatsapp", "", "os", "text"])
def test_what_is_no_channels_name_has_the_default_shape(unknown):
    assert capabilities_of(unknown) is all_capabilities()["default"]
