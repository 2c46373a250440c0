"""Opening hours: spans of a week in a time zone, a lunch break by writing two spans, and holidays."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, field_validator

from config.document.problems import nearest
from config.schema.base import FOR_MACHINES, Date, Section, invalid

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = get_args(Day)
NAMES = {
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom", "fechado"),
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom", "cerrado"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "closed"),
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So", "geschlossen"),
    "fr": ("lun", "mar", "mer", "jeu", "ven", "sam", "dim", "fermé"),
    "it": ("lun", "mar", "mer", "gio", "ven", "sab", "dom", "chiuso"),
    "nl": ("ma", "di", "wo", "do", "vr", "za", "zo", "gesloten"),
}
_WEEKDAYS = {
    "pt": ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"),
    "es": ("el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"),
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "de": ("am Montag", "am Dienstag", "am Mittwoch", "am Donnerstag", "am Freitag", "am Samstag", "am Sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
}
_NEAR = {
    "pt": ("hoje às {}", "amanhã às {}", "{}, {} às {}"),
    "es": ("hoy a las {}", "mañana a las {}", "{} {} a las {}"),
    "en": ("today at {}", "tomorrow at {}", "{} {} at {}"),
    "de": ("heute um {}", "morgen um {}", "{}, {}., um {}"),
    "fr": ("aujourd'hui à {}", "demain à {}", "{} {} à {}"),
    "it": ("oggi alle {}", "domani alle {}", "{} {} alle {}"),
    "nl": ("vandaag om {}", "morgen om {}", "{} {} om {}"),
}
_LOOK_AHEAD_DAYS = 366
_GAP_MINUTES = 180  # more than any change of the clock
_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$")


def _span(value: Any) -> tuple[int, int]:
    """`"08:00-12:00"` to minutes of the day, (480, 720)."""
    if isinstance(value, tuple):
        return value
    match = _SPAN.match(value) if isinstance(value, str) else None
    if not match:
        raise invalid("hours", "no hours can be read here", 'Write them as "08:00-12:00", with two digits each.')
    numbers = [int(part) for part in match.groups() if part is not None]
    begin, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if end <= begin:
        remedy = "Past midnight, write one span to 24:00 and one from 00:00 on the next day."
        raise invalid("hours", "hours end before they begin", remedy)
    return begin, end


def _format_span(span: tuple[int, int]) -> str:
    return f"{_format_clock(span[0])}-{_format_clock(span[1])}"


def _format_clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


Span = Annotated[
    tuple[int, int],
    BeforeValidator(_span),
    PlainSerializer(_format_span, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _SPAN.pattern, "examples": ["08:00-12:00"]}),
]


class Hours(Section):
    """Opening hours of the people who take conversations over."""

    time_zone: Annotated[str, FOR_MACHINES] = "America/Sao_Paulo"
    """Name of a zone in the tz database, as America/Sao_Paulo. Days of budgets, promotions and answers are counted in
    it too."""
    week: Mapping[Day, tuple[Span, ...]] = {}
    """Weekday to spans of hours, as `monday: ["09:00-12:00", "13:00-18:00"]`, in order. A day left out is closed."""
    holidays: tuple[Date, ...] = ()
    """Days, as 2026-12-25, that are closed from midnight to midnight."""

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            near = nearest(name, available_timezones())
            remedy = f"Did you mean `{near}`?" if near else "Write one of the tz database, as America/Sao_Paulo."
            raise invalid("time-zone", "there is no such time zone", remedy) from None
        return name

    @field_validator("week")
    @classmethod
    def _spans_in_order(cls, week: Mapping[Day, tuple[Span, ...]]) -> Mapping[Day, tuple[Span, ...]]:
        for day, spans in week.items():
            if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
                remedy = "Write them from morning to evening, each beginning when the one before has ended."
                raise invalid("hours", "hours overlap or are out of order", remedy, day)
        return week

    def open_at(self, moment: datetime) -> bool:
        """Tell whether people are there at `moment`, which must know its time zone."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        if local.date() in self.holidays:
            return False
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self.spans(local.weekday()))

    def next_open(self, moment: datetime) -> datetime | None:
        """Return the next opening after `moment`, in the tenant's time zone; None: not within a year.

        An hour that the clock leaps over begins when the leap is done; one that it passes twice begins twice.
        """
        zone = ZoneInfo(self.time_zone)
        today = moment.astimezone(zone).date()
        for day in (today + timedelta(days=ahead) for ahead in range(_LOOK_AHEAD_DAYS + 1)):
            begins = [] if day in self.holidays else [begin for begin, _ in self.spans(day.weekday())]
            found = [at for begin in begins for at in self._openings_on(day, begin, zone) if at > moment]
            if found:
                return min(found, key=lambda at: at.astimezone(UTC))
        return None

    def _openings_on(self, day: date, minute: int, zone: ZoneInfo) -> list[datetime]:
        wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
        real = {each.astimezone(UTC) for each in (wall, wall.replace(fold=1))}
        if all(at.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None) for at in real):
            real = {self._after_clock_change(max(real))}
        return [at.astimezone(zone) for at in real if self.open_at(at)]

    def _after_clock_change(self, at: datetime) -> datetime:
        before = (at - timedelta(minutes=back) for back in range(1, _GAP_MINUTES))
        closed = next((each for each in before if not self.open_at(each)), at)
        return closed + timedelta(minutes=1)

    def describe_next(self, moment: datetime, language: str) -> str:
        """The next opening as a person says it: `amanhã às 09:00`, `segunda-feira, 30/11 às 09:00`; empty: none."""
        opening = self.next_open(moment)
        if opening is None:
            return ""
        code = language.split("-", maxsplit=1)[0].lower()
        near, names = _NEAR.get(code, _NEAR["en"]), _WEEKDAYS.get(code, _WEEKDAYS["en"])
        days = (opening.date() - moment.astimezone(ZoneInfo(self.time_zone)).date()).days
        if days < 2:
            return near[days].format(f"{opening:%H:%M}")
        dated = {"de": "%d.%m", "nl": "%d-%m"}.get(code, "%d/%m") if code in _NEAR and code != "en" else ""
        written = f"{opening:{dated}}" if dated else f"{opening.day} {opening:%b}"
        return near[2].format(names[opening.weekday()], written, f"{opening:%H:%M}")

    def spans(self, weekday: int) -> tuple[tuple[int, int], ...]:
        """The spans of a day (0 is Monday) in minutes of that day."""
        return self.week.get(DAYS[weekday], ())

    def describe(self, language: str) -> str:
        """As a person writes it: `seg-sex 09:00-12:00, 13:00-18:00; sáb 09:00-13:00; dom fechado`."""
        code = language.split("-", maxsplit=1)[0].lower()
        code = code if code in NAMES else "en"
        known = self._descriptions.get(code)
        if known is None:
            known = self._descriptions[code] = self._describe(NAMES[code])
        return known

    @cached_property
    def _descriptions(self) -> dict[str, str]:
        """The descriptions made so far, by language: each turn tells them several times."""
        return {}

    def _describe(self, names: Sequence[str]) -> str:
        parts = []
        for spans, group in groupby(range(7), self.spans):
            days = list(group)
            label = names[days[0]] if len(days) == 1 else f"{names[days[0]]}-{names[days[-1]]}"
            parts.append(f"{label} {', '.join(map(_format_span, spans)) or names[7]}")
        return "; ".join(parts)
