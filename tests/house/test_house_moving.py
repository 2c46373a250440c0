"""Every kind of key says how it goes with an account that moves to another shard."""

import pytest

from chatwootai.stores.key_list import key_kinds
from chatwootai.stores.moving.ways import ANEW, BY_VALUE, ENDED, MEMBERS, STAYS, ways_of
from chatwootai.stores.privacy.key_shapes import ARQ

KINDS = [*(kind.pattern for kind in key_kinds()), *ARQ, "arq:queue:health-check"]


@pytest.mark.parametrize("pattern", KINDS)
def test_each_kind_goes_in_one_way(pattern: str) -> None:
    assert len(ways_of(pattern)) == 1, f"moving/ways.py says {ways_of(pattern) or 'nothing'}"


def test_no_way_is_said_of_what_does_not_exist() -> None:
    assert {*MEMBERS, *BY_VALUE, *ANEW, *ENDED, *STAYS} <= set(KINDS)
