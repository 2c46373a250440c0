"""The table of what is kept, as it holds for one account."""

from chatwootai.stores.key_list import key_kinds
from chatwootai.stores.privacy.retention import KIND_OF_KEY
from config.settings.settings import Settings
from ops.privacy.retention import SETTING_OF, in_words, kept_keys
from tests.builders import account

DAY = 86_400_000


def test_every_key_that_holds_something_of_a_person_is_in_it() -> None:
    rows = {one.key: one for one in kept_keys(account())}
    assert {kind.pattern for kind in key_kinds() if kind.of_person in {"words", "ids"}} <= {*rows}
    assert {*KIND_OF_KEY} <= {*rows}
    for pattern, kind in KIND_OF_KEY.items():
        assert rows[pattern].setting == SETTING_OF[kind]


def test_what_a_tenant_says_stands_beside_the_ceiling() -> None:
    said = {"privacy": {"retention": {"turns_hours": 5, "figures_days": 1}}, "context": {"ttl_hours": 48}}
    rows = {one.key: one for one in kept_keys(account(settings=Settings.model_validate(said)))}
    assert (rows["cw:turn:{turn}"].kept, rows["cw:turn:{turn}"].most) == ("5 hours", "7 days")
    assert (rows["cw:context:{conv}"].kept, rows["cw:context:{conv}"].most) == ("2 days", "365 days")
    assert rows["cw:day:{account}:{day}"].kept == "1 day"
    assert (rows["cw:box:{conv}"].kept, rows["cw:box:{conv}"].setting) == ("until answered", "")


def test_times_are_told_in_the_largest_whole_unit() -> None:
    assert [in_words(ms) for ms in (DAY, 3 * DAY, DAY // 24, 36 * DAY // 24)] == [
        "1 day",
        "3 days",
        "1 hour",
        "36 hours",
    ]
