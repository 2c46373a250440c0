"""The outermost wrapper of the stack: no call outlives its turn's deadline."""

import asyncio
import time

from crews.model_calls.call import Call, Completer, Completion


class Deadline:
    """Cancels what is inside at the call's deadline, which closes the HTTP request, and raises TimeoutError."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner

    async def complete(self, call: Call) -> Completion:
        """Answer within `call.deadline`; a deadline that has passed already asks nobody."""
        left = call.deadline - time.time()
        if left <= 0:
            raise TimeoutError("the turn's deadline passed before the model was asked")
        async with asyncio.timeout(left):
            return await self._inner.complete(call)
