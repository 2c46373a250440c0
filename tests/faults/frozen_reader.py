"""A worker whose event loop stands still for longer than its lease whenever it reads a certain text.

Nothing that is shipped does; this stands for whatever one day will. `python -m tests.faults.frozen_reader`.
"""

import os
import sys
import time

from workers.__main__ import main
from workers.turn import decide

FREEZES = "tranca tudo"
_SECONDS = float(os.environ.get("FROZEN_SECONDS", "6"))
_read = decide._read


def _frozen(turn: decide.Turn) -> object:
    if any(FREEZES in delivery.message.text for delivery in turn.deliveries):
        time.sleep(_SECONDS)
    return _read(turn)


if __name__ == "__main__":
    decide._read = _frozen  # type: ignore[assignment]
    sys.exit(main())
