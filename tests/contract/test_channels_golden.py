"""One rich answer as each channel gets it. To write the files anew: `python -m tests.contract.test_channels_golden`."""

from pathlib import Path

import pytest

from chatwootai.channels.outgoing.render import render
from chatwootai.channels.registry import all_capabilities

GOLDEN = Path(__file__).parent / "golden" / "channels"
BORDER = "\n======== next part ========\n"


def rendered(channel: str) -> str:
    return BORDER.join(render(channel, (GOLDEN / "answer.md").read_text())) + "\n"


@pytest.mark.parametrize("channel", sorted(all_capabilities()))
def test_the_answer_is_what_the_channel_showed_before(channel):
    assert rendered(channel) == (GOLDEN / f"{channel}.txt").read_text()


if __name__ == "__main__":
    for name in all_capabilities():
        (GOLDEN / f"{name}.txt").write_text(rendered(name))
