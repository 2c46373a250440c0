"""A cache of bounded size that drops what was used longest ago. In memory of one process; not for several threads."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Keep at most `size` values by key. Reading or writing a value counts as using it; `peek` does not."""

    def __init__(self, size: int, on_evict: Callable[[Key, Value], None] | None = None) -> None:
        """Create an empty cache.

        Args:
            size: the most values that are kept, at least 1.
            on_evict: called with each key and value that is dropped for lack of room, and not with removed ones.

        Raises:
            ValueError: `size` is below 1.
        """
        if size < 1:
            raise ValueError("a cache holds one value at least")
        self._size = size
        self._on_evict = on_evict
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """Return the value of a key and count it as used; None if there is none."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def peek(self, key: Key) -> Value | None:
        """Return the value of a key without counting it as used; None if there is none."""
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> Value:
        """Keep a value, in place of an earlier one of the same key, and return it."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self.evict()
        return value

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key; where there is none, make and keep one."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        return self.put(key, make())

    def pop(self, key: Key) -> Value | None:
        """Remove a key and return its value; None if there is none."""
        return self._values.pop(key, None)

    def evict(self) -> None:
        """Drop the value that was used longest ago.

        Raises:
            KeyError: the cache is empty.
        """
        key, value = self._values.popitem(last=False)
        if self._on_evict is not None:
            self._on_evict(key, value)

    def values(self) -> Iterator[Value]:
        """Yield the values, the one used longest ago first, without counting them as used."""
        yield from self._values.values()

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Yield keys and values, the one used longest ago first, without counting them as used."""
        yield from self._values.items()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)
