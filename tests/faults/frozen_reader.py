"""A worker whose event loop stands still for longer than its lease whenever it reads a certain text.

Nothing that is shipped does; this stands for whatever one day will. `python -m tests.faults.frozen_reader`.
"""

import os
import sys
import time

from workers.__main__ import main
from workers.turn import question
from workers.turn.state import Turn

FREEZES = "tranca tudo"
_SECONDS = float(os.environ.get("FROZEN_SECONDS", "6"))
_read = question._question_and_need


def _frozen(turn: Turn) -> object:
    if any(FREEZES in delivery.message.text for delivery in turn.deliveries):
        time.sleep(_SECONDS)
    return _read(turn)


if __name__ == "__main__":
    question._question_and_need = _frozen  # type: ignore[assignment]
    sys.exit(main())
