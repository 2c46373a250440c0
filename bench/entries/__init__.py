"""Entries that can be measured: one file each, with `async def run() -> list[Figure]`."""
