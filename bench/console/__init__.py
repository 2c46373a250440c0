"""A console beside an index that is full: what it holds, and a process that shows it."""
