"""What can be measured: one file an entry, with `async def run() -> list[Figure]`."""
