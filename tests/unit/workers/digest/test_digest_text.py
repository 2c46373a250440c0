"""Text of the morning digest, and when one is due."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chatwootai.model.message.turn import Verdict
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.figures.day_counts import DayCounts
from config.settings.pacing import Digest
from workers.digest.schedule import due_at
from workers.digest.text import digest_text

DAY = date(2026, 11, 28)
COUNTS = DayCounts(
    outcomes=Counter(
        {("reply", "whatsapp"): 30, ("reply", "email"): 5, ("handoff", "whatsapp"): 5, ("silence", ""): 2}
    ),
    causes=Counter({(Cause.ASKED, ""): 3, (Cause.UNSURE, ""): 2}),
    buckets=Counter({5: 35}),
    fast=35,
    cost=420_000_000,
)
BEFORE = DayCounts(outcomes=Counter({(Verdict.REPLY, "whatsapp"): 37}))


def test_a_day_is_told_in_each_language_with_its_figures() -> None:
    assert digest_text(DAY, COUNTS, BEFORE, "pt-BR").splitlines() == [
        "Resumo do assistente: 28/11/2026",
        "- Mensagens tratadas: 42 (no dia anterior: 37)",
        "- Respondidas sem pessoas: 35 (83,3 %), 35 em menos de 3 segundos",
        "- Metade das respostas em até 1,2 s, 95 % em até 1,5 s",
        "- Entregues a pessoas: 5 (3 × o contato pediu uma pessoa; 2 × o assistente não tem certeza da resposta)",
        "- Sem resposta, de propósito: 2",
        "- Custo do modelo: US$ 0,42",
    ]
    assert "83,3 %" in digest_text(DAY, COUNTS, BEFORE, "es")
    assert "el contacto pidió una persona" in digest_text(DAY, COUNTS, BEFORE, "es")
    assert "83.3 %" in digest_text(DAY, COUNTS, BEFORE, "en")
    assert digest_text(DAY, COUNTS, BEFORE, "ja") == digest_text(DAY, COUNTS, BEFORE, "en")


def test_a_day_on_which_nobody_wrote_says_so() -> None:
    assert digest_text(DAY, DayCounts(), BEFORE, "en").endswith("Nobody wrote to the assistant. The day before: 37.")


ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-29T07:59", None),
        ("2026-11-29T08:00", "2026-11-29T08:00"),
        ("2026-11-29T13:59", "2026-11-29T08:00"),
        ("2026-11-29T14:00", "2026-11-29T08:00"),
        ("2026-11-29T14:01", None),
    ],
)
def test_a_digest_is_due_from_its_time_on_for_six_hours(now: str, due: str | None) -> None:
    digest = Digest.model_validate({"at": "08:00", "to": 25})
    expected = datetime.fromisoformat(due).replace(tzinfo=ZONE) if due else None
    assert due_at(digest, datetime.fromisoformat(now).replace(tzinfo=ZONE)) == expected


def test_one_of_late_evening_may_be_sent_after_midnight() -> None:
    digest = Digest.model_validate({"at": "23:30", "to": 25})
    now = datetime(2026, 11, 30, 0, 10, tzinfo=ZONE)
    assert due_at(digest, now) == datetime(2026, 11, 29, 23, 30, tzinfo=ZONE)


def test_the_days_on_which_clocks_change_have_one_digest_each() -> None:
    digest, zone = Digest.model_validate({"at": "02:30", "to": 25}), ZoneInfo("America/New_York")
    for first in (datetime(2026, 3, 8, tzinfo=zone), datetime(2026, 11, 1, tzinfo=zone)):
        start = first.astimezone(UTC)
        looks = ((start + timedelta(minutes=minute)).astimezone(zone) for minute in range(24 * 60))
        assert len({due for look in looks if (due := due_at(digest, look)) is not None}) == 1


@pytest.mark.parametrize("at", [480, "8:00", "24:00", None])
def test_what_is_no_time_of_day_is_refused_with_how_to_write_it(at: object) -> None:
    with pytest.raises(ValidationError, match="time of day"):
        Digest.model_validate({"at": at, "to": 25})
