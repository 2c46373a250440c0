"""The routing decision: one table."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatwootai.model.message.routing import Place, route
from config.loading.loader import load
from config.snapshot import place_of

OWNER = "+5531999990000"
PLACE = Place(
    account="1", folder="shop", domain="retail", crew="customer_service", priority=5, inbox=17,
    special_numbers={OWNER: "analytics"}, channels={"email": False, "whatsapp": True},
)  # fmt: skip
TABLE = {
    # what differs, channel, phone, verified -> folder, domain, function, priority
    "the account alone": ({}, "whatsapp", None, True, ("shop", "retail", "customer_service", 5)),
    "an inbox's crew": ({"inbox_crew": "sales"}, "whatsapp", None, True, ("shop", "retail", "sales", 5)),
    "an inbox's priority": ({"inbox_priority": 0}, "whatsapp", None, True, ("shop", "retail", "customer_service", 0)),
    "an inbox's tenant": (
        {"inbox_folder": "b", "inbox_domain": "health"}, "api", None, True, ("b", "health", "customer_service", 5),
    ),
    "a special number": ({"inbox_crew": "sales"}, "whatsapp", OWNER, True, ("shop", "retail", "analytics", 5)),
    "written otherwise": ({}, "whatsapp", "55 (31) 99999-0000", True, ("shop", "retail", "analytics", 5)),
    "without its ninth digit": ({}, "whatsapp", "+553199990000", True, ("shop", "retail", "analytics", 5)),
    "of another area": ({}, "whatsapp", "+552199990000", True, ("shop", "retail", "customer_service", 5)),
    "not vouched for": ({}, "webchat", OWNER, False, ("shop", "retail", "customer_service", 5)),
    "another number": ({}, "whatsapp", "+5531999990001", True, ("shop", "retail", "customer_service", 5)),
    "a channel off": ({"inbox_crew": "sales"}, "email", None, True, ("shop", "retail", None, 5)),
    "off for the owner too": ({}, "email", OWNER, True, ("shop", "retail", None, 5)),
    "an unknown channel": ({}, "default", None, True, ("shop", "retail", "customer_service", 5)),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_table(case: str) -> None:
    differs, channel, phone, verified, expected = TABLE[case]
    found = route(replace(PLACE, **differs), channel, phone, verified=verified)
    assert (found.folder, found.domain, found.function, found.priority) == expected
    assert found.channel == channel
    assert len(found.why) >= 3
    assert OWNER not in " ".join(found.why)


def test_a_place_is_taken_from_the_snapshot() -> None:
    names = [f"CHATWOOT_{number}_{name}" for number in (1, 2) for name in ("SECRET", "BOT_TOKEN")]
    snapshot = load(Path(__file__).resolve().parents[5] / "config", {name: name for name in names})
    assert route(place_of(snapshot.accounts["1"], 17), "whatsapp").priority == 8
    assert route(place_of(snapshot.accounts["1"], 18), "whatsapp").priority == 5
