"""Work on long texts, beside the event loop: a thread gives way every few milliseconds, a function on the loop never.

What is done here takes time in proportion to the text and no more (tests/property/test_work_is_linear.py); yet a text
of 32,000 characters made to be slow takes longer than other conversations should wait. A thread gives way between two
steps of Python only: a single call of a regular expression or a JSON parser must be short by itself.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

LONG: Final = 3_000
"""Characters from which on a text is worked on beside the loop: shorter ones take less than the change of threads."""
_ONE_AT_A_TIME: Final = ThreadPoolExecutor(1, thread_name_prefix="long-texts")
T = TypeVar("T")


async def worked_on(characters: int, work: Callable[[], T], *, long: int = LONG) -> T:
    """Return what `work` returns; for so many characters of text it runs here, or in the thread for `long` ones."""
    if characters < long:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, work)
