"""Entries that can be measured, in rooms: one file each, with `async def run() -> list[Figure]`; its name is unique."""
